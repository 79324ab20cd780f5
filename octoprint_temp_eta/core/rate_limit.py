"""A token bucket: a number of tokens at once, and a rate per second after that."""

from __future__ import annotations


class TokenBucket:
    """Holds at most `burst` tokens and gains `rate` per second. Times are monotonic seconds."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at: float | None = None

    def has(self, at: float) -> bool:
        """Return whether there is a token at the time `at`."""
        if self._at is not None:
            self._tokens = min(self._burst, self._tokens + (at - self._at) * self._rate)
        self._at = at
        return self._tokens >= 1.0

    def take(self, at: float) -> bool:
        """Take a token at the time `at`; return False if there is none."""
        if not self.has(at):
            return False
        self._tokens -= 1.0
        return True
