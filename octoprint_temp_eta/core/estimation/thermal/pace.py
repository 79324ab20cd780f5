"""How fast a heater heats, as a share of what this very heater does: formula 20; small where it has stalled.

It is a convenience, not a safety device: the firmware's thermal protection is that.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from ..estimator import ARRIVAL_TOLERANCE, Goal, HeaterKind
from .curves import curves
from .heating import GRID
from .physics import Array, Start
from .prior import Belief

#: A heater that advances at less than this share of its usual pace has stalled: a failed cartridge, a loose
#: thermistor, an open door. Far below what fans, voltage and the seasons do.
STALLED_PACE: Final = 0.3
#: s that the pace is taken over.
_WINDOW_S: Final = {HeaterKind.TOOL: 10.0, HeaterKind.BED: 30.0, HeaterKind.CHAMBER: 120.0}
#: °C from the target within which the controller, not the heater, sets the pace.
_CONTROLLED_C: Final = {HeaterKind.TOOL: 12.0, HeaterKind.BED: 5.0, HeaterKind.CHAMBER: 5.0}
#: °C that readings may tremble: no pace is told where the heater would not climb more than that anyway.
_TREMBLE_C: Final = 1.5


class Pace:
    """Compares a heating with the curve that is expected of this heater, by the way made, not by the time taken."""

    def __init__(self, kind: HeaterKind, goal: Goal, start: Start, belief: Belief) -> None:
        """`belief`: of the heater before this heating, so that a fault is not mistaken for its nature."""
        expected = curves(kind, goal, start, belief.mean[None])
        self._begins = float(expected.delay[0])
        times = np.linspace(self._begins, float(expected.reach[0]), GRID)
        warmer = np.maximum.accumulate(expected.at(times)[0][0])
        rising = np.concatenate([[True], np.diff(warmer) > 1e-6])
        self._temperatures: Array = warmer[rising]
        self._times: Array = times[rising]
        self._window = _WINDOW_S[kind]
        self._until = goal.temperature - ARRIVAL_TOLERANCE - _CONTROLLED_C[kind]
        self._readings: deque[tuple[float, float]] = deque()

    def update(self, time: float, actual: float) -> float | None:
        """Return the pace at `time` s after the start, None where it can't be told."""
        self._readings.append((time, actual))
        while len(self._readings) > 2 and self._readings[1][0] <= time - self._window:
            self._readings.popleft()
        before, earlier = self._readings[0]
        elapsed = time - before
        if elapsed < 0.9 * self._window or before < 2.0 * self._begins or max(actual, earlier) > self._until:
            return None
        place, place_before = np.interp([actual, earlier], self._temperatures, self._times)
        usual = float(np.interp(place_before + elapsed, self._times, self._temperatures)) - earlier
        return max(float(place - place_before) / elapsed, 0.0) if usual >= _TREMBLE_C else None
