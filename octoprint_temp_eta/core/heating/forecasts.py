"""Forecasts at fixed start temperatures, between which others are interpolated: a computed one takes milliseconds.

A forecast depends only on the kind of heater, what was learned of it, its temperature and the goal.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor

from ..estimation.estimator import Direction, Estimate, Estimator, Goal, HeaterKind

#: The step between two start temperatures in °C, by kind.
STEP_C = {HeaterKind.TOOL: 10.0, HeaterKind.BED: 4.0, HeaterKind.CHAMBER: 4.0}
#: How far the last one is from the goal, in °C: at the goal itself the forecast is 0.
LAST_C = 0.1
#: Forecasts kept at most.
MOST = 1024


class ForecastTable:
    """The forecasts that were computed, by `owner`: heaters with the same owner have the same forecasts."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Goal, float], Estimate | None] = {}

    def clear(self) -> None:
        """Forget all: what they depend on has changed."""
        self._known.clear()

    def estimate(
        self, owner: str, kind: HeaterKind, make: Callable[[], Estimator], start: float, goal: Goal
    ) -> Estimate | None:
        """Return the estimate from `start` (°C), before `goal`, None if there is none."""
        step = STEP_C[kind]
        below = step * floor(start / step)
        above = below + step
        if goal.direction is Direction.HEATING:
            above = min(above, goal.threshold - LAST_C)
        else:
            below = max(below, goal.threshold + LAST_C)
        share = (start - below) / (above - below) if above > below else 0.0
        lower = self._computed(owner, make, below, goal)
        upper = self._computed(owner, make, above, goal)
        return None if lower is None or upper is None else _between(lower, upper, min(max(share, 0.0), 1.0))

    def _computed(self, owner: str, make: Callable[[], Estimator], start: float, goal: Goal) -> Estimate | None:
        key = owner, goal, start
        if key not in self._known:
            if len(self._known) >= MOST:
                self.clear()
            self._known[key] = make().forecast(start, goal)
        return self._known[key]


def _between(lower: Estimate, upper: Estimate, share: float) -> Estimate:
    def mixed(a: float, b: float) -> float:
        return a + share * (b - a)

    if lower.low is None or lower.high is None or upper.low is None or upper.high is None:
        return Estimate(mixed(lower.eta, upper.eta))
    return Estimate(mixed(lower.eta, upper.eta), mixed(lower.low, upper.low), mixed(lower.high, upper.high))
