"""The state at the start of an episode, from the readings before it (formula 3 of docs/background/estimator.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ...estimator import Direction, Goal, Sample
from .physics import Start

#: Seconds of readings for the slope at the start, …
_SLOPE_WINDOW: Final = 8.0
#: … if they have at least so many readings; …
_SLOPE_READINGS: Final = 4
#: … else the newest three within so many seconds, as with a poll interval of 5 s.
_SPARSE_WINDOW: Final = 16.0
#: Range of slopes in K/s; a steeper one is an error of a reading.
_SLOPE_BOUNDS: Final = (-4.0, 15.0)
#: Most points of the history.
_HISTORY: Final = 24


def start_of(goal: Goal, before: Sequence[Sample], first: Sample) -> Start:
    """Return the start of an episode whose first reading is `first`, after the readings `before`."""
    history = [sample for sample in before if 0.0 < first.at - sample.at <= 120.0]
    recent = [sample for sample in history if first.at - sample.at <= _SLOPE_WINDOW]
    if len(recent) < _SLOPE_READINGS:
        recent = [*(sample for sample in history[-2:] if first.at - sample.at <= _SPARSE_WINDOW), first]
    temperature, slope = first.actual, 0.0
    if len(recent) >= 3:
        ages = np.array([first.at - sample.at for sample in recent])
        values = np.array([sample.actual for sample in recent])
        centred = ages - ages.mean()
        slope = float(np.clip(-(centred @ values) / max(float(centred @ centred), 1e-6), *_SLOPE_BOUNDS))
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
    )


def _held(goal: Goal, history: Sequence[Sample]) -> float:
    """Return the target in °C that was held before the start, 0 if none."""
    if goal.direction is Direction.COOLING or len(history) < _SLOPE_READINGS:
        return 0.0
    last = history[-1]
    return last.target if 0.0 < last.target < goal.temperature and abs(last.actual - last.target) < 5.0 else 0.0
