"""What goes wrong with the connection, told to log and pages: once, however often it happens."""

from __future__ import annotations

import logging

from ...core.clock import Now
from ..protocol.effects import Effect, Log
from .ui_feed import Pages

#: s after which a connection counts as one that lasts.
LASTS_S = 60.0
#: So many connections that do not last are told one by one.
PATIENCE = 5


class Complaints:
    """The log lies on an SD card: a connection that breaks every second must not fill it."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._told: set[str] = set()
        self._connected_at: float | None = None
        self._connections = 0

    def connected(self, sentence: str, now: Now) -> list[Effect]:
        """Tell of a connection, unless it is one of many that did not last."""
        self._connected_at = now.at
        self._connections += 1
        if self._connections > PATIENCE:
            return []
        self._told.clear()
        if self._connections == PATIENCE:
            sentence += "; it keeps breaking, so no more is said until it lasts for a minute"
        return [Log(logging.INFO, sentence)]

    def lost(self, reason: str, now: Now) -> list[Effect]:
        """Tell why there is no connection."""
        if self._connected_at is not None and now.at - self._connected_at >= LASTS_S:
            self.forget()
        self._connected_at = None
        return self.refused(reason)

    def refused(self, reason: str) -> list[Effect]:
        """Tell what does not work on a connection that goes on."""
        if reason in self._told:
            return []
        self._told.add(reason)
        self._pages.notify("warning", "MQTT", reason)
        return [Log(logging.WARNING, reason)]

    def forget(self) -> None:
        """Tell everything anew, such as after other settings."""
        self._told.clear()
        self._connections = 0
