"""Learning a heater's parameters from its episodes: formulas 16–19 of docs/background/estimator.md."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from ....frozen import frozen
from ...estimator import Direction, Episode, Goal, HeaterKind
from ..curves.curves import curves
from ..curves.physics import AMBIENT, REFERENCE, Array, Start, bounded
from ..curves.start import noise_of, start_of
from ..inference.fit import LONGEST, NUDGE, TAILS, Penalty
from ..inference.prior import Belief, Population, inverted

#: Readings kept of an episode, and the number of independent readings that they count for.
_POINTS = 48
INDEPENDENT: Final = {Direction.HEATING: 15.0, Direction.COOLING: 40.0}
#: Error of a reading in °C, and of a curve's clock, relative, beside the variation between episodes.
READING_ERROR = 0.2
CLOCK_ERROR = 0.015
_ITERATIONS = 14
#: Draws of the belief; the descent starts from the best, which avoids local minima. A prime for each parameter.
_DRAWS = 192
#: Draws whose curves are drawn at once: malloc keeps the memory of many.
_AT_ONCE = 24
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23)
STARTS = 3
#: Heat-ups are explained if no trace's residuals have an rms above this many standard deviations. Cool-downs never are:
#: a slow body and a warm room fit them equally well.
_EXPLAINED: Final = 1.0
#: Share of the variance within a heater that episodes with the same start and goal have in common …
_ALIKE: Final = {Direction.HEATING: 0.5, Direction.COOLING: 0.8}
#: … and how far start and goal may differ for that, relative to a usual heat-up.
_NEAR = 0.5


@frozen
class Trace:
    """The kept part of an episode: `times` and `reach` in s since the start, `temperatures` and `noise` in °C."""

    goal: Goal
    start: Start
    times: Array
    temperatures: Array
    reach: float
    noise: float = 0.0

    @property
    def error(self) -> float:
        """The error of a reading in °C."""
        return max(READING_ERROR, self.noise)

    @property
    def weights(self) -> Array:
        """The number of independent readings that each reading counts for (n,)."""
        gaps = np.gradient(self.times)
        return np.asarray(gaps * (INDEPENDENT[self.goal.direction] / gaps.sum()))


@frozen
class Linear:
    """A trace linearised about a heater's parameters, its own deviation from them δ ~ N(0, W) marginalised.

    `cost` is minus twice the log-likelihood, `squares` the weighted squared residuals per independent reading;
    `gradient` (P,) and `information` (P, P) are about the heater's parameters. δ ~ N(`deviation`, `certainty`) given
    them, and it moves with them by `-certainty · own`.
    """

    cost: float
    squares: float
    gradient: Array
    information: Array
    deviation: Array
    certainty: Array
    own: Array


@frozen
class HeaterFit:
    """A heater's parameters, and its traces linearised about them."""

    belief: Belief
    traces: tuple[Linear, ...]
    cost: float

    @property
    def misfit(self) -> float:
        """The largest rms of the residuals of a trace, in standard deviations."""
        return float(np.sqrt(max(trace.squares for trace in self.traces)))


def trace_of(episode: Episode) -> Trace | None:
    """Return the part of an episode that can be learned from: from its start until just after the arrival."""
    reached_at = episode.reached_at
    if reached_at is None or len(episode.samples) < 6:
        return None
    goal = episode.goal
    if goal.direction is Direction.HEATING and any(
        0.0 < sample.target != goal.temperature for sample in episode.samples if sample.at < reached_at
    ):
        return None
    samples = [sample for sample in episode.samples if sample.at <= reached_at + 2.0]
    before = episode.before
    if episode.goal.direction is Direction.COOLING:
        crest = max(range(len(samples)), key=lambda i: samples[i].actual)
        if samples[crest].actual > samples[0].actual + 0.5:
            samples, before = samples[crest:], (*before, *samples[:crest])
    if len(samples) < 5:
        return None
    started_at = samples[0].at
    start = start_of(episode.goal, before, samples[0])
    noise = noise_of(np.array([sample.at for sample in samples]), np.array([sample.actual for sample in samples]))
    if len(samples) > _POINTS:
        # All of these differ. np.unique would import numpy.ma, which takes 1 MiB.
        samples = [samples[i] for i in np.linspace(0, len(samples) - 1, _POINTS).astype(int)]
    times = np.array([sample.at - started_at for sample in samples])
    temperatures = np.array([sample.actual for sample in samples])
    return Trace(episode.goal, start, times, temperatures, reached_at - started_at, max(noise, start.noise))


def linearise(kind: HeaterKind, trace: Trace, theta: Array, within_inverse: Array) -> Linear:
    """Return a trace linearised about `theta` (P,)."""
    nudge = NUDGE[trace.goal.direction]
    drawn = curves(kind, trace.goal, trace.start, np.vstack([theta, theta + np.diag(nudge)]))
    values, slopes = drawn.at(trace.times)
    variance = trace.error**2 + (CLOCK_ERROR * trace.times * slopes[0]) ** 2
    weight = trace.weights / variance
    residual = trace.temperatures - values[0]
    jacobian = (values[1:] - values[0]).T / nudge
    weighted = weight[:, None] * jacobian
    own, pull = jacobian.T @ weighted, weighted.T @ residual
    certainty = inverted(own + within_inverse)
    deviation = certainty @ pull
    squares = float(weight @ (residual - jacobian @ deviation) ** 2) / INDEPENDENT[trace.goal.direction]
    cost = float(weight @ residual**2 - pull @ deviation + trace.weights @ np.log(variance))
    return Linear(cost, squares, pull - own @ deviation, own - own @ certainty @ own, deviation, certainty, own)


