"""Heating curves on uniform grids: full power in closed form, then a PID controller (formulas 1–6 of
docs/background/estimator.md)."""

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
#: Smallest distance of a product of rate and time constant from 1, and the longest exponent: exp(-60) is 0.
_APART: Final = 1e-3
_LONGEST: Final = 60.0
_NUMBERS: Final = np.arange(GRID)
#: Rows of `_FullPower.weights`: sensor, block, body.
_STATES: Final = [0, 2, 3]


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
    sensor = start.temperature + start.slope * delay
    block = sensor + lag * start.slope
    ultimate = AMBIENT + power / loss
    span = np.maximum(ultimate - block, 0.0) / (ultimate - target)
    horizon = (1.0 + soak) / loss * np.log(np.maximum(span, 1.0)) * 1.02
    step = (horizon + 4.0 * lag + np.minimum(soak_time, 20.0) * soak + 5.0) / (GRID - 1)
    heater = _Heater(loss, lag, soak / soak_time, soak_time, ultimate)
    free = _full_power(heater, sensor, block, low_passed(start, soak_time))
    held, wound = (start.held, 1.0) if start.held else (target, parameters[:, 6])
    control = _Control(target, power, band, derivative, wound * band * loss * (held - AMBIENT) / power)
    return _controlled(start, goal, control, delay, step, heater, free)


@frozen
class _Heater:
    """The heater: `loss` and `conductance` to the body per s, time constants of sensor (`lag`) and body in s, and the
    `ultimate` temperature at full power in °C, all (N,)."""

    loss: Array
    lag: Array
    conductance: Array
    soak_time: Array
    ultimate: Array


@frozen
class _Control:
    """A controller towards `target`: full `power` in K/s, `band` in K, `derivative` in s, `integral` in K, all (N,)."""

    target: float
    power: Array
    band: Array
    derivative: Array
    integral: Array


@frozen
class _FullPower:
    """Full power in closed form: `ultimate` (N,) + `weights` (N, 4, 3) · exp(−`rates` (N, 3) · t).

    The rows are sensor, its slope (without `ultimate`), block and body.
    """

    ultimate: Array
    rates: Array
    weights: Array

    def on_grid(self, step: Array) -> tuple[Array, Array]:
        """Return temperature and slope of the sensor (N, GRID), `step` (N,) s apart."""
        parts = np.exp(np.maximum(self.rates[:, :, None] * (step[:, None] * _NUMBERS)[:, None], -_LONGEST))
        found = self.weights[:, :2] @ parts
        return found[:, 0] + self.ultimate[:, None], found[:, 1]

    def at(self, time: Array) -> Array:
        """Return sensor, block and body (N, 3) at `time` (N,)."""
        parts = np.exp(np.maximum(self.rates * time[:, None], -_LONGEST))
        return np.asarray((self.weights[:, _STATES] @ parts[:, :, None])[:, :, 0] + self.ultimate[:, None])


def _full_power(heater: _Heater, sensor: Array, block: Array, body: Array) -> _FullPower:
    """Return how sensor, block and body go on from these temperatures: each is a sum of three exponentials."""
    shared, slowness, ultimate = heater.conductance, 1.0 / heater.soak_time, heater.ultimate
    own = heater.loss + shared
    apart = np.sqrt((own - slowness) ** 2 + 4.0 * shared * slowness)
    fast = 0.5 * (own + slowness + apart)
    slow = heater.loss * slowness / fast
    # Guard: with equal time constants of sensor and block the formula divides by zero.
    lag = heater.lag
    for rate in (fast, slow):
        lag = np.where(np.abs(1.0 - rate * lag) < _APART, lag * (1.0 + 2.0 * _APART), lag)
    quick = ((own - slow) * (block - ultimate) - shared * (body - ultimate)) / apart
    lasting = block - ultimate - quick
    sensor_quick, sensor_lasting = quick / (1.0 - fast * lag), lasting / (1.0 - slow * lag)
    weights = np.zeros((len(lag), 4, 3))
    weights[:, 0, 0], weights[:, 0, 1] = sensor_quick, sensor_lasting
    weights[:, 0, 2] = sensor - ultimate - sensor_quick - sensor_lasting
    weights[:, 2, 0], weights[:, 2, 1] = quick, lasting
    weights[:, 3, 0], weights[:, 3, 1] = quick * (own - fast) / shared, lasting * (own - slow) / shared
    rates = np.array([-fast, -slow, -1.0 / lag]).T
    weights[:, 1] = weights[:, 0] * rates
    return _FullPower(ultimate, rates, weights)


