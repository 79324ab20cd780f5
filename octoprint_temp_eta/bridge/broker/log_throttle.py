"""Reports connection problems to log and pages, rate-limited."""

from __future__ import annotations

import logging

from ...core.clock import Now
from ...core.rate_limit import TokenBucket
from ..protocol.effects import Effect, Log, Page

#: Seconds after which a connection counts as stable.
STABLE_S = 60.0
#: The number of unstable connections that are reported individually.
MAX_REPORTED = 5
#: Sentences at once, and per s, of any content: some contain words of the broker or of other clients.
BURST, PER_S = 50, 1 / 60
#: Remembered sentences, of which each is reported once.
MAX_REMEMBERED = 200


class LogThrottle:
    """Limits the log lines: the log is on an SD card, and a connection that breaks every second must not fill it."""

    def __init__(self) -> None:
        self._reported: set[str] = set()
        self._bucket = TokenBucket(PER_S, BURST)
        self._connected_at: float | None = None
        self._connections = 0

    def connected(self, sentence: str, now: Now) -> list[Effect]:
        """Report a connection, unless it follows many unstable ones."""
        self._connected_at = now.at
        self._connections += 1
        if self._connections > MAX_REPORTED:
            return []
        self._reported.clear()
        if self._connections == MAX_REPORTED:
            sentence += "; it keeps breaking, so further connections are not logged until one lasts for a minute"
        return [Log(logging.INFO, sentence)]

    def lost(self, reason: str, now: Now) -> list[Effect]:
        """Report why there is no connection."""
        if self._connected_at is not None and now.at - self._connected_at >= STABLE_S:
            self.forget()
        self._connected_at = None
        return self.refused(reason, now)

    def refused(self, reason: str, now: Now) -> list[Effect]:
        """Report a refusal on a connection that continues."""
        if reason in self._reported or not self._bucket.take(now.at):
            return []
        if len(self._reported) >= MAX_REMEMBERED:
            self._reported.clear()
        self._reported.add(reason)
        notification = {"type": "notification", "level": "warning", "title": "MQTT", "message": reason}
        return [Log(logging.WARNING, reason), Page(notification)]

    def forget(self) -> None:
        """Reset, such as after changed settings."""
        self._reported.clear()
        self._connections = 0
