"""Cooling curves in closed form: a sum of three exponentials (formulas 7 and 8 of docs/background/estimator.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log

import numpy as np

from ...estimator import Goal
from .physics import Array, Start, low_passed

#: Longest exponent: exp(-60) is 0 for any temperature.
_LONGEST = 60.0
#: Newton steps towards the arrival at most, and the step in s at which they stop.
_STEPS, _NEAR_S = 24, 1e-3


@dataclass(slots=True)
class CoolingCurves:
    """N curves `ambient` + Σ `sizes` · exp(−`rates` · (t − `delay`)); `sizes` and `rates` are (3, N)."""

    start: Start
    goal: float
    delay: Array
    ambient: Array
    sizes: Array
    rates: Array
    _reach: Array | None = field(default=None)

    def at(self, times: Array) -> tuple[Array, Array]:
        """Return temperatures and slopes (N, n) at `times` (n,) in s since the start."""
        since = times - self.delay[:, None]
        parts = np.exp(-np.minimum(self.rates[:, :, None] * np.maximum(since, 0.0), _LONGEST))
        parts *= self.sizes[:, :, None]
        temperature = parts.sum(axis=0)
        temperature += self.ambient[:, None]
        parts *= self.rates[:, :, None]
        slope = -parts.sum(axis=0)
        waiting = since < 0.0
        if waiting.any():
            temperature = np.where(waiting, self.start.temperature + self.start.slope * times, temperature)
            slope = np.where(waiting, self.start.slope, slope)
        return temperature, slope

    def points(self, times: Sequence[float]) -> list[tuple[float, float]]:
        """Return temperature and slope of the first curve at some times; for a few, faster than `at`."""
        delay, ambient = self.delay.item(0), self.ambient.item(0)
        (size0, size1, size2), (rate0, rate1, rate2) = self.sizes[:, 0].tolist(), self.rates[:, 0].tolist()
        found = []
        for time in times:
            since = time - delay
            if since < 0.0:
                found.append((self.start.temperature + self.start.slope * time, self.start.slope))
                continue
            # Written out, as this is most of the cost of a reading.
            part0, part1, part2 = size0 * exp(-rate0 * since), size1 * exp(-rate1 * since), size2 * exp(-rate2 * since)
            found.append((ambient + (part0 + part1 + part2), -(part0 * rate0 + part1 * rate1 + part2 * rate2)))
        return found

    @property
    def reach(self) -> Array:
        """The times of arrival (N,) in s since the start, found when first asked for."""
        if self._reach is None:
            self._reach = self.delay + _fallen(self.sizes, self.rates, self.goal - self.ambient)
        return self._reach

    def first(self) -> CoolingCurves:
        """Return the first of the curves alone."""
        reach = None if self._reach is None else self._reach[:1]
        sizes, rates = self.sizes[:, :1], self.rates[:, :1]
        return CoolingCurves(self.start, self.goal, self.delay[:1], self.ambient[:1], sizes, rates, reach)


def cooling_curves(goal: Goal, start: Start, parameters: Array) -> CoolingCurves:
    """Return the curves of `parameters` (N, 6), columns as `COOLING`, from `start` to `goal`."""
    loss, lag, delay = np.exp(parameters[:, :3]).T
    # Guard: an ambient temperature at or above the goal would prevent the arrival.
    ambient = np.minimum(parameters[:, 3], min(goal.temperature, start.temperature) - 1.0)
    soak, soak_time = np.exp(parameters[:, 4:]).T
    sensor = start.temperature + start.slope * delay - ambient
    # Block and body together are a fast exponential and a slow one.
    own, shared = (1.0 + soak) * loss + soak / soak_time, soak / soak_time
    apart = np.sqrt((own - 1.0 / soak_time) ** 2 + 4.0 * shared / soak_time)
    fast = 0.5 * (own + 1.0 / soak_time + apart)
    slow = (1.0 + soak) * loss / (soak_time * fast)
    # Guard: with equal time constants of sensor and block the formula divides by zero.
    lag = np.minimum(lag, 0.8 / fast)
    block = np.maximum(sensor + lag * start.slope, 0.0)
    body = low_passed(start, soak_time, ambient) - ambient
    quick = (own * block - shared * body - slow * block) / apart
    sizes = np.array([quick / (1.0 - fast * lag), (block - quick) / (1.0 - slow * lag), sensor])
    sizes[2] -= sizes[0] + sizes[1]
    return CoolingCurves(start, goal.temperature, delay, ambient, sizes, np.array([fast, slow, 1.0 / lag]))


def _fallen(sizes: Array, rates: Array, wanted: Array) -> Array:
    """Return when (N,) the sums of exponentials of `sizes` and `rates` (3, N) are down to `wanted` (N,) K."""
    columns = zip(*sizes.tolist(), *rates.tolist(), wanted.tolist(), strict=True)
    return np.array([_fallen_one(column[:3], column[3:6], column[6]) for column in columns])


def _fallen_one(sizes: tuple[float, ...], rates: tuple[float, ...], wanted: float) -> float:
    """As `_fallen`, for one sum: Newton's method, with a bisection where it leaves the bracket.

    In plain Python: for some curves, numpy's calls take ten times as long.
    """
    low = 0.0
    high = log(max(sum(map(abs, sizes)) / wanted, 1.0)) / min(rates) + 1.0
    time = 0.5 * high
    for _ in range(_STEPS):
        above, fall = -wanted, 0.0
        for size, rate in zip(sizes, rates, strict=True):
            part = size * exp(-min(rate * time, _LONGEST))
            above += part
            fall += rate * part
        if above > 0.0:
            low = time
        else:
            high = time
        moved = time + above / max(fall, 1e-12)
        if not low < moved < high:
            moved = 0.5 * (low + high)
        near = abs(moved - time) < _NEAR_S
        time = moved
        if near:
            break
    return time
