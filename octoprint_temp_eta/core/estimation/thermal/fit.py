"""The most probable parameters of a curve given readings: Gauss–Newton with Levenberg's damping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..estimator import Direction, Goal, HeaterKind
from .physics import Array, Curves, Start, bounded, curves
from .prior import Belief, inverted

#: Degrees of freedom of every belief's tails: the prior is fitted on a dozen heaters.
TAILS: Final = {Direction.HEATING: 20.0, Direction.COOLING: 5.0}
#: Step of the numerical derivative, and longest step of the descent, in the unit of each parameter.
NUDGE: Final = {Direction.HEATING: np.full(9, 0.02), Direction.COOLING: np.array([0.02, 0.02, 0.02, 0.3, 0.02, 0.02])}
LONGEST: Final = {Direction.HEATING: np.full(9, 1.0), Direction.COOLING: np.array([1.0, 1.0, 1.0, 8.0, 1.0, 1.0])}


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of an episode: `times` (n,) in s since the start, `actuals` (n,) in °C, `weights` (n,): as how many
    independent readings each counts; errors: of a reading in °C, and of a curve's clock, relative."""

    times: Array
    actuals: Array
    weights: Array
    reading_error: float
    clock_error: float

    def variance(self, slopes: Array) -> Array:
        """Return the variance (…, n) of the readings about curves with `slopes` (…, n)."""
        return np.asarray(self.reading_error**2 + (self.clock_error * self.times * slopes) ** 2)


@dataclass(frozen=True, slots=True)
class Fit:
    """The most probable `parameters` (P,), and the readings' `information` (P, P) on them.

    `around` are the curves of the last linearisation, (1 + P): the first of the parameters then, the others with
    one of them nudged by `nudge` each; `curve` is the one of `parameters`.
    """

    parameters: Array
    information: Array
    pull: Array
    around: Curves
    nudge: Array
    curve: Curves


def fit(
    kind: HeaterKind, goal: Goal, start: Start, readings: Readings, belief: Belief, guess: Array, iterations: int
) -> Fit:
    """Descend from `guess` to the most probable parameters."""
    nudge, longest = NUDGE[goal.direction], LONGEST[goal.direction]
    inverse = inverted(belief.covariance)
    theta = bounded(goal.direction, guess)
    size, tails = len(theta), TAILS[goal.direction]
    damping = 1e-2
    for _ in range(iterations):
        around = curves(kind, goal, start, np.vstack([theta, theta + np.diag(nudge)]))
        values, slopes = around.at(readings.times)
        weight = readings.weights / readings.variance(slopes[0])
        residual = readings.actuals - values[0]
        jacobian = (values[1:] - values[0]).T / nudge
        information = jacobian.T @ (weight[:, None] * jacobian)
        off = theta - belief.mean
        pull = inverse * ((tails + size) / (tails + off @ inverse @ off))
        gradient = jacobian.T @ (weight * residual) - pull @ off
        cost = weight @ residual**2 + off @ pull @ off
        normal = information + pull
        best = theta
        for _ in range(4):
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), gradient)
            step *= min(1.0, 1.0 / max(float(np.max(np.abs(step) / longest)), 1e-9))
            trial = bounded(goal.direction, theta + step)
            curve = curves(kind, goal, start, trial[None])
            missed = readings.actuals - curve.at(readings.times)[0][0]
            trial_cost = weight @ missed**2 + (trial - belief.mean) @ pull @ (trial - belief.mean)
            if trial_cost < cost:
                damping, best = max(damping / 5.0, 1e-4), trial
                break
            damping *= 10.0
        if best is theta:
            curve = curves(kind, goal, start, theta[None])
            break
        theta = best
        if cost - trial_cost < 1e-3 * (1.0 + cost):
            break
    return Fit(theta, information, pull, around, nudge, curve)
