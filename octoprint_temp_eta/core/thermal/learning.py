"""How a heater's own parameters are learned from an episode: formulas 19–24 of docs/estimator.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..estimator import Direction, Episode, Goal, HeaterKind
from .fit import Fit, Readings, fit
from .physics import Array, Start, bounded, curves
from .prior import Belief, Population
from .start import start_of

#: Readings of an episode that are used, and as how many independent ones they count.
_POINTS: Final = 80
_INDEPENDENT: Final = 15.0
READING_ERROR: Final = 0.2
CLOCK_ERROR: Final = 0.015
_ITERATIONS: Final = 25
#: Draws of the belief, the best of which the descent starts from.
_DRAWS: Final = 192
STARTS = 4


@dataclass(frozen=True, slots=True)
class Trace:
    """An episode as the fit sees it: times (n,) in s since the start, temperatures (n,), arrival in s."""

    goal: Goal
    start: Start
    times: Array
    temperatures: Array
    reach: float


def trace_of(episode: Episode) -> Trace | None:
    """Return the part of an episode that can be learned from: from its start until just after the arrival."""
    if episode.reached_at is None or len(episode.samples) < 6:
        return None
    first = episode.samples[0]
    start = start_of(episode.goal, episode.before, first)
    begun = first.at
    samples = list(episode.samples)
    if episode.goal.direction is Direction.COOLING:
        crest = max(
            range(len(samples)), key=lambda i: samples[i].actual if samples[i].at <= episode.reached_at else -1e9
        )
        if samples[crest].actual > start.temperature + 0.5:
            samples = samples[crest:]
            begun = samples[0].at
            start = start_of(episode.goal, (), samples[0])
    until = episode.reached_at + 2.0
    kept = [sample for sample in samples if sample.at <= until]
    if len(kept) < 5:
        return None
    times = np.array([s.at - begun for s in kept])
    temperatures = np.array([s.actual for s in kept])
    if len(kept) > _POINTS:
        index = np.unique(np.linspace(0, len(kept) - 1, _POINTS).astype(int))
        times, temperatures = times[index], temperatures[index]
    return Trace(episode.goal, start, times, temperatures, episode.reached_at - begun)


def _at_times(kind: HeaterKind, trace: Trace, parameters: Array) -> tuple[Array, Array]:
    """Return temperatures and slopes (N, n) of `parameters` (N, P) at the trace's times."""
    return curves(kind, trace.goal, trace.start, parameters).at(trace.times)


def _draws(belief: Belief) -> Array:
    """Return parameter vectors (_DRAWS, P) of a belief, the same ones every time."""
    unit = np.random.default_rng(20240229).standard_normal((_DRAWS, len(belief.mean)))
    return np.asarray(belief.mean + 1.5 * unit @ np.linalg.cholesky(belief.covariance).T)


def _guesses(kind: HeaterKind, trace: Trace, belief: Belief, weight: Array) -> Array:
    """Return the best of some draws of the belief, (…, P): guards the descent against local minima."""
    candidates = bounded(trace.goal.direction, np.vstack([belief.mean, _draws(belief)]))
    values, slopes = _at_times(kind, trace, candidates)
    variance = READING_ERROR**2 + (4.0 * CLOCK_ERROR * trace.times * slopes) ** 2
    off = candidates - belief.mean
    far = np.einsum("ij,ij->i", off, np.linalg.solve(belief.covariance, off.T).T)
    costs = ((trace.temperatures - values) ** 2 / variance + np.log(variance)) @ weight + far
    best = np.argsort(costs)[: STARTS - 1]
    return np.vstack([belief.mean, candidates[best]])


def fit_trace(kind: HeaterKind, trace: Trace, belief: Belief) -> Fit:
    """Return the most probable parameters of a whole trace."""
    gaps = np.gradient(trace.times)
    readings = Readings(trace.times, trace.temperatures, _INDEPENDENT * gaps / gaps.sum(), READING_ERROR, CLOCK_ERROR)
    guesses = _guesses(kind, trace, belief, readings.weights)
    fits = [fit(kind, trace.goal, trace.start, readings, belief, g, _ITERATIONS) for g in guesses]
    return min(fits, key=lambda found: found.cost)


def learned(population: Population, heater: Belief, seen: Fit) -> Belief:
    """Return the belief about a heater after an episode: a Kalman update with the episode's own variation."""
    observed = population.within + np.linalg.inv(seen.information + 1e-6 * np.eye(len(heater.mean)))
    gain = np.linalg.solve(heater.covariance + observed, heater.covariance).T
    mean = heater.mean + gain @ (seen.parameters - heater.mean)
    covariance = heater.covariance - gain @ heater.covariance
    return Belief(mean, 0.5 * (covariance + covariance.T))


def predictive(population: Population, heater: Belief) -> Belief:
    """Return the belief about the next episode of a heater."""
    return Belief(heater.mean, heater.covariance + population.within)
