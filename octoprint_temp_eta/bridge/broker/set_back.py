"""Whether somebody has set our retained messages back to old ones, or removed them.

So does a broker with a bridge to ours: after an outage it publishes what it has retained, which may be older than what
we have published meanwhile. Our `info` shows it: it is published again whenever something changes that is not repeated
anyway. An old or empty one that arrives after the newest had come back, on one connection, was published by somebody
else.
"""

from __future__ import annotations

from ...core.clock import Now
from ..outbox.pauses import Repairs

#: Seconds after an old `info` until all states are published again: by then, the other old messages are there, too.
SETTLE_S = 5.0


class SetBack:
    """Tells when to publish all states again.

    The pauses grow: two brokers may pass messages round for ever, or a bridge echo what we publish.
    """

    def __init__(self) -> None:
        #: The last newest `info` that came back on this connection.
        self._back: bytes | None = None
        self._repairs = Repairs()

    def connected(self) -> None:
        """Forget what came on the connection before."""
        self._back = None
        self._repairs.cancel()

    def arrived(self, payload: bytes, newest: bytes | None, now: Now) -> None:
        """Note that an `info` of ours, or an empty one, has arrived; `newest` is the one that was published last."""
        if payload == newest:
            self._back = newest
        elif self._back is not None and self._back == newest:
            self._repairs.ask(now.at + SETTLE_S)

    def repairs(self, now: Now) -> bool:
        """Return whether it is time to publish everything again."""
        return self._repairs.due(now)
