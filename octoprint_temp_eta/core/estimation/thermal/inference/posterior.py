"""The belief about the current episode, reading by reading: formulas 9–15 of docs/background/estimator.md."""

from __future__ import annotations

from math import exp
from typing import Final

import numpy as np

from ...estimator import Direction, Estimate, Goal, HeaterKind, Shape
from ..curves.physics import PARAMETERS, Array, Curves, Start
from ..curves.start import noise_of
from .fit import TAILS, Fit, Penalty, Readings, fit, unfitted
from .prior import Belief, inverted

#: Error of a reading in °C at least; a noisy thermistor has a larger one.
_READING_ERROR: Final = 0.3
#: Error of a curve's clock, relative to the time since the start.
_CLOCK_ERROR: Final = {Direction.HEATING: 0.008, Direction.COOLING: 0.015}
#: The number of independent readings that all readings count for, as errors of the shape are correlated: this many, and
#: one more for each of these periods in s since the start.
_INDEPENDENT: Final = {
    (Direction.HEATING, HeaterKind.TOOL): (3.0, 5.0),
    (Direction.HEATING, HeaterKind.BED): (24.0, 5.0),
    (Direction.HEATING, HeaterKind.CHAMBER): (24.0, 5.0),
    (Direction.COOLING, HeaterKind.TOOL): (160.0, 1.0),
    (Direction.COOLING, HeaterKind.BED): (160.0, 1.0),
    (Direction.COOLING, HeaterKind.CHAMBER): (160.0, np.inf),
}
#: The weight of readings decays over this share of the time since the start.
_MEMORY: Final = 0.5
#: Seconds added to the time since the start, so that the first readings have little weight.
_SETTLING: Final = 1.0
#: Most readings kept; at more, every second one is dropped.
_READINGS: Final = 80
#: Share of the time since the start after which the curve is fitted again, by direction and whether the heater was seen
#: before, and the change in °C of the newest residual that causes it earlier.
_REFIT: Final = {
    (Direction.HEATING, False): 0.1,
    (Direction.HEATING, True): 0.1,
    (Direction.COOLING, False): 0.05,
    (Direction.COOLING, True): 0.1,
}
_SURPRISE: Final = {Direction.HEATING: 0.8, Direction.COOLING: 0.4}
#: Factor of that share in the second half of the expected duration: estimates hardly change there.
_LATE: Final = {Direction.HEATING: 2.0, Direction.COOLING: 1.0}
#: Standard deviations of a noisy reading that count as a change.
_NOISES: Final = 3.0
#: Gauss–Newton steps per fit, and per restart from the mean of the belief.
_STEPS: Final = {Direction.HEATING: 1, Direction.COOLING: 2}
_RESTART_STEPS: Final = 6
#: Fits in a row with the same linearisation, whose curves are most of a fit's cost.
_FITS_ALIKE: Final = 4
#: Mean squared residual, in variances, from which a restart is tried: the descent may be in a local minimum.
_MISFIT: Final = 0.5
#: The curve is not fitted until the temperature has changed by this many °C, for at most this multiple of the expected
#: dead time and lag: until then, readings are the same for every heater.
_MOVED_C: Final = 0.6
_LONGEST_WAIT: Final = {Direction.HEATING: 0.5, Direction.COOLING: 1.0}
#: Standard deviations of a curve's time offset, relative to the time since the start, and of a reading in °C: they give
#: the weight of the newest residual.
_AHEAD: Final = 0.05
_TREMBLE: Final = 0.15
#: Newest readings in that residual, with the decay of their weight relative to the time since the start: while cooling,
#: a sensor's step of 0.1 °C takes seconds.
_NEWEST: Final = {Direction.HEATING: 1, Direction.COOLING: 16}
_NEWEST_MEMORY: Final = 0.03
#: Half of the central 80 % of a Gaussian, in standard deviations.
EIGHTY: Final = 1.2816
#: Pairs of `Posterior.shape`.
_POINTS: Final = 24
#: Seconds added to both ends of a ratio, so that it stays finite at the arrival.
TICK_S: Final = 0.5
#: An unknown hotend or bed takes at most this many standard deviations of ln ETA longer than expected at its start, or
#: this multiple of the time since: the curve of a slow start may hardly ever arrive. Chambers do take long.
_LONGEST: Final = 2.0
_LONGEST_ELAPSED: Final = 2.0
#: Largest standard deviation of ln ETA in formula 15.
_LARGE: Final = {Direction.HEATING: 1.0, Direction.COOLING: 0.5}
#: Factors of the standard deviation for formula 15, by direction and whether the heater was seen before, …
_WIDEN: Final = {
    (Direction.HEATING, False): 0.9,
    (Direction.HEATING, True): 1.0,
    (Direction.COOLING, False): 1.1,
    (Direction.COOLING, True): 1.7,
}
#: … and, on top of that, for the interval: chosen for a coverage of 80 % on printers that the prior was not fitted on.
_INTERVAL: Final = {
    (Direction.HEATING, False): 1.0,
    (Direction.HEATING, True): 1.1,
    (Direction.COOLING, False): 1.5,
    (Direction.COOLING, True): 1.4,
}
#: Factor of formula 15's exponent, by direction and whether the heater was seen before: an ETA that is too long costs
#: more than the formula's Gaussian has it. Chosen on hotends and beds; 1 for chambers.
_SHORTER: Final = {
    (Direction.HEATING, False): 1.3,
    (Direction.HEATING, True): 2.0,
    (Direction.COOLING, False): 2.0,
    (Direction.COOLING, True): 1.0,
}


