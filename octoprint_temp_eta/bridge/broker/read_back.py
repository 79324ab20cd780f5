"""Whether messages from the broker arrive at all.

Some brokers grant every subscription and deliver nothing, because the user may only write. So the bridge subscribes to
its own retained `info`, and expects each connection to deliver it. A broker may also stop later, such as when the
permissions change: while nothing arrives, `info` is published again.
"""

from __future__ import annotations

from ...core.clock import Now

#: Seconds after connecting within which our own `info` must come back.
READ_BACK_S = 10.0
#: Seconds without a message after which `info` is published again, how often, and at which interval.
ASK_AFTER_S, ASKS, ASK_EVERY_S = 300.0, 2, 20.0
#: Without a reply it is asked later each time, at the latest after this: the broker may refuse our `info` alone.
LONGEST_ASK_AFTER_S = 86400.0


class ReadBack:
    """Waits for our own `info` on each connection, and again while nothing arrives."""

    def __init__(self) -> None:
        self._due_at: float | None = None
        #: Whether our `info` is overdue on the present connection.
        self.missing = False
        #: When a message came last on our topics, since our `info` has come back; None before.
        self._heard_at: float | None = None
        #: How often `info` was published since then, and when.
        self._asks, self._asked_at = 0, 0.0
        self._ask_after_s = ASK_AFTER_S

    @property
    def dead(self) -> str | None:
        """Why the connection is to be made anew, None if it works."""
        return "The broker has stopped delivering messages: connecting anew" if self._asks > ASKS else None

    def connected(self, now: Now) -> None:
        """Expect `info` on a new connection."""
        self.ended()
        self._due_at = now.at + READ_BACK_S

    def ended(self) -> None:
        """Expect nothing without a connection."""
        self._due_at, self.missing, self._heard_at, self._asks = None, False, None, 0

    def arrived(self, now: Now) -> None:
        """Note that our own `info` came back."""
        if self._asks:
            self._ask_after_s = ASK_AFTER_S
        self._due_at, self.missing, self._heard_at, self._asks = None, False, now.at, 0

    def heard(self, now: Now) -> None:
        """Note that a message arrived on one of our topics: others do, too."""
        self.missing = False
        if self._heard_at is not None:
            self._heard_at, self._asks = now.at, 0

    def asks(self, now: Now) -> bool:
        """Return whether `info` is to be published again, as nothing has arrived for a while."""
        if self._heard_at is None:
            return False
        since, wait = (self._asked_at, ASK_EVERY_S) if self._asks else (self._heard_at, self._ask_after_s)
        if now.at - since < wait:
            return False
        self._asks, self._asked_at = self._asks + 1, now.at
        if self.dead:
            self._ask_after_s = min(2 * self._ask_after_s, LONGEST_ASK_AFTER_S)
        return True

    def tick(self, now: Now, *, expected: bool = True) -> bool:
        """Return whether `info` has just become overdue. It is not `expected` if the broker does not accept it."""
        if self._due_at is None or now.at < self._due_at:
            return False
        self._due_at, self.missing = None if expected else now.at + READ_BACK_S, expected
        return expected


def explain(base: str) -> str:
    """Return what is wrong and what to do; `base` is base topic and instance."""
    return (
        f"The broker delivers no messages: the bridge's own {base}/info did not come back within {READ_BACK_S:.0f} s. "
        f"Commands will not arrive. Allow the user to read {base}/# (ACL)."
    )
