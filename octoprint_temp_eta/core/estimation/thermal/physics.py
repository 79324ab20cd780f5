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
    "ln_band",
    "ln_derivative",
    "wound",
    "ln_soak",
    "ln_soak_time",
)
COOLING: Final = ("ln_loss", "ln_lag", "ln_delay", "ambient", "ln_soak", "ln_soak_time")
PARAMETERS: Final = {Direction.HEATING: HEATING, Direction.COOLING: COOLING}

#: Integral over derivative time of a controller tuned after Ziegler and Nichols, as firmwares do it.
_INTEGRAL_OVER_DERIVATIVE: Final = 4.0

#: s that a heater is taken to have been at the temperature of its oldest reading, from cold: a body slower than that
#: is still cold within. One figure for all printers: some minutes of heating and holding.
SOAKED_S: Final = 300.0

#: Bounds of the parameters: far outside of any heater, they only keep the arithmetic finite.
_BOUNDS: Final = {
    Direction.HEATING: (
        np.array([*np.log([0.005, 1e-5, 0.15, 0.05, 0.3, 0.2]), -1.0, *np.log([1e-3, 5.0])]),
        np.array([*np.log([60.0, 0.08, 60.0, 40.0, 80.0, 90.0]), 2.0, *np.log([5.0, 600.0])]),
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
    """What is known when an episode begins: temperature, its slope (K/s), the history (ages ≥ 0 in s, °C), and the
    target in °C that was held until then, 0 if none."""

    temperature: float
    slope: float
    ages: Array
    temperatures: Array
    held: float = 0.0


@dataclass(frozen=True, slots=True)
class Curves:
    """N curves: `delay`, `step`, `reach` are (N,), `temperature` and `slope` (N, G) from `delay` on in `step`s.

    `reach` is the time of arrival in s since the start. Where the controller takes over, `switch` s after the delay,
    G more points follow in `late_step`s.
    """

    start: float
    slope0: float
    delay: Array
    step: Array
    temperature: Array
    slope: Array
    reach: Array
    switch: Array | None = None
    late_step: Array | None = None

    def at(self, times: Array) -> tuple[Array, Array]:
        """Return temperatures and slopes (N, n) of the curves at `times` (n,) s after the start."""
        since = times - self.delay[:, None]
        position = since / self.step[:, None]
        inside = np.clip(position, 0.0, GRID - 1.001)
        if self.switch is not None and self.late_step is not None:
            late = since - self.switch[:, None]
            inside = np.where(late < 0.0, inside, GRID + np.clip(late / self.late_step[:, None], 0.0, GRID - 1.001))
        index = inside.astype(np.intp)
        part = inside - index
        size = self.temperature.shape[1]
        index += np.arange(0, len(index) * size, size)[:, None]
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
    rate, loss, lag, delay, band, derivative, _, soak, soak_time = np.exp(parameters).T
    target = goal.temperature
    power = rate + loss * (reference - AMBIENT)
    # Guard: a heater that could not hold its target would never arrive; its loss is the most it can afford.
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
    initial = np.stack([sensor, block, _low_passed(start, soak_time), np.ones_like(lag)], axis=1)
    free = _linear_system(system, step, initial)
    held, wound = (start.held, 1.0) if start.held else (target, parameters[:, 6])
    control = _Control(target, power, band, derivative, wound * band * loss * (held - AMBIENT) / power)
    return _controlled(start, goal, control, delay, step, system, free, lag)


@dataclass(frozen=True, slots=True)
class _Control:
    """A controller towards `target`: full `power` in K/s, `band` in K, `derivative` in s, `integral` in K, all (N,)."""

    target: float
    power: Array
    band: Array
    derivative: Array
    integral: Array


def _controlled(
    start: Start, goal: Goal, control: _Control, delay: Array, step: Array, system: Array, free: Array, lag: Array
) -> Curves:
    """Let the controller take over from full power (`free`) where it asks for less."""
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
    # Guard: a controller may ask for more than full power again, but will not get it.
    soonest = _crossing(sensor - goal.threshold, step)
    reach = np.where(taken[:, 0] < goal.threshold, np.maximum(late, soonest), soonest)
    return Curves(
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
