"""Whether messages from the broker arrive at all.

Some brokers grant every subscription and deliver nothing, because the user may only write. So the bridge subscribes to
its own retained `info`, and expects each connection to deliver it.
"""

from __future__ import annotations

from ...core.clock import Now

#: Seconds after connecting within which our own `info` must come back.
READ_BACK_S = 10.0


class ReadBack:
    """Waits for our own `info` on each connection."""

    def __init__(self) -> None:
        self._due_at: float | None = None
        #: Whether our `info` is overdue on the present connection.
        self.missing = False

    def connected(self, now: Now) -> None:
        """Expect `info` on a new connection."""
        self._due_at, self.missing = now.at + READ_BACK_S, False

    def ended(self) -> None:
        """Expect nothing without a connection."""
        self._due_at, self.missing = None, False

    def arrived(self) -> None:
        """Note that our own `info` came back."""
        self._due_at, self.missing = None, False

    def tick(self, now: Now) -> bool:
        """Return whether `info` has just become overdue."""
        if self._due_at is None or now.at < self._due_at:
            return False
        self._due_at, self.missing = None, True
        return True


def explain(base: str) -> str:
    """Return what is wrong and what to do; `base` is base topic and instance."""
    return (
        f"The broker delivers no messages: the bridge's own {base}/info did not come back within {READ_BACK_S:.0f} s. "
        f"Commands will not arrive. Allow the user to read {base}/# (ACL)."
    )
