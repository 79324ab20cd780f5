"""Calls to OctoPrint's printer, one after the other, each meant for one connection."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from typing import Any

from .threads.pending_replies import REPLY_S
from .threads.tasks import Tasks

#: Seconds after which what heats or starts something is refused: its caller has already had a timeout.
LATE_S = REPLY_S - 1
#: Why something is not done that has waited while the connection changed.
NEW_CONNECTION = "the printer was disconnected meanwhile"


class PrinterTasks(Tasks):
    """Drops a call if there is a new connection at its turn.

    Another plugin may hold up OctoPrint's call for any time, and what waits behind it is not meant for a printer that
    is connected afterwards: nobody would watch what it heats.
    """

    def __init__(self, name: str, logger: logging.Logger) -> None:
        super().__init__(name, logger)
        #: OctoPrint's objects of the connections so far.
        self._known: weakref.WeakSet[Any] = weakref.WeakSet()
        self._connection = object()
        #: Whether a line was received yet.
        self._seen = False

    @property
    def connection(self) -> object:
        """Identifies the newest connection from which a line was received. Before that, OctoPrint sends nothing.

        At the start there may be a connection that was made before the plugin was there, and whose printer is silent.
        """
        return self._connection

    def see(self, comm: Any) -> None:
        """Note that a line was received from `comm`. Lines of a connection that is being closed may still come."""
        if comm not in self._known:
            self._known.add(comm)
            # The first one is that of before: a run may have begun on it, which its first line must not end.
            if self._seen:
                self._connection = object()
            self._seen = True

    def put_for_connection(self, do: Callable[[], None], drop: Callable[[], None] = lambda: None) -> None:
        """Add `do` for the current connection; `drop` is called instead if there is a new one."""
        connection = self._connection
        self.put(lambda: do() if self._connection is connection else drop())
