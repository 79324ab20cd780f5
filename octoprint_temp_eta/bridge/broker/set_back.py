"""Whether somebody has set our retained messages back to old ones.

So does a broker with a bridge to ours: after an outage it publishes what it has retained, which may be older than what
we have published meanwhile. Our `info` shows it: it is published again whenever something changes that is not repeated
anyway. An old one that arrives after the newest had come back, on one connection, was published by somebody else.
"""

from __future__ import annotations

from math import inf

from ...core.clock import Now
from ..outbox.pauses import LONGEST_PAUSE_S, pause

#: Seconds after an old `info` until all states are published again: by then, the other old messages are there, too.
SETTLE_S = 5.0


class SetBack:
    """Tells when to publish all states again.

    The pauses grow: two brokers may pass messages round for ever, or a bridge echo what we publish.
    """

    def __init__(self) -> None:
        #: The last newest `info` that came back on this connection.
        self._back: bytes | None = None
        #: When to publish everything, None if nothing is to be repaired.
        self._due_at: float | None = None
        #: How often everything was published again without a long pause, and when it was last.
        self._times, self._repaired_at = 0, -inf

    def connected(self) -> None:
        """Forget what came on the connection before."""
        self._back = self._due_at = None

    def arrived(self, payload: bytes, newest: bytes | None, now: Now) -> None:
        """Note that an `info` of ours has arrived; `newest` is the one that was published last."""
        if payload == newest:
            self._back = newest
        elif self._back is not None and self._back == newest:
            self._due_at = self._due_at or now.at + SETTLE_S

    def repairs(self, now: Now) -> bool:
        """Return whether it is time to publish everything again."""
        since = now.at - self._repaired_at
        if self._due_at is None or now.at < self._due_at or (self._times and since < pause(self._times)):
            return False
        self._times = 1 if since > 2 * LONGEST_PAUSE_S else self._times + 1
        self._repaired_at, self._due_at = now.at, None
        return True
