"""The told countdown: it runs down second by second, and moves only where the estimate leaves it no choice."""

from __future__ import annotations

from math import exp, log
from typing import Final

from ..estimator import Direction, Estimate
from .posterior import EIGHTY, TICK_S

#: The told ETA has play: it may differ from the estimate by so many standard deviations of ln ETA, as what is within
#: says nothing new, …
_PLAY: Final = {Direction.HEATING: 0.2, Direction.COOLING: 0.4}
#: … and at most by this, relative: a wide interval must not hold a truth back.
_MOST_PLAY: Final = 0.2
#: Time constant in s of the pull back into that play: one wild estimate must not show in full.
_PULL_S: Final = 0.5


class Steady:
    """Takes the estimates of one episode and returns those to tell."""

    def __init__(self, direction: Direction) -> None:
        self._play = _PLAY[direction]
        self._told: float | None = None
        self._at = 0.0

    def follow(self, at: float, estimate: Estimate) -> Estimate:
        """Return what to tell at `at` (s of any clock that only goes forward); the interval stays as it is."""
        eta = estimate.eta
        if self._told is not None:
            elapsed = max(at - self._at, 0.0)
            expected = max(self._told - elapsed, 0.0)
            margin = self._margin(estimate)
            allowed = min(max(expected, (eta + TICK_S) / margin - TICK_S), (eta + TICK_S) * margin - TICK_S)
            eta = max(expected + (1.0 - exp(-elapsed / _PULL_S)) * (allowed - expected), 0.0)
        self._told, self._at = eta, at
        return Estimate(eta, estimate.low, estimate.high)

    def _margin(self, estimate: Estimate) -> float:
        """Return the factor by which the told ETA may differ from the estimate."""
        if estimate.low is None or estimate.high is None:
            return 1.0
        sigma = log((estimate.high + TICK_S) / (estimate.low + TICK_S)) / (2.0 * EIGHTY)
        return exp(min(self._play * sigma, _MOST_PLAY))
