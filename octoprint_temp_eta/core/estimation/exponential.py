"""The method `exponential`: Newton's law, fitted to the last seconds.

The distance y to the final temperature (the target, or the ambient temperature when cooling) shrinks as
y(t) = y(0)·exp(−t/τ), so that ln y falls along a line of slope −1/τ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .estimator import Direction, Goal, Sample, Shape
from .linear import WindowMethod
from .samples import slope

#: Smallest distance in °C: below it, the logarithm is mostly sensor noise.
NEAREST = 0.2
#: Pairs of `Exponential.shape`.
POINTS = 16


class Exponential(WindowMethod):
    """Extrapolates an exponential approach to the target, or to the ambient temperature."""

    name = "exponential"

    def _eta(self, goal: Goal, window: Sequence[Sample], remaining: float, rate: float) -> float | None:
        del remaining, rate
        cooling = goal.direction is Direction.COOLING
        limit = self._limit(goal)
        if cooling and goal.threshold <= limit:
            return None  # a heater can't cool below the ambient temperature
        distances = [(s.at, math.log(max(abs(limit - s.actual), NEAREST))) for s in window]
        decay = slope(distances)
        if decay is None or decay >= 0.0:
            return None
        to_go = max(abs(limit - goal.threshold), NEAREST)
        return max(0.0, (math.log(to_go) - distances[-1][1]) / decay)

    def _curve(self, goal: Goal, actual: float) -> Shape:
        limit = self._limit(goal)
        distance, last = actual - limit, goal.threshold - limit
        if distance * last <= 0.0:
            return super()._curve(goal, actual)
        shares = (number / (POINTS - 1) for number in range(POINTS))
        return tuple((share, limit + distance * (last / distance) ** share) for share in shares)

    def _limit(self, goal: Goal) -> float:
        return self._limits.ambient if goal.direction is Direction.COOLING else goal.temperature
