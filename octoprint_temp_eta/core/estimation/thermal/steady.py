"""A smooth countdown: it counts down by the second, and keeps its time of arrival until the estimate leaves a band."""

from __future__ import annotations

from math import log
from typing import Final

from ..estimator import Direction, Estimate
from .inference.posterior import EIGHTY, TICK_S

#: Band: the countdown may differ from the estimate by this many standard deviations of ln ETA, …
_BAND: Final = {Direction.HEATING: 0.7, Direction.COOLING: 0.8}
#: … and at most by this, relative. Both shrink with the share of the episode that remains: corrections are small then.
_WIDEST: Final = 0.5
#: Share of the difference that a countdown outside of the band takes over: a heat-up's estimates often turn back.
_STEP: Final = {Direction.HEATING: 0.7, Direction.COOLING: 1.0}


class Steady:
    """Smooths the estimates of one episode."""

    def __init__(self, direction: Direction) -> None:
        self._band, self._step = _BAND[direction], _STEP[direction]
        self._began: float | None = None
        self._arrival = 0.0

    def follow(self, at: float, estimate: Estimate) -> Estimate:
        """Return the smoothed estimate at `at` (monotonic seconds); the interval is unchanged."""
        if self._began is None:
            self._began, self._arrival = at, at + estimate.eta
        expected = max(self._arrival - at, 0.0)
        if abs(log((expected + TICK_S) / (estimate.eta + TICK_S))) > self._width(at - self._began, estimate):
            step = 1.0 if estimate.low is None else self._step
            expected += step * (estimate.eta - expected)
            self._arrival = at + expected
        return Estimate(expected, estimate.low, estimate.high)

    def _width(self, elapsed: float, estimate: Estimate) -> float:
        """Return by how much ln ETA of the countdown may differ from the estimate."""
        if estimate.low is None or estimate.high is None:
            return 0.0
        sigma = log((estimate.high + TICK_S) / (estimate.low + TICK_S)) / (2.0 * EIGHTY)
        remaining = (estimate.eta + TICK_S) / (elapsed + estimate.eta + TICK_S)
        return min(self._band * sigma, _WIDEST) * remaining
