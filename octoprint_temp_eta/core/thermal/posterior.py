"""What is believed of the present episode, reading by reading: formulas 12–16 of docs/estimator.md."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..estimator import Estimate, Goal, HeaterKind
from .fit import Readings, fit, nudges
from .physics import Array, Start, curves
from .prior import Belief

#: Error of a reading in °C …
READING_ERROR = 0.3
#: … and of a curve's clock, relative to the time since the start: how far the shape can be trusted.
CLOCK_ERROR = 0.03
#: As how many independent readings those of an episode count together.
INDEPENDENT = 6.0
#: s that are added to the time since the start, so that the very first readings don't count as a whole episode.
SETTLING = 1.0
#: Readings that are kept; when there are more, every second one goes.
_READINGS: Final = 80
#: Gauss–Newton steps per reading: the readings before have brought it near already.
_STEPS: Final = 2
#: Half of the central 80 % of a Gaussian, in standard deviations.
_EIGHTY: Final = 1.2816
OFFSET = 0.05


class Posterior:
    """The most probable curve of an episode, and how certain its arrival is."""

    def __init__(self, kind: HeaterKind, goal: Goal, start: Start, belief: Belief) -> None:
        self._kind, self._goal, self._start, self._belief = kind, goal, start, belief
        self._times: list[float] = [0.0]
        self._actuals: list[float] = [start.temperature]
        self.parameters = belief.mean
        self.covariance = belief.covariance

    def update(self, time: float, actual: float) -> None:
        """Take the reading `actual` (°C), `time` s after the start."""
        if time <= self._times[-1]:
            return
        self._times.append(time)
        self._actuals.append(actual)
        if len(self._times) > _READINGS:
            self._times, self._actuals = self._times[:1] + self._times[1::2], self._actuals[:1] + self._actuals[1::2]
        times, actuals = np.array(self._times), np.array(self._actuals)
        weights = np.diff(times, prepend=0.0) * (INDEPENDENT / (times[-1] + SETTLING))
        readings = Readings(times, actuals, weights, READING_ERROR, CLOCK_ERROR)
        found = fit(self._kind, self._goal, self._start, readings, self._belief, self.parameters, _STEPS)
        self.parameters = found.parameters
        self.covariance = np.linalg.inv(found.information + np.linalg.inv(self._belief.covariance))

    def estimate(self) -> Estimate:
        """Return when the goal is reached, as seen from the newest reading."""
        nudge = nudges(self._goal.direction)
        around = np.vstack([self.parameters, self.parameters + np.diag(nudge)])
        rest = self._remaining(around)
        eta = float(rest[0])
        gradient = (rest[1:] - rest[0]) / nudge
        deviation = float(np.sqrt(max(gradient @ self.covariance @ gradient, 0.0)))
        spread = np.exp(_EIGHTY * min(deviation / (eta + 0.5), 2.0))
        return Estimate(eta, (eta + 0.5) / spread - 0.5 if eta > 0 else 0.0, (eta + 0.5) * spread - 0.5)

    def _remaining(self, parameters: Array) -> Array:
        """Return the seconds until arrival (N,) on each curve, from where on it the newest readings are."""
        drawn = curves(self._kind, self._goal, self._start, parameters)
        time, actual = self._times[-1], self._actuals[-1]
        temperature, slope = drawn.at(np.array([time]))
        off, slope = actual - temperature[:, 0], slope[:, 0]
        variance = (OFFSET * (time + 1.0)) ** 2
        ahead = off * slope * variance / (slope**2 * variance + 0.15**2)
        rest = drawn.reach - time
        limit = 0.3 * np.maximum(rest, 1.0) + 2.0
        return np.maximum(rest - np.clip(ahead, -limit, limit), 0.0)
