"""The method `exponential`: Newton's law, fitted to the last seconds.

The distance y to the final temperature (the target, or the ambient temperature when cooling) shrinks as
y(t) = y(0)·exp(−t/τ), so that ln y falls along a line of slope −1/τ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .estimator import Direction, Goal, Sample
from .linear import WindowMethod
from .samples import slope

#: °C; at smaller distances the logarithm is mostly sensor noise.
NEAREST = 0.2


class Exponential(WindowMethod):
    """Extrapolates an exponential approach to the target, or to the ambient temperature."""

    name = "exponential"

    def _eta(self, goal: Goal, window: Sequence[Sample], remaining: float, rate: float) -> float | None:
        del remaining, rate
        cooling = goal.direction is Direction.COOLING
        limit = self._limits.ambient if cooling else goal.temperature
        if cooling and goal.threshold <= limit:
            return None  # a heater can't cool below the ambient temperature
        distances = [(s.at, math.log(max(abs(limit - s.actual), NEAREST))) for s in window]
        decay = slope(distances)
        if decay is None or decay >= 0.0:
            return None
        to_go = max(abs(limit - goal.threshold), NEAREST)
        return max(0.0, (math.log(to_go) - distances[-1][1]) / decay)
