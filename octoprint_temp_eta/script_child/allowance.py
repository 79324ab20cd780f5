"""How much a script may say: a burst at once, then so much a second."""

from __future__ import annotations

import time


class Allowance:
    """Takes `burst` at once, and `rate` a second after that."""

    def __init__(self, burst: int, rate: float) -> None:
        self._burst = float(burst)
        self._rate = rate
        self._left = float(burst)
        self._at = time.monotonic()

    def take(self) -> bool:
        """Take one of what is left, False where nothing is."""
        now = time.monotonic()
        self._left = min(self._left + (now - self._at) * self._rate, self._burst)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
