"""A thread that runs slow tasks one after the other."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable


class Tasks:
    """Runs tasks in order. A failed task is logged and does not stop the others.

    `at_rest` is called after a task if no other one waits.
    """

    def __init__(self, name: str, logger: logging.Logger, at_rest: Callable[[], None] | None = None) -> None:
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._name = name
        self._logger = logger
        self._at_rest = at_rest
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        #: Whether a task is running.
        self.busy = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, task: Callable[[], None]) -> None:
        """Add `task`, without waiting."""
        self._queue.put(task)

    def close(self, timeout: float = 0.0) -> bool:
        """Finish the remaining tasks, and wait at most `timeout` seconds for them; return whether they are done."""
        self._queue.put(None)
        if timeout and self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            self._run(task)
            if self._at_rest is not None and self._queue.empty():
                self._run(self._at_rest)

    def _run(self, task: Callable[[], None]) -> None:
        self.busy = True
        try:
            task()
        except Exception:
            self._logger.exception("A task of %s failed", self._name)
        finally:
            self.busy = False
