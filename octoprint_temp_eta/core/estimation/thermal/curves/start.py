"""The state at the start of an episode, from the readings before it (formula 3 of docs/background/estimator.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ...estimator import Direction, Goal, Sample
from .physics import Array, Start

#: Seconds of readings for the slope at the start, …
_SLOPE_WINDOW: Final = 8.0
#: … if they have at least this number of readings; …
_SLOPE_READINGS: Final = 4
#: … else the newest three within this number of seconds, as with a poll interval of 5 s.
_SPARSE_WINDOW: Final = 16.0
#: Range of slopes in K/s; a steeper one is an error of a reading.
_SLOPE_BOUNDS: Final = (-4.0, 15.0)
#: Most points of the history.
_HISTORY: Final = 24
#: Seconds of readings before the start for their noise.
_NOISE_WINDOW: Final = 40.0
#: Share of the step over two readings by which a reading between them is off as its time jitters.
_JITTER: Final = 0.1


def noise_of(times: Array, values: Array) -> float:
    """Return the standard deviation in °C of readings `values` (n,) at `times` (n,) about a smooth curve, 0 if too few.

    It is the median distance of a reading from the line between its neighbours, so a bend or an outlier has no weight.
    A share of the step to a neighbour is ignored: the times of readings jitter.
    """
    if len(times) < 5:
        return 0.0
    part = (times[1:-1] - times[:-2]) / np.maximum(times[2:] - times[:-2], 1e-6)
    off = values[1:-1] - (1.0 - part) * values[:-2] - part * values[2:]
    distance = np.maximum(np.abs(off) - _JITTER * np.abs(values[2:] - values[:-2]), 0.0)
    # np.median would import numpy.ma, which takes 1 MiB, and np.sort loads 0.2 MiB of numpy's library.
    ordered = sorted((distance / np.sqrt(1.0 + part**2 + (1.0 - part) ** 2)).tolist())
    return 1.4826 * float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2.0


def start_of(goal: Goal, before: Sequence[Sample], first: Sample) -> Start:
    """Return the start of an episode whose first reading is `first`, after the readings `before`."""
    history = [sample for sample in before if 0.0 < first.at - sample.at <= 120.0]
    near = [*(sample for sample in history if first.at - sample.at <= _NOISE_WINDOW), first]
    noise = noise_of(np.array([sample.at for sample in near]), np.array([sample.actual for sample in near]))
    recent = [sample for sample in history if first.at - sample.at <= _SLOPE_WINDOW]
    if goal.direction is Direction.HEATING:
        recent.append(first)  # a new target has had no effect yet, and the slope of a heater that cools is the newest
    if len(recent) < _SLOPE_READINGS:
        recent = [*(sample for sample in history[-2:] if first.at - sample.at <= _SPARSE_WINDOW), first]
    temperature, slope = first.actual, 0.0
    if len(recent) >= 3:
        ages = np.array([first.at - sample.at for sample in recent])
        values = np.array([sample.actual for sample in recent])
        centred = ages - ages.mean()
        slope = float(np.clip(-(centred @ values) / max(float(centred @ centred), 1e-6), *_SLOPE_BOUNDS))
        # A slope that noise explains is none.
        slope *= max(0.0, 1.0 - noise**2 / max(slope**2 * float(centred @ centred), 1e-9))
        temperature = 0.5 * temperature + 0.5 * float(values.mean() + slope * ages.mean())
    if goal.direction is Direction.COOLING and slope >= 0.0:
        temperature, slope = first.actual, 0.0
    kept = history[:: max(1, len(history) // _HISTORY)]
    return Start(
        temperature,
        slope,
        np.array([first.at - sample.at for sample in kept] + [0.0]),
        np.array([sample.actual for sample in kept] + [first.actual]),
        _held(goal, history),
        noise,
    )


def _held(goal: Goal, history: Sequence[Sample]) -> float:
    """Return the target in °C that was held before the start, 0 if none."""
    if goal.direction is Direction.COOLING or len(history) < _SLOPE_READINGS:
        return 0.0
    last = next((sample for sample in reversed(history) if sample.target > 0.0), None)
    return last.target if last is not None and abs(last.actual - last.target) < 5.0 else 0.0