@cache
def _spread(size: int) -> Array:
    """Return points (_DRAWS, `size`) that fill a standard normal distribution evenly (a Kronecker sequence)."""
    from statistics import NormalDist  # most heaters need no draws

    # Not random: numpy.random takes 3 MiB.
    shares = np.arange(1, _DRAWS + 1)[:, None] * np.sqrt(_PRIMES[:size]) % 1.0
    quantile = NormalDist().inv_cdf
    return np.array([[quantile(share) for share in row] for row in shares.tolist()])


def _guesses(kind: HeaterKind, traces: Sequence[Trace], population: Population) -> Array:
    """Return the population's mean and the best of some draws, (STARTS, P)."""
    draws = 1.3 * _spread(len(population.mean)) @ np.linalg.cholesky(population.between).T
    candidates = bounded(traces[0].goal.direction, np.vstack([population.mean, population.mean + draws]))
    parts = (candidates[first : first + _AT_ONCE] for first in range(0, len(candidates), _AT_ONCE))
    cost = np.concatenate([_costs(kind, traces, population, part) for part in parts])
    return np.vstack([population.mean, candidates[np.argsort(cost)[: STARTS - 1]]])


def _costs(kind: HeaterKind, traces: Sequence[Trace], population: Population, candidates: Array) -> Array:
    """Return minus twice the log-likelihood (N,) of `candidates` (N, P), without a deviation of each trace."""
    off = candidates - population.mean
    cost = np.einsum("ij,ij->i", off, np.linalg.solve(population.between, off.T).T)
    for trace in traces:
        values, slopes = curves(kind, trace.goal, trace.start, candidates).at(trace.times)
        variance = trace.error**2 + (5.0 * CLOCK_ERROR * trace.times * slopes) ** 2
        cost += ((trace.temperatures - values) ** 2 / variance + np.log(variance)) @ trace.weights
    return np.asarray(cost)


def _descend(kind: HeaterKind, traces: Sequence[Trace], population: Population, theta: Array) -> HeaterFit:
    direction = traces[0].goal.direction
    prior, within_inverse = Penalty.of(population.heater, TAILS[direction]), inverted(population.within)

    def look(theta: Array) -> tuple[float, list[Linear]]:
        lines = [linearise(kind, trace, theta, within_inverse) for trace in traces]
        return prior.pull(theta)[2] + sum(line.cost for line in lines), lines

    cost, lines = look(theta)
    damping = 1e-2
    for _ in range(_ITERATIONS):
        off, pull, _ = prior.pull(theta)
        normal = pull + sum(line.information for line in lines)
        gradient = sum(line.gradient for line in lines) - pull @ off
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), gradient)
        step *= min(1.0, 1.0 / max(float(np.max(np.abs(step) / LONGEST[direction])), 1e-9))
        trial = bounded(direction, theta + step)
        trial_cost, trial_lines = look(trial)
        if trial_cost < cost:
            gained, theta, cost, lines, damping = cost - trial_cost, trial, trial_cost, trial_lines, damping / 5.0
            if gained < 1e-2:
                break
        else:
            damping *= 8.0
            if damping > 1e4:
                break
    _, pull, _ = prior.pull(theta)
    normal = pull + sum(line.information for line in lines)
    return HeaterFit(Belief(theta, inverted(normal)), tuple(lines), cost)


def fit_heater(
    kind: HeaterKind, traces: Sequence[Trace], population: Population, guess: Array | None = None
) -> HeaterFit:
    """Return the parameters of a heater that explain all its traces; the descent starts from `guess` if there is one.

    If it ends where the traces are not explained, that may be a local minimum: others start elsewhere.
    """
    found = _descend(kind, traces, population, population.mean if guess is None else guess)
    if traces[0].goal.direction is Direction.HEATING and found.misfit <= _EXPLAINED:
        return found
    mean, *draws = _guesses(kind, traces, population)
    others = draws if guess is None else [mean, *draws[:-1]]
    return min((found, *(_descend(kind, traces, population, each) for each in others)), key=lambda each: each.cost)


def predictive(population: Population, heater: Belief) -> Belief:
    """Return the belief about the next episode of a heater."""
    return Belief(heater.mean, heater.covariance + population.within)


def recalled(
    kind: HeaterKind, population: Population, heater: Belief, traces: Sequence[Trace], goal: Goal, start: Start
) -> Belief:
    """Return the belief about the next episode: episodes with similar start and goal have similar deviations."""
    if not traces:
        return predictive(population, heater)
    inverse = inverted(population.within)
    deviations = np.array([linearise(kind, trace, heater.mean, inverse).deviation for trace in traces])
    ends = np.array([(trace.start.temperature, trace.goal.temperature) for trace in traces])
    now = np.array([[start.temperature, goal.temperature]])
    reach, most = _NEAR * (REFERENCE[kind] - AMBIENT), _ALIKE[goal.direction]

    def alike(a: Array, b: Array) -> Array:
        return np.asarray(most * np.exp(-0.5 * (((a[:, None] - b[None]) / reach) ** 2).sum(axis=2)))

    shared = alike(now, ends)[0]
    gain = np.linalg.solve(alike(ends, ends) + (1.0 - most) * np.eye(len(ends)), shared)
    return Belief(heater.mean + gain @ deviations, heater.covariance + (1.0 - gain @ shared) * population.within)
