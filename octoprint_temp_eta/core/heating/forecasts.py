"""Forecasts at fixed distances from the goal, between which others are interpolated: a computed one takes 1 ms.

A forecast depends only on the kind of heater, what was learned of it, its temperature and the goal.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from math import inf

from ..estimation.estimator import Direction, Estimate, Estimator, Goal
from ..frozen import frozen

#: The distances from the goal in °C: closer where the time bends. At the goal itself the forecast is 0.
DISTANCES_C = (0.1, 1.0, 3.0, 6.0, 12.0, 24.0, 40.0, *(32.0 * number for number in range(2, 33)))
#: Forecasts kept at most.
MOST = 1024
#: Highest start in °C of a heat-up from cold: the distance above a cold heater's.
COLD_C = 60.0

#: A forecast from cold as a JSON value: owner, target and start in °C; eta, low and high in s.
Row = tuple[str, float, float, float, float, float]


@frozen
class Forecast:
    """An estimate in advance, None: unknown. Between two temperatures in °C, it changes by `slope` s/°C."""

    estimate: Estimate | None
    lowest: float = -inf
    highest: float = inf
    slope: float = 0.0

    def range_within(self, deadband: float, shown: float, actual: float) -> tuple[float, float]:
        """Return between which temperatures it differs from `shown` s by at most `deadband`; now it is `actual`."""
        if self.estimate is None or not self.slope:
            return self.lowest, self.highest
        at_shown = actual + (shown - self.estimate.eta) / self.slope
        margin = deadband / abs(self.slope)
        return max(self.lowest, at_shown - margin), min(self.highest, at_shown + margin)


class ForecastTable:
    """The forecasts that were computed, by `owner`: heaters with the same owner have the same forecasts."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Direction, float, float], Estimate | None] = {}

    def clear(self) -> None:
        """Forget all: what they depend on has changed."""
        self._known.clear()

    def __len__(self) -> int:
        return len(self._known)

    @property
    def from_cold(self) -> list[Row]:
        """The forecasts of heat-ups from cold."""
        return [
            (owner, target, start, found.eta, found.low, found.high)
            for (owner, direction, target, start), found in self._known.items()
            if direction is Direction.HEATING and start <= COLD_C
            if found is not None and found.low is not None and found.high is not None
        ]

    def restore(self, rows: Iterable[Row]) -> None:
        """Use forecasts of `from_cold` instead of computing them."""
        for owner, target, start, eta, low, high in rows:
            self._known[owner, Direction.HEATING, target, start] = Estimate(eta, low, high)

    def forecast(self, owner: str, make: Callable[[], Estimator], start: float, goal: Goal) -> Forecast:
        """Return the forecast from `start` (°C), before `goal`."""
        away = -1.0 if goal.direction is Direction.HEATING else 1.0
        threshold = goal.threshold
        distance = away * (start - threshold)
        index = min(max(bisect_left(DISTANCES_C, distance), 1), len(DISTANCES_C) - 1)
        least, most = DISTANCES_C[index - 1], DISTANCES_C[index]
        close = self._computed(owner, make, goal, threshold + away * least)
        far = self._computed(owner, make, goal, threshold + away * most)
        if close is None and far is None:
            return Forecast(None)  # a method without forecasts has none from anywhere
        if not least <= distance <= most:
            return Forecast(close if distance < least else far, start, start)
        lowest, highest = sorted((threshold + away * least, threshold + away * most))
        if close is None or far is None:
            return Forecast(None, lowest, highest)
        slope = away * (far.eta - close.eta) / (most - least)
        return Forecast(_between(close, far, (distance - least) / (most - least)), lowest, highest, slope)

    def _computed(self, owner: str, make: Callable[[], Estimator], goal: Goal, start: float) -> Estimate | None:
        key = owner, goal.direction, goal.temperature, start
        if key not in self._known:
            if len(self._known) >= MOST:
                self.clear()
            self._known[key] = make().forecast(start, goal)
        return self._known[key]


def _between(close: Estimate, far: Estimate, share: float) -> Estimate:
    def mixed(a: float, b: float) -> float:
        return a + share * (b - a)

    if close.low is None or close.high is None or far.low is None or far.high is None:
        return Estimate(mixed(close.eta, far.eta))
    return Estimate(mixed(close.eta, far.eta), mixed(close.low, far.low), mixed(close.high, far.high))