class Posterior:
    """The most probable curve of the current episode, and the uncertainty of its arrival."""

    def __init__(self, kind: HeaterKind, goal: Goal, start: Start, belief: Belief, *, seen: bool) -> None:
        """`seen`: whether `belief` comes from earlier episodes of this heater."""
        self._widen, self._interval = _WIDEN[goal.direction, seen], _INTERVAL[goal.direction, seen]
        self._refit_share = _REFIT[goal.direction, seen]
        self._shorter = 1.0 if kind is HeaterKind.CHAMBER else _SHORTER[goal.direction, seen]
        self._independent, self._correlated_s = _INDEPENDENT[goal.direction, kind]
        self._kind, self._goal, self._start = kind, goal, start
        self._prior = Penalty.of(belief, TAILS[goal.direction])
        self._times: list[float] = [0.0]
        self._actuals: list[float] = [start.temperature]
        #: How many fits in a row had the linearisation of the last one.
        self._fits_alike = 1
        self._restarted_at = 0.0
        self._waiting = True
        self._noise = start.noise
        delay, lag = (PARAMETERS[goal.direction].index(name) for name in ("ln_delay", "ln_lag"))
        self._dead = float(np.exp(belief.mean[delay]) + np.exp(belief.mean[lag]))
        self._longest = np.inf
        self._use(unfitted(kind, goal, start, self._prior))
        if not seen and kind is not HeaterKind.CHAMBER:
            middle = self._remaining(self._curve)
            self._longest = middle * float(np.exp(_LONGEST * self._sigma(middle)))

    def update(self, time: float, actual: float) -> None:
        """Add the reading `actual` (°C), `time` s after the start."""
        if time <= self._times[-1]:
            return
        self._times.append(time)
        self._actuals.append(actual)
        late = self._fitted_at > 0.5 * float(self._curve.reach[0])
        due = self._fitted_at * (1.0 + self._refit_share * (_LATE[self._goal.direction] if late else 1.0))
        surprise = max(_SURPRISE[self._goal.direction], _NOISES * self._noise)
        if self._waiting:
            expected = self._start.temperature + self._start.slope * time
            moved = abs(actual - expected) >= max(_MOVED_C, _NOISES * self._noise)
            self._waiting = not moved and time < _LONGEST_WAIT[self._goal.direction] * self._dead
            if self._waiting:
                return
            self._refit()
        elif time >= due or abs(self._off() - self._fitted_off) > surprise:
            self._refit()

    def estimate(self) -> Estimate:
        """Return the estimate as of the newest reading: the value with the least expected error as a share of the
        whole episode, and the interval around the median."""
        middle = self._remaining(self._curve)
        sigma = self._widen * self._sigma(middle)
        middle = min(middle, max(self._longest, _LONGEST_ELAPSED * self._times[-1]))
        share = middle / (self._times[-1] + middle + TICK_S)
        # Guard: with a large σ the linearisation is not valid; the estimate stays inside its interval.
        eta = middle * float(np.exp(-self._shorter * sigma * min(sigma, _LARGE[self._goal.direction]) * share))
        spread = float(np.exp(EIGHTY * self._interval * sigma))
        low, high = max((middle + TICK_S) / spread - TICK_S, 0.0), (middle + TICK_S) * spread - TICK_S
        return Estimate(max(eta, low), low, high)

    def _sigma(self, middle: float) -> float:
        """Return the standard deviation of ln ETA about the ETA `middle` (s) of the curve."""
        return min(self._deviation / (middle + TICK_S), 2.0)

    def shape(self) -> Shape:
        """Return the most probable curve from the newest reading to the goal."""
        first, actual, threshold = self._times[-1], self._actuals[-1], self._goal.threshold
        last = float(self._curve.reach[0])
        if last <= first:
            return ((0.0, actual), (1.0, threshold))
        temperatures = self._curve.at(np.linspace(first, last, _POINTS))[0][0]
        # The curve passes near the newest reading, and starts from it here.
        shares = np.linspace(0.0, 1.0, _POINTS)
        temperatures = temperatures + (1.0 - shares) * (actual - temperatures[0])
        temperatures[-1] = threshold
        return tuple(zip(shares.tolist(), temperatures.tolist(), strict=True))

    def _refit(self) -> None:
        if len(self._times) > _READINGS:
            self._times, self._actuals = self._times[:1] + self._times[1::2], self._actuals[:1] + self._actuals[1::2]
        times, actuals = np.array(self._times), np.array(self._actuals)
        weights = np.exp((times - times[-1]) / (_MEMORY * times[-1] + _SETTLING))
        weights[1:] *= times[1:] - times[:-1]
        weights[0] = 0.0
        weights *= self._independent / (times[-1] + _SETTLING) + 1.0 / self._correlated_s
        self._noise = max(self._start.noise, noise_of(times, actuals))
        error = max(_READING_ERROR, self._noise)
        # A reading can't be more certain than its noise, for example the first ones of a noisy thermistor.
        weights = np.minimum(weights, (error / max(self._noise, 1e-3)) ** 2)
        readings = Readings(times, actuals, weights, error, _CLOCK_ERROR[self._goal.direction])
        self._fits_alike = self._fits_alike % _FITS_ALIKE + 1
        last = None if self._fits_alike == 1 else self._last
        found = self._fit(readings, self._last.parameters, _STEPS[self._goal.direction], last)
        if found.squares > _MISFIT * float(weights.sum()) and times[-1] >= 1.3 * self._restarted_at + 2.0:
            self._restarted_at = float(times[-1])
            again = self._fit(readings, self._prior.mean, _RESTART_STEPS)
            found = again if again.cost < found.cost else found
        self._use(found)

    def _use(self, found: Fit) -> None:
        """Estimate with the parameters and the curve of `found` from now on."""
        self._last, self._curve, self._fitted_at = found, found.curve, self._times[-1]
        rest = self._rest(found.around)
        gradient = (rest[1:] - rest[0]) / found.nudge
        self._deviation = float(np.sqrt(max(gradient @ inverted(found.certainty) @ gradient, 0.0)))
        self._fitted_off = self._off()

    def _fit(self, readings: Readings, guess: Array, steps: int, last: Fit | None = None) -> Fit:
        return fit(self._kind, self._goal, self._start, readings, self._prior, guess, steps, last)

    def _off(self) -> float:
        """Return how far (°C) the newest reading is above the curve."""
        [(temperature, _)] = self._curve.points(self._times[-1:])
        return self._actuals[-1] - temperature

    def _remaining(self, curve: Curves) -> float:
        if self._waiting:
            return max(float(curve.reach[0]) - min(self._times[-1], self._dead), 0.0)
        times, actuals, weights = self._newest()
        points = curve.points(times)
        off = sum(w * (a - t) for w, a, (t, _) in zip(weights, actuals, points, strict=True))
        return self._rest_of(off, points[-1][1], float(curve.reach[0]))

    def _rest(self, drawn: Curves) -> Array:
        """Return the seconds until arrival (N,) on each curve, from the point of the newest readings on it."""
        times, actuals, weights = self._newest()
        temperatures, slopes = drawn.at(np.array(times))
        offs = (np.array(actuals) - temperatures) @ np.array(weights)
        curves = zip(offs.tolist(), slopes[:, -1].tolist(), drawn.reach.tolist(), strict=True)
        return np.array([self._rest_of(*curve) for curve in curves])

    def _newest(self) -> tuple[list[float], list[float], list[float]]:
        """Return times and temperatures of the newest readings, and their weights."""
        time, newest = self._times[-1], _NEWEST[self._goal.direction]
        times, memory = self._times[-newest:], _NEWEST_MEMORY * time + _SETTLING
        weights = [exp((each - time) / memory) for each in times]
        total = sum(weights)
        return times, self._actuals[-newest:], [weight / total for weight in weights]

    def _rest_of(self, off: float, slope: float, reach: float) -> float:
        """Return the seconds until arrival on a curve of which the newest readings are `off` °C above."""
        time = self._times[-1]
        variance = (_AHEAD * (time + 1.0)) ** 2
        ahead = off * slope * variance / (slope**2 * variance + max(_TREMBLE, self._noise) ** 2)
        rest = reach - time
        limit = 0.3 * max(rest, 1.0) + 2.0
        return max(rest - min(max(ahead, -limit), limit), 0.0)
