"""The announced time at which a print ends.

OctoPrint estimates the remaining seconds anew every second, and the estimate varies. The announced time moves only when
the estimate has really moved: a deadband that follows the remaining time, and a minimum time between two moves.
"""

from __future__ import annotations

from .clock import Now

#: The deadband: s, or this part of the remaining time if that is more.
BAND_S, BAND_SHARE = 60.0, 0.05
#: Minimum number of seconds between two changes of the announced time.
INTERVAL_S = 60.0
#: If the announced time has passed and the print goes on, the new one is at least this many seconds from now.
LEAST_AHEAD_S = 30.0


class FinishTime:
    """Holds the announced time, in Unix seconds."""

    def __init__(self) -> None:
        self._announced: float | None = None
        self._moved_at = 0.0

    def update(self, remaining: float | None, now: Now) -> float | None:
        """Return the announced time for `remaining` seconds from now, None if that is None.

        None also if nothing remains, the announced time has passed, and the print goes on: when it ends is unknown.
        """
        if remaining is None:
            self._announced = None
        elif self._announced is None:
            self._move(now.wall + remaining, now)
        elif self._announced <= now.wall:
            if remaining <= 0:
                return None
            self._move(now.wall + max(remaining, LEAST_AHEAD_S), now)
        elif now.at - self._moved_at >= INTERVAL_S:
            estimate = now.wall + remaining
            if abs(estimate - self._announced) > max(BAND_S, BAND_SHARE * remaining):
                self._move(estimate, now)
        return self._announced

    def shift(self, seconds: float) -> None:
        """Move the announced time: the clock was set."""
        if self._announced is not None:
            self._announced += seconds

    def _move(self, estimate: float, now: Now) -> None:
        self._announced, self._moved_at = estimate, now.at
