"""What is believed of the present episode, reading by reading: formulas 9–15 of docs/estimator.md."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..estimator import Direction, Estimate, Goal, HeaterKind
from .fit import TAILS, Fit, Penalty, Readings, fit
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
#: Share of the time since the start after which the curve is fitted again, and the change in °C of the newest residual
#: that causes it earlier.
_REFIT: Final = 0.1
_SURPRISE: Final = 0.4
#: Gauss–Newton steps per fit, and per restart from the mean of the belief.
_STEPS: Final = 2
_RESTART_STEPS: Final = 8
#: Mean squared residual, in variances, from which a restart is tried: the descent may be in a local minimum.
_MISFIT: Final = 0.5
_TAILS_SEEN: Final = {Direction.HEATING: 20.0, Direction.COOLING: 5.0}
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
    """The most probable curve of the current episode, and the uncertainty of its arrival."""

    def __init__(self, kind: HeaterKind, goal: Goal, start: Start, belief: Belief, *, seen: bool) -> None:
        """`seen`: whether `belief` comes from earlier episodes of this heater."""
        self._widen = _WIDEN[goal.direction, seen]
        self._kind, self._goal, self._start = kind, goal, start
        self._prior = Penalty.of(belief, _TAILS_SEEN[goal.direction] if seen else TAILS[goal.direction])
        self._times: list[float] = [0.0]
        self._actuals: list[float] = [start.temperature]
        self._parameters = belief.mean
        self._restarted_at = 0.0
        self._refit()

    def update(self, time: float, actual: float) -> None:
        """Add the reading `actual` (°C), `time` s after the start."""
        if time <= self._times[-1]:
            return
        self._times.append(time)
        self._actuals.append(actual)
        if time >= self._fitted_at * (1.0 + _REFIT) or abs(self._off() - self._fitted_off) > _SURPRISE:
            self._refit()

    def estimate(self) -> Estimate:
        """Return the estimate as of the newest reading: the answer with the least expected error as a share of the
        whole episode, and the interval around the median."""
        middle = self._remaining(self._curve)
        sigma = self._widen * min(self._deviation / (middle + TICK_S), 2.0)
        share = middle / (self._times[-1] + middle + TICK_S)
        # Guard: with a large σ the linearisation is not valid; the answer stays inside its interval.
        eta = middle * float(np.exp(-sigma * min(sigma, _LARGE[self._goal.direction]) * share))
        spread = float(np.exp(EIGHTY * sigma))
        return Estimate(eta, max((middle + TICK_S) / spread - TICK_S, 0.0), (middle + TICK_S) * spread - TICK_S)

    def _refit(self) -> None:
        if len(self._times) > _READINGS:
            self._times, self._actuals = self._times[:1] + self._times[1::2], self._actuals[:1] + self._actuals[1::2]
        times, actuals = np.array(self._times), np.array(self._actuals)
        weights = np.diff(times, prepend=0.0) * np.exp((times - times[-1]) / (_MEMORY * times[-1] + _SETTLING))
        weights *= _INDEPENDENT[self._goal.direction] / (times[-1] + _SETTLING)
        readings = Readings(times, actuals, weights, _READING_ERROR, _CLOCK_ERROR[self._goal.direction])
        found = self._fit(readings, self._parameters, _STEPS)
        if found.squares > _MISFIT * float(weights.sum()) and times[-1] >= 1.3 * self._restarted_at + 2.0:
            self._restarted_at = float(times[-1])
            again = self._fit(readings, self._prior.mean, _RESTART_STEPS)
            found = again if again.cost < found.cost else found
        self._parameters, self._curve, self._fitted_at = found.parameters, found.curve, float(times[-1])
        rest = self._rest(found.around)
        gradient = (rest[1:] - rest[0]) / found.nudge
        self._deviation = float(np.sqrt(max(gradient @ inverted(found.certainty) @ gradient, 0.0)))
        self._fitted_off = self._off()

    def _fit(self, readings: Readings, guess: Array, steps: int) -> Fit:
        return fit(self._kind, self._goal, self._start, readings, self._prior, guess, steps)

    def _off(self) -> float:
        """Return how far (°C) the newest reading is above the curve."""
        return self._actuals[-1] - float(self._curve.at(np.array(self._times[-1:]))[0][0, 0])

    def _remaining(self, curve: Curves) -> float:
        return float(self._rest(curve)[0])

    def _rest(self, drawn: Curves) -> Array:
        """Return the seconds until arrival (N,) on each curve, from the point of the newest readings on it."""
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
