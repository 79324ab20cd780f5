"""The most probable parameters of a curve given readings: Gauss–Newton steps with Levenberg's damping."""

from __future__ import annotations

from typing import Final

import numpy as np

from ....frozen import frozen
from ...estimator import Direction, Goal, HeaterKind
from ..curves.curves import curves
from ..curves.physics import Array, Curves, Start, bounded
from .prior import Belief, inverted

#: Degrees of freedom of the tails of a belief about an unknown heater: the prior is fitted on a few dozen heaters.
TAILS: Final = {Direction.HEATING: 20.0, Direction.COOLING: 5.0}
#: Step of the numerical derivative, and longest step of the descent, in the unit of each parameter.
NUDGE: Final = {Direction.HEATING: np.full(9, 0.02), Direction.COOLING: np.array([0.02, 0.02, 0.02, 0.3, 0.02, 0.02])}
LONGEST: Final = {Direction.HEATING: np.full(9, 1.0), Direction.COOLING: np.array([1.0, 1.0, 1.0, 8.0, 1.0, 1.0])}
#: Trials of a step with growing damping, and the relative gain at which the descent stops.
_TRIALS: Final = 4
_GAIN: Final = 1e-3


@frozen
class Readings:
    """Readings of an episode: `times` (n,) in s since the start, `actuals` (n,) in °C, and `weights` (n,).

    A weight is the number of independent readings that one counts for. Errors: of a reading in °C, and of a curve's
    clock, relative.
    """

    times: Array
    actuals: Array
    weights: Array
    reading_error: float
    clock_error: float

    def variance(self, slopes: Array) -> Array:
        """Return the variance (…, n) of the readings about curves with `slopes` (…, n)."""
        return np.asarray(self.reading_error**2 + (self.clock_error * self.times * slopes) ** 2)


@frozen
class Penalty:
    """A belief as the descent needs it: `inverse` of its covariance, and the degrees of freedom of its tails."""

    mean: Array
    inverse: Array
    tails: float

    @classmethod
    def of(cls, belief: Belief, tails: float) -> Penalty:
        """Return the prior of `belief`."""
        return cls(belief.mean, inverted(belief.covariance), tails)

    def pull(self, theta: Array) -> tuple[Array, Array, float]:
        """Return the deviation (P,) of `theta`, the curvature (P, P) of the prior there, and its cost."""
        off = theta - self.mean
        distance = float(off @ self.inverse @ off)
        size = self.tails + len(theta)
        return off, self.inverse * (size / (self.tails + distance)), size * float(np.log1p(distance / self.tails))


@frozen
class Fit:
    """The most probable `parameters` (P,), their inverse covariance `certainty` (P, P), and their `curve`.

    `around` are the curves of the last linearisation, (1 + P): the first of the parameters then, the others with one
    parameter changed by `nudge` each. `squares` is the weighted sum of the squared residuals.
    """

    parameters: Array
    certainty: Array
    around: Curves
    nudge: Array
    curve: Curves
    squares: float
    cost: float


def unfitted(kind: HeaterKind, goal: Goal, start: Start, prior: Penalty) -> Fit:
    """Return the fit of the first reading alone, from which all curves start: the mean of the prior."""
    nudge, theta = NUDGE[goal.direction], bounded(goal.direction, prior.mean)
    around = curves(kind, goal, start, np.vstack([theta, theta + np.diag(nudge)]))
    _, pull, cost = prior.pull(theta)
    return Fit(theta, pull, around, nudge, around.first(), 0.0, cost)


def fit(
    kind: HeaterKind,
    goal: Goal,
    start: Start,
    readings: Readings,
    prior: Penalty,
    guess: Array,
    iterations: int,
    last: Fit | None = None,
) -> Fit:
    """Descend from `guess` to the most probable parameters.

    With `last`, the descent goes on from there along the same linearisation: drawing its curves is what costs.
    """
    nudge, longest = NUDGE[goal.direction], LONGEST[goal.direction]
    theta = bounded(goal.direction, guess if last is None else last.parameters)

    def drawn_around(theta: Array) -> Curves:
        return curves(kind, goal, start, np.vstack([theta, theta + np.diag(nudge)]))

    around = drawn_around(theta) if last is None else last.around
    curve = around.first() if last is None else last.curve
    predicted, slopes = curve.at(readings.times)
    damping = 1e-2
    for iteration in range(iterations):
        if iteration > 0 and last is None:
            around = drawn_around(theta)
        if iteration == 0 or last is None:
            values, _ = around.at(readings.times)
        weight = readings.weights / readings.variance(slopes[0])
        residual = readings.actuals - predicted[0]
        jacobian = (values[1:] - values[0]).T / nudge
        off, pull, prior_cost = prior.pull(theta)
        normal = jacobian.T @ (weight[:, None] * jacobian) + pull
        gradient = jacobian.T @ (weight * residual) - pull @ off
        squares = float(weight @ residual**2)
        cost, before = squares + prior_cost, theta
        for _ in range(_TRIALS):
            damped = normal.copy()
            damped.flat[:: len(theta) + 1] += damping * normal.diagonal()
            step = np.linalg.solve(damped, gradient)
            step *= min(1.0, 1.0 / max(float((np.abs(step) / longest).max()), 1e-9))
            if float(step @ gradient) < _GAIN * (1.0 + cost):
                break  # there is nothing to gain, such as before the first reading
            trial = bounded(goal.direction, theta + step)
            drawn = curves(kind, goal, start, trial[None])
            temperatures, trial_slopes = drawn.at(readings.times)
            trial_squares = float(weight @ (readings.actuals - temperatures[0]) ** 2)
            trial_cost = trial_squares + prior.pull(trial)[2]
            if trial_cost < cost:
                damping, theta, curve = max(damping / 5.0, 1e-4), trial, drawn
                predicted, slopes = temperatures, trial_slopes
                break
            damping *= 10.0
        if theta is before:
            break
        gained, cost, squares = cost - trial_cost, trial_cost, trial_squares
        if gained < _GAIN * (1.0 + cost):
            break
    return Fit(theta, normal, around, nudge, curve, squares, cost)
