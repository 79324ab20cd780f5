"""Finds and removes what other plugins have left on the broker for this printer, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..bridge.protocol.effects import Connect, Publish
from .threads.inbox import now
from .threads.search_thread import SearchThread

if TYPE_CHECKING:
    from ..messages.leftovers import Former
    from .connection_test.short_connection import ShortConnection

#: Leftovers at most: a printer has some 25.
MOST = 500

#: Receives the state of a search: whether it is `searching`, what was `found`, how many are `removed`, and a `problem`.
Report = Callable[[Mapping[str, Any]], None]


class Leftovers:
    """One search at a time."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._thread = SearchThread("temp_eta-leftovers")

    def start(self, connect: Connect, former: Former, *, remove: bool) -> bool:
        """Start a search, without waiting; return False if one is running. With `remove`, what is found is removed.

        It has a client ID of its own, because the bridge may be connected.
        """
        spec = replace(connect, client_id=f"{connect.client_id}_leftovers")
        return self._thread.start(partial(self._run, spec, former, remove))

    def close(self, timeout: float = 0.0) -> None:
        """End a search, and wait at most `timeout` seconds for that."""
        self._thread.close(timeout)

    def _run(self, spec: Connect, former: Former, remove: bool) -> None:
        self._show(searching=True)
        try:
            from .broker import diagnosis
            from .broker.reach import StepFailed
            from .connection_test.short_connection import opened
        except ImportError:
            self._show(problem="paho-mqtt is not installed in OctoPrint's environment.")
            return
        try:
            with closing(opened(spec)) as connection:
                found = self._find(connection, former)
                for topic in found if remove else ():
                    connection.publish(Publish(topic, b"", retain=True))
            self._show(found=found, removed=len(found) if remove else 0)
        except StepFailed as error:
            self._show(problem=str(error))
        except Exception as error:  # the page waits for the end of the search
            self._show(problem=f"{diagnosis.failure(error, spec.addresses[0], spec)}.")

    def _find(self, connection: ShortConnection, former: Former) -> dict[str, str]:
        """Return the plugin that has left a message, by topic. Raises `StepFailed`."""
        connection.subscribe_all(former.filters)
        found: dict[str, str] = {}
        for message in connection.settled():
            plugin = former.plugin_of(message.topic, message.payload, now().wall)
            if message.retained and plugin is not None:
                found[message.topic] = plugin
            if len(found) >= MOST or self._thread.stopped.is_set():
                break
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
