"""What is believed of the present episode, reading by reading: formulas 9–15 of docs/estimator.md."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..estimator import Direction, Estimate, Goal, HeaterKind
from .fit import Readings, fit
from .physics import Array, Curves, Start
from .prior import Belief, inverted

#: Error of a reading in °C.
_READING_ERROR: Final = 0.3
#: Error of a curve's clock, relative to the time since the start: how far the shape can be trusted.
_CLOCK_ERROR: Final = {Direction.HEATING: 0.015, Direction.COOLING: 0.03}
#: As how many independent readings those of an episode count together: errors of the shape last.
_INDEPENDENT: Final = {Direction.HEATING: 6.0, Direction.COOLING: 40.0}
#: Readings fade over this share of the time since the start: the newest ones tell most of what is to come.
_MEMORY: Final = 0.5
#: s that are added to the time since the start, so that the very first readings don't count as a whole episode.
_SETTLING: Final = 1.0
#: Readings that are kept; when there are more, every second one goes.
_READINGS: Final = 80
#: Gauss–Newton steps per reading: the readings before have brought it near already, …
_STEPS: Final = 1
#: … but for the first readings of an unknown heater that cools, which have far to go.
_FIRST: Final = 40
_FIRST_STEPS: Final = 2
#: How far a curve may be ahead or behind, relative to the time since the start, and the tremble of a reading in °C:
#: where the heater is on the curve is weighed from the two.
_AHEAD: Final = 0.05
_TREMBLE: Final = 0.15
#: Cooling: so many of the newest readings are averaged for it, weighted with this memory relative to the time since the
#: start, as a sensor's steps of 0.1 °C are seconds there.
_NEWEST: Final = {Direction.HEATING: 1, Direction.COOLING: 16}
_NEWEST_MEMORY: Final = 0.03
#: Half of the central 80 % of a Gaussian, in standard deviations.
EIGHTY: Final = 1.2816
#: Half a second that intervals are not relative to.
TICK_S: Final = 0.5
#: A standard deviation of ln ETA that is not believed.
_LARGE: Final = {Direction.HEATING: 1.0, Direction.COOLING: 0.5}
#: What the standard deviations are to be multiplied by, per direction and whether the heater was seen before,
#: so that 80 % are 80 %: measured on printers that the prior was not fitted on.
_WIDEN: Final = {
    (Direction.HEATING, False): 0.9,
    (Direction.HEATING, True): 1.0,
    (Direction.COOLING, False): 1.1,
    (Direction.COOLING, True): 1.7,
}


class Posterior:
    """The most probable curve of an episode, and how certain its arrival is."""

    def __init__(self, kind: HeaterKind, goal: Goal, start: Start, belief: Belief, *, seen: bool) -> None:
        """`seen`: whether the belief comes from earlier episodes of this very heater."""
        self._widen = _WIDEN[goal.direction, seen]
        self._kind, self._goal, self._start, self._belief = kind, goal, start, belief
        self._first = 0 if seen or goal.direction is Direction.HEATING else _FIRST
        self._times: list[float] = [0.0]
        self._actuals: list[float] = [start.temperature]
        self.parameters = belief.mean
        self.covariance = belief.covariance
        self._refit()

    def update(self, time: float, actual: float) -> None:
        """Take the reading `actual` (°C), `time` s after the start."""
        if time > self._times[-1]:
            self._times.append(time)
            self._actuals.append(actual)
        self._refit()

    def _refit(self) -> None:
        if len(self._times) > _READINGS:
            self._times, self._actuals = self._times[:1] + self._times[1::2], self._actuals[:1] + self._actuals[1::2]
        times, actuals = np.array(self._times), np.array(self._actuals)
        weights = np.diff(times, prepend=0.0) * np.exp((times - times[-1]) / (_MEMORY * times[-1] + _SETTLING))
        weights *= _INDEPENDENT[self._goal.direction] / (times[-1] + _SETTLING)
        readings = Readings(times, actuals, weights, _READING_ERROR, _CLOCK_ERROR[self._goal.direction])
        steps = _FIRST_STEPS if len(times) <= self._first else _STEPS
        found = fit(self._kind, self._goal, self._start, readings, self._belief, self.parameters, steps)
        self.parameters = found.parameters
        self.covariance = inverted(found.information + found.pull)
        self._around, self._curve, self._nudge = found.around, found.curve, found.nudge

    def estimate(self) -> Estimate:
        """Return when the goal is reached, as seen from the newest reading: the answer whose expected error is least
        as a share of the whole way, and the interval around the median."""
        middle = float(self._remaining(self._curve)[0])
        rest = self._remaining(self._around)
        gradient = (rest[1:] - rest[0]) / self._nudge
        deviation = float(np.sqrt(max(gradient @ self.covariance @ gradient, 0.0)))
        sigma = self._widen * min(deviation / (middle + TICK_S), 2.0)
        share = middle / (self._times[-1] + middle + TICK_S)
        # Guard: where σ is large the linearisation says nothing any more; the answer stays inside its interval.
        eta = middle * float(np.exp(-sigma * min(sigma, _LARGE[self._goal.direction]) * share))
        spread = np.exp(EIGHTY * sigma)
        return Estimate(eta, max((middle + TICK_S) / spread - TICK_S, 0.0), (middle + TICK_S) * spread - TICK_S)

    def _remaining(self, drawn: Curves) -> Array:
        """Return the seconds until arrival (N,) on each curve, from where on it the newest readings are."""
        time, newest = self._times[-1], _NEWEST[self._goal.direction]
        times, actuals = np.array(self._times[-newest:]), np.array(self._actuals[-newest:])
        temperatures, slopes = drawn.at(times)
        weights = np.exp((times - time) / (_NEWEST_MEMORY * time + _SETTLING))
        off, slope = (actuals - temperatures) @ (weights / weights.sum()), slopes[:, -1]
        variance = (_AHEAD * (time + 1.0)) ** 2
        ahead = off * slope * variance / (slope**2 * variance + _TREMBLE**2)
        rest = drawn.reach - time
        limit = 0.3 * np.maximum(rest, 1.0) + 2.0
        return np.asarray(np.maximum(rest - np.clip(ahead, -limit, limit), 0.0))
