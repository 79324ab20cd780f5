"""The learned state of a heater as JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ....frozen import frozen
from ...estimator import Direction, Goal, HeaterKind, LearnedState
from ...samples import PLAUSIBLE_C
from ..curves.physics import PARAMETERS, Array, Start
from ..inference.prior import Belief, Population, inverted
from .learning import Trace, fit_heater, linearise, predictive

#: The layout below; a state of another version is ignored.
VERSION: Final = 2
#: Episodes kept of each direction; older ones are dropped.
_TRACES: Final = 6
#: The longest time in a trace, in seconds: ten days.
LONGEST_S: Final = 864_000.0
#: An episode is odd if its parameters are this far from the belief (squared, in standard deviations) …
ODD_DISTANCE = 60.0
#: … or if no parameters explain it: rms of the residuals, in standard deviations.
ODD_MISFIT = 4.0


@frozen
class Memory:
    """A heater in one direction: the belief, its traces, and the newest trace if that was odd."""

    belief: Belief
    traces: tuple[Trace, ...]
    odd: Trace | None = None


def recall(state: LearnedState | None, direction: Direction) -> Memory | None:
    """Return the memory in `state`, None if it is empty, of another version, or invalid."""
    if state is None or state.get("version") != VERSION:
        return None
    try:
        row = state[direction.value]
        belief = Belief(np.array(row["mean"], float), np.array(row["covariance"], float))
        traces = tuple(_trace(direction, each) for each in row["traces"])
        odd = _trace(direction, row["odd"]) if row.get("odd") else None
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    size = len(PARAMETERS[direction])
    if belief.mean.shape != (size,) or belief.covariance.shape != (size, size):
        return None
    if not (np.isfinite(belief.mean).all() and np.isfinite(belief.covariance).all()):
        return None
    return Memory(belief, traces, odd) if _is_positive_definite(belief.covariance) else None


def _is_positive_definite(matrix: Array) -> bool:
    try:
        np.linalg.cholesky(matrix)  # the eigenvalues would load another 0.6 MiB of LAPACK
    except np.linalg.LinAlgError:
        return False
    return True


def remember(state: LearnedState | None, direction: Direction, memory: Memory) -> LearnedState:
    """Return `state` with `memory` for one direction."""
    kept = dict(state) if state is not None and state.get("version") == VERSION else {}
    kept["version"] = VERSION
    kept[direction.value] = {
        "mean": _rounded(memory.belief.mean, 5),
        "covariance": [_rounded(row, 8) for row in memory.belief.covariance],
        "traces": [_row(trace) for trace in memory.traces],
        "odd": _row(memory.odd) if memory.odd is not None else None,
    }
    return kept


def with_trace(kind: HeaterKind, population: Population, memory: Memory | None, trace: Trace) -> Memory | None:
    """Return the memory with one more trace.

    An odd episode is kept aside, as a fan or an open door must not be learned. If the next one is odd too, the heater
    has changed, and the earlier traces are dropped.
    """
    if memory is not None and is_odd(kind, population, memory.belief, trace):
        if memory.odd is None:
            return Memory(memory.belief, memory.traces, trace)
        traces: Sequence[Trace] = (memory.odd, trace)
        return Memory(fit_heater(kind, traces, population).belief, tuple(traces))
    if memory is None and misfit(kind, population, population.heater, trace) > ODD_MISFIT:
        return None
    traces = (*(memory.traces if memory else ()), trace)[-_TRACES:]
    guess = memory.belief.mean if memory else None
    return Memory(fit_heater(kind, traces, population, guess).belief, tuple(traces))


def distance(kind: HeaterKind, population: Population, heater: Belief, trace: Trace) -> float:
    """Return how far (squared, in standard deviations) the parameters of a trace are from the belief."""
    inverse = inverted(predictive(population, heater).covariance)
    deviation = linearise(kind, trace, heater.mean, inverse).deviation
    return float(deviation @ inverse @ deviation)


def misfit(kind: HeaterKind, population: Population, heater: Belief, trace: Trace) -> float:
    """Return the rms of the residuals of the best fit to a trace, in standard deviations."""
    wide = Population(heater.mean, 4.0 * (heater.covariance + population.within), population.within)
    return fit_heater(kind, (trace,), wide, heater.mean).misfit


def is_odd(kind: HeaterKind, population: Population, heater: Belief, trace: Trace) -> bool:
    """Return whether a trace contradicts the belief about the heater."""
    return (
        distance(kind, population, heater, trace) > ODD_DISTANCE or misfit(kind, population, heater, trace) > ODD_MISFIT
    )


def _rounded(values: Array, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def _row(trace: Trace) -> dict[str, Any]:
    return {
        "goal": trace.goal.temperature,
        "reach": round(trace.reach, 2),
        "noise": round(trace.noise, 3),
        "start": [round(trace.start.temperature, 2), round(trace.start.slope, 4), trace.start.held],
        "ages": _rounded(trace.start.ages, 1),
        "history": _rounded(trace.start.temperatures, 1),
        "times": _rounded(trace.times, 2),
        "temperatures": _rounded(trace.temperatures, 2),
    }


def _trace(direction: Direction, row: Mapping[str, Any]) -> Trace:
    temperature, slope, held = (float(value) for value in row["start"])
    start = Start(temperature, slope, np.array(row["ages"], float), np.array(row["history"], float), held)
    times, temperatures = np.array(row["times"], float), np.array(row["temperatures"], float)
    if not (len(times) == len(temperatures) >= 2 and len(start.ages) == len(start.temperatures)):
        raise ValueError("trace: times and temperatures must be as many, at least 2")
    goal, reach, noise = Goal(direction, float(row["goal"])), float(row["reach"]), float(row.get("noise", 0.0))
    seconds = (times, start.ages, np.array([reach]))
    celsius = (temperatures, start.temperatures, np.array([temperature, held, goal.temperature]))
    low, high = PLAUSIBLE_C
    # A comparison with NaN is false.
    if not all(((each >= 0.0) & (each <= LONGEST_S)).all() for each in seconds) or not 0.0 <= noise <= high:
        raise ValueError("trace: a time or the noise is impossible")
    if not all(((each >= low) & (each <= high)).all() for each in celsius) or not abs(slope) <= high:
        raise ValueError("trace: a temperature or the slope is impossible")
    return Trace(goal, start, times, temperatures, reach, noise)
