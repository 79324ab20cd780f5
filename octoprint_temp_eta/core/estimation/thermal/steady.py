"""A smooth countdown: it counts down second by second and follows the estimate with some play."""

from __future__ import annotations

from math import exp, log
from typing import Final

from ..estimator import Direction, Estimate
from .inference.posterior import EIGHTY, TICK_S

#: Play: the countdown may differ from the estimate by so many standard deviations of ln ETA, …
_PLAY: Final = {Direction.HEATING: 0.2, Direction.COOLING: 0.4}
#: … and at most by this, relative.
_MOST_PLAY: Final = 0.2
#: Time constant in s of the return into the play, which damps a single outlier.
_PULL_S: Final = 0.5


class Steady:
    """Smooths the estimates of one episode."""

    def __init__(self, direction: Direction) -> None:
        self._play = _PLAY[direction]
        self._last: float | None = None
        self._at = 0.0

    def follow(self, at: float, estimate: Estimate) -> Estimate:
        """Return the smoothed estimate at `at` (monotonic seconds); the interval is unchanged."""
        eta = estimate.eta
        if self._last is not None:
            elapsed = max(at - self._at, 0.0)
            expected = max(self._last - elapsed, 0.0)
            margin = self._margin(estimate)
            allowed = min(max(expected, (eta + TICK_S) / margin - TICK_S), (eta + TICK_S) * margin - TICK_S)
            eta = max(expected + (1.0 - exp(-elapsed / _PULL_S)) * (allowed - expected), 0.0)
        self._last, self._at = eta, at
        return Estimate(eta, estimate.low, estimate.high)

    def _margin(self, estimate: Estimate) -> float:
        """Return the factor by which the countdown may differ from the estimate."""
        if estimate.low is None or estimate.high is None:
            return 1.0
        sigma = log((estimate.high + TICK_S) / (estimate.low + TICK_S)) / (2.0 * EIGHTY)
        return exp(min(self._play * sigma, _MOST_PLAY))
