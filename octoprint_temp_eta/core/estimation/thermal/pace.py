"""The heating rate as a share of this heater's usual rate (formula 20): small when the heater has stalled.

A convenience, not a safety device: that is the firmware's thermal protection. A chamber has none: what heats it differs
(the bed, what is printed), and its slow curve is known too little.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from ..estimator import ARRIVAL_TOLERANCE, Goal, HeaterKind
from .curves.curves import curves
from .curves.heating import GRID
from .curves.physics import Array, Start
from .inference.prior import Belief

#: Pace below which a heater has stalled: a failed cartridge, a loose thermistor, an open door. Fans, mains voltage and
#: ambient temperature have far smaller effects.
STALLED_PACE: Final = 0.3
#: Seconds of readings for the pace.
_WINDOW_S: Final = {HeaterKind.TOOL: 10.0, HeaterKind.BED: 30.0}
#: How far below the target, in °C, the controller begins to limit the rate instead of the heater.
_CONTROLLED_C: Final = {HeaterKind.TOOL: 12.0, HeaterKind.BED: 5.0}
#: Noise of the readings in °C: there is no pace where the expected rise is smaller.
_TREMBLE_C: Final = 1.5


class Pace:
    """Compares a heat-up with the expected curve of this heater."""

    def __init__(self, kind: HeaterKind, goal: Goal, start: Start, belief: Belief) -> None:
        """`belief`: the one before this heat-up, so that it does not include a fault."""
        expected = curves(kind, goal, start, belief.mean[None])
        self._delay = float(expected.delay[0])
        times = np.linspace(self._delay, float(expected.reach[0]), GRID)
        warmer = np.maximum.accumulate(expected.at(times)[0][0])
        rising = np.concatenate([[True], np.diff(warmer) > 1e-6])
        self._temperatures: Array = warmer[rising]
        self._times: Array = times[rising]
        self._window = _WINDOW_S[kind]
        self._until = goal.temperature - ARRIVAL_TOLERANCE - _CONTROLLED_C[kind]
        self._readings: deque[tuple[float, float]] = deque()

    def update(self, time: float, actual: float) -> float | None:
        """Return the pace at `time` s after the start, None if there is none."""
        self._readings.append((time, actual))
        while len(self._readings) > 2 and self._readings[1][0] <= time - self._window:
            self._readings.popleft()
        before, earlier = self._readings[0]
        elapsed = time - before
        if elapsed < 0.9 * self._window or before < 2.0 * self._delay or max(actual, earlier) > self._until:
            return None
        place, place_before = np.interp([actual, earlier], self._temperatures, self._times)
        usual = float(np.interp(place_before + elapsed, self._times, self._temperatures)) - earlier
        return max(float(place - place_before) / elapsed, 0.0) if usual >= _TREMBLE_C else None
