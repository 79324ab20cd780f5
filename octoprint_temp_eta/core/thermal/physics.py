"""The curve that a heater draws: formulas 1–8 of docs/estimator.md, for many parameter vectors at once.

All temperatures are °C, times s, rates K/s. N parameter vectors give N curves on G points each; every curve has a
grid of its own, so that fast and slow heaters are drawn equally finely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..estimator import Direction, Goal, HeaterKind

Array = NDArray[np.float64]

#: Points of a curve; a power of two, for the doubling in `_linear_system`.
GRID: Final = 128
#: Ambient temperature in °C that the loss of a heater at full power is reckoned from.
AMBIENT: Final = 25.0
#: Temperature in °C at which the heating rate is a parameter: mid-way, where it is known best.
REFERENCE: Final = {HeaterKind.TOOL: 130.0, HeaterKind.BED: 55.0, HeaterKind.CHAMBER: 40.0}

HEATING: Final = (
    "ln_rate",
    "ln_loss",
    "ln_lag",
    "ln_delay",
    "ln_approach",
    "ln_margin",
    "ln_soak",
    "ln_soak_time",
)
COOLING: Final = ("ln_loss", "ln_lag", "ln_delay", "ambient", "ln_soak", "ln_soak_time")
PARAMETERS: Final = {Direction.HEATING: HEATING, Direction.COOLING: COOLING}

#: How the time constant of the approach grows with the way, the way of the reference being 1: over a short one the
#: controller's integral part is wound up less. One figure for all printers.
_APPROACH_GROWS: Final = 0.25

#: s that a heater is taken to have been at the temperature of its oldest reading, from cold: a body slower than that
#: is still cold within. One figure for all printers: some minutes of heating and holding.
SOAKED_S: Final = 300.0

#: Bounds of the parameters: far outside of any heater, they only keep the arithmetic finite.
_BOUNDS: Final = {
    Direction.HEATING: (
        np.array([np.log(x) for x in (0.005, 1e-5, 0.15, 0.05, 0.2, 0.1, 1e-3, 5.0)]),
        np.array([np.log(x) for x in (60.0, 0.08, 60.0, 40.0, 100.0, 20.0, 5.0, 600.0)]),
    ),
    Direction.COOLING: (
        np.array([np.log(2e-5), np.log(0.15), np.log(0.05), 5.0, np.log(1e-3), np.log(5.0)]),
        np.array([np.log(0.2), np.log(60.0), np.log(40.0), 60.0, np.log(50.0), np.log(10000.0)]),
    ),
}


def bounded(direction: Direction, parameters: Array) -> Array:
    """Return `parameters` (…, P) within the bounds in which the formulas stay finite."""
    low, high = _BOUNDS[direction]
    return np.clip(parameters, low, high)


@dataclass(frozen=True, slots=True)
class Start:
    """What is known when an episode begins: temperature, its slope (K/s), and the history (ages ≥ 0 in s, °C)."""

    temperature: float
    slope: float
    ages: Array
    temperatures: Array


@dataclass(frozen=True, slots=True)
class Curves:
    """N curves: `delay`, `step`, `reach` are (N,), `temperature` and `slope` (N, G) from `delay` on in `step`s.

    `reach` is the time of arrival in s since the start.
    """

    start: float
    slope0: float
    delay: Array
    step: Array
    temperature: Array
    slope: Array
    reach: Array

    def at(self, times: Array) -> tuple[Array, Array]:
        """Return temperatures and slopes (N, n) of the curves at `times` (n,) s after the start."""
        position = (times - self.delay[:, None]) / self.step[:, None]
        inside = np.clip(position, 0.0, GRID - 1.001)
        index = inside.astype(np.intp)
        part = inside - index
        index += np.arange(0, len(index) * GRID, GRID)[:, None]
        flat, flat_slope = self.temperature.ravel(), self.slope.ravel()
        t0, s0 = flat[index], flat_slope[index]
        waiting = position < 0.0
        temperature = np.where(waiting, self.start + self.slope0 * times, t0 + part * (flat[index + 1] - t0))
        return temperature, np.where(waiting, self.slope0, s0 + part * (flat_slope[index + 1] - s0))


def curves(kind: HeaterKind, goal: Goal, start: Start, parameters: Array) -> Curves:
    """Return the curves of `parameters` (N, P), columns as `PARAMETERS` names them, from `start` to `goal`."""
    parameters = bounded(goal.direction, parameters)
    if goal.direction is Direction.HEATING:
        return _heating(REFERENCE[kind], goal, start, parameters)
    return _cooling(goal, start, parameters)


def _heating(reference: float, goal: Goal, start: Start, parameters: Array) -> Curves:
    rate, loss, lag, delay, approach, margin, soak, soak_time = np.exp(parameters).T
    threshold = goal.threshold
    size = max(goal.temperature - start.temperature, 2.0) / (reference - AMBIENT)
    approach = approach * size**_APPROACH_GROWS
    aim = threshold + margin
    power = rate + loss * (reference - AMBIENT)
    # Guard: a heater that could not hold its target would never arrive; its loss is the most it can afford.
    loss = np.minimum(loss, power / np.maximum(aim + 3.0 - AMBIENT, 5.0))
    ultimate = AMBIENT + power / loss
    sensor = start.temperature + start.slope * delay
    block = sensor + lag * start.slope
    body = _low_passed(start, soak_time)
    span = np.maximum(ultimate - block, 0.0) / np.maximum(ultimate - aim, 1e-3)
    slow = (1.0 + soak) / loss
    horizon = slow * np.log(np.maximum(span, 1.0)) * 1.02 + 4.0 * lag + np.minimum(soak_time, 20.0) * soak
    horizon += approach * np.log1p(approach * rate / (1.0 + soak) / margin) + 5.0
    step = horizon / (GRID - 1)
    zero = np.zeros_like(lag)
    conductance = soak / soak_time
    system = np.array(
        [
            [-1.0 / lag, 1.0 / lag, zero, zero],
            [zero, -loss - conductance, conductance, power + loss * AMBIENT],
            [zero, 1.0 / soak_time, -1.0 / soak_time, zero],
            [zero, zero, zero, zero],
        ]
    ).transpose(2, 0, 1)
    states = _linear_system(system, step, np.stack([sensor, block, body, np.ones_like(lag)], axis=1))
    free, slope = states[:, :, 0], (states[:, :, 1] - states[:, :, 0]) / lag[:, None]
    return _with_approach(start, threshold, aim, approach, delay, step, free, slope)


def _with_approach(
    start: Start,
    threshold: float,
    aim: Array,
    approach: Array,
    delay: Array,
    step: Array,
    free: Array,
    slope: Array,
) -> Curves:
    """Let the controller take over where full power would overtake the exponential approach to `aim`."""
    rows = np.arange(len(step))
    brake = aim[:, None] - free - approach[:, None] * slope
    braking = brake <= 0.0
    first = np.where(braking.any(axis=1), braking.argmax(axis=1), GRID - 1)
    before = np.maximum(first - 1, 0)
    b0, b1 = brake[rows, before], brake[rows, first]
    part = np.where(first > before, np.clip(b0 / np.where(b0 - b1 > 1e-9, b0 - b1, 1.0), 0.0, 1.0), 0.0)
    f0, f1 = free[rows, before], free[rows, first]
    switch = (before + part) * step
    distance = np.maximum(aim - (f0 + part * (f1 - f0)), 1e-6)
    times = np.arange(GRID) * step[:, None]
    braked = distance[:, None] * np.exp(-np.clip((times - switch[:, None]) / approach[:, None], 0.0, 60.0))
    controlled = times > switch[:, None]
    temperature = np.where(controlled, aim[:, None] - braked, free)
    slope = np.where(controlled, braked / approach[:, None], slope)
    margin = aim - threshold
    late = switch + approach * np.log(np.maximum(distance / margin, 1.0))
    reach = np.where(distance > margin, late, _crossing(free - threshold, step))
    return Curves(start.temperature, start.slope, delay, step, temperature, slope, reach + delay)


def _cooling(goal: Goal, start: Start, parameters: Array) -> Curves:
    loss, lag, delay = np.exp(parameters[:, :3]).T
    # Guard: surroundings at or above the goal would never let it cool that far.
    ambient = np.minimum(parameters[:, 3], min(goal.temperature, start.temperature) - 1.0)
    soak, soak_time = np.exp(parameters[:, 4:]).T
    sensor = start.temperature + start.slope * delay - ambient
    # Block and body together are a quick exponential and a slow one.
    own, shared = (1.0 + soak) * loss + soak / soak_time, soak / soak_time
    apart = np.sqrt((own - 1.0 / soak_time) ** 2 + 4.0 * shared / soak_time)
    fast = 0.5 * (own + 1.0 / soak_time + apart)
    slow = (1.0 + soak) * loss / (soak_time * fast)
    # Guard: a sensor slower than the block would follow itself; where the two are equal the formula divides by zero.
    lag = np.minimum(lag, 0.8 / fast)
    block = np.maximum(sensor + lag * start.slope, 0.0)
    body = _low_passed(start, soak_time, ambient) - ambient
    quick = (own * block - shared * body - slow * block) / apart
    sizes = np.stack([quick / (1.0 - fast * lag), (block - quick) / (1.0 - slow * lag)])
    sizes = np.concatenate([sizes, [sensor - sizes.sum(axis=0)]])
    rates = np.stack([fast, slow, 1.0 / lag])
    reach = _fallen(sizes, rates, goal.temperature - ambient)
    step = (1.3 * reach + 10.0) / (GRID - 1)
    times = np.arange(GRID) * step[:, None]
    parts = sizes[:, :, None] * np.exp(-np.minimum(rates[:, :, None] * times, 60.0))
    temperature, slope = ambient[:, None] + parts.sum(axis=0), -(rates[:, :, None] * parts).sum(axis=0)
    return Curves(start.temperature, start.slope, delay, step, temperature, slope, reach + delay)


def _fallen(sizes: Array, rates: Array, wanted: Array) -> Array:
    """Return when (N,) the sums of exponentials of `sizes` and `rates` (3, N) have fallen to `wanted` (N,) K."""
    low = np.zeros_like(wanted)
    high = np.log(np.maximum(np.abs(sizes).sum(axis=0) / wanted, 1.0)) / rates.min(axis=0) + 1.0
    for _ in range(24):
        middle = 0.5 * (low + high)
        above = (sizes * np.exp(-rates * middle)).sum(axis=0) > wanted
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(0.5 * (low + high))


def _low_passed(start: Start, time_constant: Array, cold: Array | None = None) -> Array:
    """Return the temperature (N,) of a body that followed the history with each `time_constant`.

    `cold` (N,) is where it began `SOAKED_S` before the oldest reading; without, it is taken to have kept up till then.
    """
    if len(start.ages) == 0:
        return np.full_like(time_constant, start.temperature)
    fading = np.exp(-start.ages / time_constant[:, None])
    oldest = np.full_like(time_constant, start.temperatures[0])
    if cold is not None:
        oldest += (cold - oldest) * np.exp(-SOAKED_S / time_constant)
    return np.asarray(oldest * fading[:, 0] + np.diff(fading, axis=1) @ start.temperatures[1:])


def _linear_system(system: Array, step: Array, initial: Array) -> Array:
    """Solve x' = A x exactly on a uniform grid: (N, 4, 4), (N,), (N, 4) → (N, GRID, 4).

    The transition over one step is a Taylor series with scaling and squaring; the grid is filled by doubling.
    """
    squarings = 10
    small = system * (step / 2.0**squarings)[:, None, None]
    unit = np.eye(4)
    transition = unit + small @ (unit + small @ (unit + small / 3.0) / 2.0)
    for _ in range(squarings):
        transition = transition @ transition
    states = np.empty((len(step), GRID, 4))
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
