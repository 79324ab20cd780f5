"""Finds and removes what other plugins have left on the broker for this printer, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..bridge.protocol.effects import Connect, Publish
from ..messages.leftovers import Former
from .threads.inbox import now

if TYPE_CHECKING:
    from .connection_test.short_connection import ShortConnection

#: Seconds without a message after which all retained messages have arrived, and seconds after which no more is awaited.
QUIET_S, SETTLE_S = 1.0, 15.0
#: Leftovers at most: a printer has some 25.
MOST = 500

#: Receives the state of a search: whether it is `searching`, what was `found`, how many are `removed`, and a `problem`.
Report = Callable[[Mapping[str, Any]], None]


class Leftovers:
    """One search at a time."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._changing = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, connect: Connect, former: Former, *, remove: bool) -> bool:
        """Start a search, without waiting; return whether none is running. With `remove`, what is found is removed."""
        with self._changing:
            if self._thread is not None and self._thread.is_alive():
                return False
            self._thread = threading.Thread(
                target=self._run, args=(connect, former, remove), name="temp_eta-leftovers", daemon=True
            )
            self._thread.start()
            return True

    def close(self, timeout: float = 0.0) -> None:
        """End a search, and wait at most `timeout` seconds for that."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self, connect: Connect, former: Former, remove: bool) -> None:
        self._show(searching=True)
        try:
            from .broker.reach import StepFailed
        except ImportError:
            self._show(problem="paho-mqtt is not installed in OctoPrint's environment.")
            return
        try:
            connection = _opened(connect)
            try:
                found = self._find(connection, former)
                if remove:
                    for topic in found:
                        connection.publish(Publish(topic, b"", retain=True))
                self._show(found=found, removed=len(found) if remove else 0)
            finally:
                connection.close()
        except StepFailed as error:
            self._show(problem=str(error))
        except Exception as error:  # the page waits for the end of the search
            from .broker import diagnosis

            self._show(problem=f"{diagnosis.failure(error, connect.addresses[0])}.")

    def _find(self, connection: ShortConnection, former: Former) -> dict[str, str]:
        """Return the plugin that has left a message, by topic. Raises `StepFailed`."""
        from .broker import errors
        from .broker.reach import StepFailed

        for topic in former.filters:
            why = connection.subscribe(topic)
            if why is not None:
                raise StepFailed(errors.subscription_refused(topic, why))
        found: dict[str, str] = {}
        end = now().at + SETTLE_S
        while now().at < end and len(found) < MOST and not self._stopped.is_set():
            message = connection.receive(min(end, now().at + QUIET_S))
            if message is None:
                break
            plugin = former.plugin_of(message.topic, message.payload, now().wall)
            if message.retained and plugin is not None:
                found[message.topic] = plugin
        return found

    def _show(
        self,
        *,
        searching: bool = False,
        found: Mapping[str, str] | None = None,
        removed: int = 0,
        problem: str | None = None,
    ) -> None:
        shown = [{"topic": topic, "plugin": plugin} for topic, plugin in sorted((found or {}).items())]
        data = {"searching": searching, "found": shown, "removed": removed, "problem": problem}
        self._report({"type": "leftovers_update", "data": data})


def _opened(connect: Connect) -> ShortConnection:
    """Return a connection to the first broker that accepts it, beside the one that may be up. Raises `StepFailed`."""
    from .broker import diagnosis
    from .broker.reach import StepFailed
    from .connection_test.short_connection import ShortConnection

    spec = replace(connect, client_id=f"{connect.client_id}_leftovers", clean_start=True)
    problems = []
    for address in spec.addresses:
        connection = ShortConnection(spec, address)
        try:
            connection.open()
            return connection
        except Exception as error:  # the next broker of the list may work
            connection.close()
            known = isinstance(error, StepFailed)
            problems.append(str(error) if known else f"{diagnosis.failure(error, address)}.")
    raise StepFailed(" ".join(problems))
