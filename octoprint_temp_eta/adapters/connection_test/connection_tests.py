"""Runs connection tests, one at a time, in a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ...bridge.protocol.connection_test import ConnectionTestDone, StepDone
from ...bridge.protocol.effects import ConnectionTest
from ...bridge.protocol.inputs import Input


class ConnectionTests:
    """Performs the effect `ConnectionTest`. The bridge asks for the next test when the last one is done."""

    def __init__(self, post: Callable[[Input], None]) -> None:
        self._post = post
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, test: ConnectionTest) -> None:
        """Start a test, without waiting; posts each step, and the end."""
        thread = threading.Thread(target=self._run, args=(test,), name="temp_eta-connection-test", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the system has no more threads
            self._post(ConnectionTestDone(test.number, f"The test could not be started: {error}."))
        else:
            self._thread = thread

    def close(self, timeout: float = 0.0) -> None:
        """End a test after its current step, and wait at most `timeout` seconds for it."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self, test: ConnectionTest) -> None:
        problem = None
        try:
            from .doctor import examine  # most users need no test, or a single one

            examine(test, lambda step: self._post(StepDone(test.number, step)), self._stopped.is_set)
        except Exception as error:  # the bridge waits for the end of each test
            problem = f"The test ended with an error of its own: {type(error).__name__}."
        self._post(ConnectionTestDone(test.number, problem))