def _controlled(
    start: Start, goal: Goal, control: _Control, delay: Array, step: Array, heater: _Heater, free: _FullPower
) -> HeatingCurves:
    """Switch from full power (`free`) to the controller where it demands less."""
    target, band, derivative, integral = control.target, control.band, control.derivative, control.integral
    sensor, slope = free.on_grid(step)
    demand = (band - target - integral)[:, None] + sensor + derivative[:, None] * slope
    switch = _crossing(demand, step)
    integral_time = _INTEGRAL_OVER_DERIVATIVE * derivative
    late_step = (3.0 * band / control.power + 2.0 * (derivative + integral_time + delay)) / (GRID - 1)
    taken = np.ones((len(step), 6))
    taken[:, :3], taken[:, 4], taken[:, 5] = free.at(switch), integral, demand[:, 0] <= 0.0
    held = _linear_system(_loop(control, heater, delay, integral_time), late_step, taken)
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
        np.concatenate([slope, (held[:, :, 1] - held[:, :, 0]) / heater.lag[:, None]], axis=1),
        reach + delay,
        switch,
        late_step,
    )


def _loop(control: _Control, heater: _Heater, delay: Array, integral_time: Array) -> Array:
    """Return the transposed matrices (N, 6, 6) of sensor, block, body, 1, integral, and the share of the power that has
    arrived."""
    loop = np.zeros((len(delay), 6, 6))
    loop[:, 1, 0] = 1.0 / heater.lag
    loop[:, 0, 0] = -loop[:, 1, 0]
    loop[:, 2, 1] = heater.conductance
    loop[:, 1, 1], loop[:, 3, 1], loop[:, 5, 1] = (
        -heater.loss - heater.conductance,
        heater.loss * AMBIENT,
        control.power,
    )
    loop[:, 1, 2] = 1.0 / heater.soak_time
    loop[:, 2, 2] = -loop[:, 1, 2]
    loop[:, 3, 4] = control.target / integral_time
    loop[:, 0, 4] = -1.0 / integral_time
    late = 1.0 / (control.band * delay)
    lead = control.derivative / heater.lag
    loop[:, 0, 5], loop[:, 1, 5] = (lead - 1.0) * late, -lead * late
    loop[:, 3, 5], loop[:, 4, 5], loop[:, 5, 5] = control.target * late, late, -1.0 / delay
    return loop


def _linear_system(transposed: Array, step: Array, initial: Array) -> Array:
    """Solve x' = A x on a uniform grid, given Aᵀ: (N, n, n), (N,), (N, n) → (N, GRID, n).

    The transition over one step is the trapezoidal rule with squaring; the grid is filled by doubling.
    """
    squarings = 6
    small = transposed * (0.5 * step / 2.0**squarings)[:, None, None]
    size = transposed.shape[1]
    unit = np.eye(size)
    transition = np.linalg.solve(unit - small, unit + small)
    for _ in range(squarings):
        transition = transition @ transition
    states = np.empty((len(step), GRID, size))
    states[:, 0] = initial
    filled = 1
    while filled < GRID:
        np.matmul(states[:, :filled], transition, out=states[:, filled : 2 * filled])
        filled *= 2
        if filled < GRID:
            transition = transition @ transition
    return states


def _crossing(above: Array, step: Array) -> Array:
    """Return the time (N,) at which each row of `above` (N, G) passes zero upwards; the grid's end if never."""
    passed = above >= 0.0
    passed[:, -1] = True
    index = passed.argmax(axis=1)
    before = np.maximum(index - 1, 0)
    rows = np.arange(len(step))
    below = above[rows, before]
    part = -below / np.maximum(above[rows, index] - below, 1e-9)
    return np.asarray((before + np.minimum(np.maximum(part, 0.0), 1.0)) * step)
