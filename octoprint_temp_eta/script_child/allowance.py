"""A token bucket for log lines and status changes."""

from __future__ import annotations

import time


class Allowance:
    """Allows `burst` events at once and `rate` events per second after that."""

    def __init__(self, burst: int, rate: float) -> None:
        self._burst = float(burst)
        self._rate = rate
        self._left = float(burst)
        self._at = time.monotonic()

    def take(self) -> bool:
        """Return whether an event is allowed now, and count it."""
        now = time.monotonic()
        self._left = min(self._left + (now - self._at) * self._rate, self._burst)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
