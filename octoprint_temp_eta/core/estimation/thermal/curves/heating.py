"""Heating curves on uniform grids: full power, then a PID controller (formulas 1–6 of docs/background/estimator.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ....frozen import frozen
from ...estimator import Goal
from .physics import AMBIENT, Array, Start, low_passed

#: Points of a curve; a power of two, for the doubling in `_linear_system`.
GRID: Final = 128
#: Integral over derivative time of a controller tuned after Ziegler and Nichols, as firmwares do it.
_INTEGRAL_OVER_DERIVATIVE: Final = 4.0


@frozen
class HeatingCurves:
    """N curves: `delay`, `step`, `reach`, `switch`, `late_step` are (N,); `temperature` and `slope` are (N, 2 G).

    The first G points start at `delay`, `step` s apart: full power. The other G start `switch` s later, `late_step` s
    apart: the controller. `reach` is the time of arrival in s since the start.
    """

    start: float
    slope0: float
    delay: Array
    step: Array
    temperature: Array
    slope: Array
    reach: Array
    switch: Array
    late_step: Array

    def at(self, times: Array) -> tuple[Array, Array]:
        """Return temperatures and slopes (N, n) at `times` (n,) in s since the start."""
        since = times - self.delay[:, None]
        position = since / self.step[:, None]
        late = since - self.switch[:, None]
        inside = np.where(
            late < 0.0,
            np.minimum(np.maximum(position, 0.0), GRID - 1.001),
            GRID + np.minimum(np.maximum(late / self.late_step[:, None], 0.0), GRID - 1.001),
        )
        index = inside.astype(np.intp)
        part = inside - index
        size = self.temperature.shape[1]
        index += np.arange(0, len(index) * size, size)[:, None]
        flat, flat_slope = self.temperature.ravel(), self.slope.ravel()
        t0, s0 = flat[index], flat_slope[index]
        waiting = position < 0.0
        temperature = np.where(waiting, self.start + self.slope0 * times, t0 + part * (flat[index + 1] - t0))
        return temperature, np.where(waiting, self.slope0, s0 + part * (flat_slope[index + 1] - s0))

    def points(self, times: Sequence[float]) -> list[tuple[float, float]]:
        """Return temperature and slope of the first curve at some times; for a few, faster than `at`."""
        return [self._point(time) for time in times]

    def _point(self, time: float) -> tuple[float, float]:
        since = time - self.delay.item(0)
        if since < 0.0:
            return self.start + self.slope0 * time, self.slope0
        late = since - self.switch.item(0)
        if late < 0.0:
            inside = min(since / self.step.item(0), GRID - 1.001)
        else:
            inside = GRID + min(late / self.late_step.item(0), GRID - 1.001)
        index = int(inside)
        part = inside - index
        t0, t1 = self.temperature.item(0, index), self.temperature.item(0, index + 1)
        s0, s1 = self.slope.item(0, index), self.slope.item(0, index + 1)
        return t0 + part * (t1 - t0), s0 + part * (s1 - s0)

    def first(self) -> HeatingCurves:
        """Return the first of the curves alone."""
        return HeatingCurves(
            self.start,
            self.slope0,
            self.delay[:1],
            self.step[:1],
            self.temperature[:1],
            self.slope[:1],
            self.reach[:1],
            self.switch[:1],
            self.late_step[:1],
        )


def heating_curves(reference: float, goal: Goal, start: Start, parameters: Array) -> HeatingCurves:
    """Return the curves of `parameters` (N, 9), columns as `HEATING`, from `start` to `goal`; `reference` in °C."""
    rate, loss, lag, delay, band, derivative, _, soak, soak_time = np.exp(parameters).T
    target = goal.temperature
    power = rate + loss * (reference - AMBIENT)
    # Guard: a heater that can't hold its target would never arrive; its loss is limited to what it can.
    loss = np.minimum(loss, power / max(target + 3.0 - AMBIENT, 5.0))
    conductance = soak / soak_time
    sensor = start.temperature + start.slope * delay
    block = sensor + lag * start.slope
    system = np.zeros((len(lag), 4, 4))
    system[:, 0, 0], system[:, 0, 1] = -1.0 / lag, 1.0 / lag
    system[:, 1, 1], system[:, 1, 2] = -loss - conductance, conductance
    system[:, 1, 3] = power + loss * AMBIENT
    system[:, 2, 1], system[:, 2, 2] = 1.0 / soak_time, -1.0 / soak_time
    ultimate = AMBIENT + power / loss
    span = np.maximum(ultimate - block, 0.0) / (ultimate - target)
    horizon = (1.0 + soak) / loss * np.log(np.maximum(span, 1.0)) * 1.02
    step = (horizon + 4.0 * lag + np.minimum(soak_time, 20.0) * soak + 5.0) / (GRID - 1)
    initial = np.stack([sensor, block, low_passed(start, soak_time), np.ones_like(lag)], axis=1)
    free = _linear_system(system, step, initial)
    held, wound = (start.held, 1.0) if start.held else (target, parameters[:, 6])
    control = _Control(target, power, band, derivative, wound * band * loss * (held - AMBIENT) / power)
    return _controlled(start, goal, control, delay, step, system, free, lag)


@frozen
class _Control:
    """A controller towards `target`: full `power` in K/s, `band` in K, `derivative` in s, `integral` in K, all (N,)."""

    target: float
    power: Array
    band: Array
    derivative: Array
    integral: Array


def _controlled(
    start: Start, goal: Goal, control: _Control, delay: Array, step: Array, system: Array, free: Array, lag: Array
) -> HeatingCurves:
    """Switch from full power (`free`) to the controller where it demands less."""
    target, band, derivative, integral = control.target, control.band, control.derivative, control.integral
    sensor, slope = free[:, :, 0], (free[:, :, 1] - free[:, :, 0]) / lag[:, None]
    wanted = target - sensor - derivative[:, None] * slope + integral[:, None]
    switch = _crossing(band[:, None] - wanted, step)
    rows, before = np.arange(len(step)), np.minimum((switch / step).astype(np.intp), GRID - 2)
    part = (switch / step - before)[:, None]
    taken = (1.0 - part) * free[rows, before] + part * free[rows, before + 1]
    integral_time = _INTEGRAL_OVER_DERIVATIVE * derivative
    # Sensor, block, body, 1, integral, and the share of the power that has arrived.
    loop = np.zeros((len(step), 6, 6))
    loop[:, :4, :4] = system
    loop[:, 1, 3] -= control.power
    loop[:, 1, 5] = control.power
    loop[:, 4, 0], loop[:, 4, 3] = -1.0 / integral_time, target / integral_time
    loop[:, 5, 0], loop[:, 5, 1] = derivative / lag - 1.0, -derivative / lag
    loop[:, 5, 3], loop[:, 5, 4], loop[:, 5, 5] = target, 1.0, -band
    loop[:, 5] /= (band * delay)[:, None]
    late_step = (3.0 * band / control.power + 2.0 * (derivative + integral_time + delay)) / (GRID - 1)
    full = (wanted[:, 0] >= band).astype(np.float64)
    held = _linear_system(loop, late_step, np.concatenate([taken, integral[:, None], full[:, None]], axis=1))
    late = switch + _crossing(held[:, :, 0] - goal.threshold, late_step)
    # Guard: a controller may demand more than full power again, but can't get it.
    soonest = _crossing(sensor - goal.threshold, step)
    reach = np.where(taken[:, 0] < goal.threshold, np.maximum(late, soonest), soonest)
    return HeatingCurves(
        start.temperature,
        start.slope,
        delay,
        step,
        np.concatenate([sensor, held[:, :, 0]], axis=1),
        np.concatenate([slope, (held[:, :, 1] - held[:, :, 0]) / lag[:, None]], axis=1),
        reach + delay,
        switch,
        late_step,
    )


def _linear_system(system: Array, step: Array, initial: Array) -> Array:
    """Solve x' = A x on a uniform grid: (N, n, n), (N,), (N, n) → (N, GRID, n).

    The transition over one step is the trapezoidal rule with squaring; the grid is filled by doubling.
    """
    squarings = 6
    small = system * (0.5 * step / 2.0**squarings)[:, None, None]
    size = system.shape[1]
    unit = np.eye(size)
    transition = np.linalg.solve(unit - small, unit + small)
    for _ in range(squarings):
        transition = transition @ transition
    states = np.empty((len(step), GRID, size))
    states[:, 0] = initial
    filled = 1
    while filled < GRID:
        states[:, filled : 2 * filled] = states[:, :filled] @ transition.transpose(0, 2, 1)
        transition = transition @ transition
        filled *= 2
    return states


def _crossing(above: Array, step: Array) -> Array:
    """Return the time (N,) at which each row of `above` (N, G) passes zero upwards; the grid's end if never."""
    rows = np.arange(len(step))
    passed = above >= 0.0
    index = np.where(passed.any(axis=1), passed.argmax(axis=1), GRID - 1)
    before = np.maximum(index - 1, 0)
    a0, a1 = above[rows, before], above[rows, index]
    part = np.where(a1 - a0 > 1e-9, np.clip(-a0 / np.where(a1 - a0 > 1e-9, a1 - a0, 1.0), 0.0, 1.0), 0.0)
    return np.asarray((before + part) * step)
