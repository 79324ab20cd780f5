"""How long there was a connection: whether the topics are ours, and whether connections keep breaking."""

from __future__ import annotations

from collections import deque

from ...core.clock import Now

#: Seconds of one connection without a conflict after which the topics are ours: a machine that connects later leaves.
OWNED_S = 60.0
#: Seconds without a connection after which the topics are not ours any more: another machine may have them by then.
ABSENT_S = 30.0
#: How many connections that end early, within how many seconds, count as breaking one after the other.
BREAKS, BREAKS_WINDOW_S = 3, 300.0


class ConnectionTimes:
    """Follows when connections begin and end."""

    def __init__(self) -> None:
        #: Whether the topics are ours, because nobody else had them when we connected.
        self.owned = False
        self._connected_at: float | None = None
        self._lost_at = 0.0
        #: When connections ended early.
        self._broken: deque[float] = deque(maxlen=BREAKS)

    def connected(self, now: Now) -> None:
        """Note a connection: after a long absence, another machine may have the topics."""
        self.owned = self.owned and now.at - self._lost_at <= ABSENT_S
        self._connected_at = now.at

    def lost(self, now: Now) -> None:
        """Note the end of the connection; without one, nothing changes."""
        if self._connected_at is not None:
            if now.at - self._connected_at < OWNED_S:
                self._broken.append(now.at)
            self._connected_at, self._lost_at = None, now.at

    def undisputed(self, now: Now) -> None:
        """Note that nobody else uses the topics: after a while they are ours."""
        self.owned |= self._connected_at is not None and now.at - self._connected_at >= OWNED_S

    def keeps_breaking(self, now: Now) -> bool:
        """Return whether connections end early, one after the other.

        That is so if another client has our client ID: some brokers give no reason when they end a connection for it.
        """
        return len(self._broken) == BREAKS and now.at - self._broken[0] <= BREAKS_WINDOW_S


def explain_breaking(instance: str, client_id: str) -> str:
    """Return what to do about connections that keep breaking; a copied SD card has the same printer ID."""
    return (
        ". It keeps breaking. Check the broker's log, and the user's permissions (ACL). "
        f"If another OctoPrint uses the printer ID {instance!r}, empty Printer ID in the settings "
        f"of one of them. If another client uses the client ID {client_id!r}, change it"
    )
