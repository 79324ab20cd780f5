"""How many messages a second are sent to a broker that has ended a connection because there were too many.

After each connection all states are sent at once. A broker with a low limit would end each connection at that.
"""

from __future__ import annotations

from ...core.clock import Now

#: The reason code in a DISCONNECT: message rate too high (MQTT 5, 2.4).
RATE_TOO_HIGH = 0x96
#: Messages per second after the first such DISCONNECT; half of it after each further one, down to the last.
FIRST_PER_S, SLOWEST_PER_S = 8.0, 0.5


class Pace:
    """Counts the messages that may be sent now; any number until `slow_down`."""

    def __init__(self) -> None:
        #: Messages per second, None without a limit.
        self.per_s: float | None = None
        #: How many may be sent at `_at`, in monotonic seconds: at most those of half a second.
        self._left = 0.0
        self._at = 0.0

    def slow_down(self, now: Now) -> None:
        """Send fewer messages a second from now on."""
        self.per_s = FIRST_PER_S if self.per_s is None else max(self.per_s / 2, SLOWEST_PER_S)
        self._left, self._at = 0.0, now.at

    def forget(self) -> None:
        """Send without a limit again."""
        self.per_s = None

    def allows(self, now: Now) -> bool:
        """Return whether a message may be sent now."""
        if self.per_s is None:
            return True
        self._left = min(self._left + self.per_s * (now.at - self._at), max(self.per_s / 2, 1.0))
        self._at = now.at
        return self._left >= 1.0

    def sent(self) -> None:
        """Note that a message was sent."""
        self._left -= 1.0
