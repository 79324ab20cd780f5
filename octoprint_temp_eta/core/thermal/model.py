"""The estimation method `model`: an ensemble of physical curves, learned per heater."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..estimator import Direction, Episode, Estimate, Goal, HeaterKind, LearnedState, Sample
from .learning import fit_trace, learned, predictive, trace_of
from .posterior import Posterior
from .prior import Belief, Prior, shipped_prior
from .start import start_of

VERSION = 1


def _heater(population: Any, state: LearnedState | None, direction: Direction) -> Belief:
    row = (state or {}).get(direction.value)
    if not row or (state or {}).get("version") != VERSION:
        return population.heater
    return Belief(np.array(row["mean"]), np.array(row["covariance"]))


class ThermalModel:
    """See docs/estimator.md."""

    name: ClassVar[str] = "model"

    def __init__(self, kind: HeaterKind, prior: Prior | None = None) -> None:
        """Create the method for a heater of `kind`; `prior` replaces the shipped one (for benchmarks)."""
        self._kind = kind
        self._prior = prior if prior is not None else shipped_prior()
        self._state: LearnedState | None = None
        self._goal: Goal | None = None
        self._before: list[Sample] = []
        self._posterior: Posterior | None = None
        self._begun = 0.0
        self._crest = 0.0

    def restore(self, state: LearnedState) -> None:
        """Go on from what was learned earlier; an unknown version is ignored."""
        self._state = state if state.get("version") == VERSION else None

    def begin(self, goal: Goal, before: Sequence[Sample]) -> None:
        """Start an episode."""
        self._goal, self._before, self._posterior = goal, list(before), None

    def _open(self, goal: Goal, sample: Sample) -> Posterior:
        population = self._prior[goal.direction, self._kind]
        belief = predictive(population, _heater(population, self._state, goal.direction))
        self._begun, self._crest = sample.at, sample.actual
        return Posterior(self._kind, goal, start_of(goal, self._before, sample), belief)

    def update(self, sample: Sample) -> Estimate | None:
        """Take the next reading."""
        goal = self._goal
        if goal is None:
            return None
        rising = goal.direction is Direction.COOLING and sample.actual > self._crest + 0.3
        if self._posterior is None or rising:
            if rising:
                self._before = []
            self._posterior = self._open(goal, sample)
        self._posterior.update(sample.at - self._begun, sample.actual)
        if goal.reached(sample.actual):
            return Estimate(0.0, 0.0, 0.0)
        return self._posterior.estimate()

    def forecast(self, start: float, goal: Goal) -> Estimate | None:
        """Return how long the way from `start` (°C) to `goal` would take from now."""
        population = self._prior[goal.direction, self._kind]
        belief = predictive(population, _heater(population, self._state, goal.direction))
        return Posterior(self._kind, goal, start_of(goal, (), Sample(0.0, start)), belief).estimate()

    @staticmethod
    def learn(
        kind: HeaterKind, state: LearnedState | None, episode: Episode, prior: Prior | None = None
    ) -> LearnedState | None:
        """Return `state` with `episode` learned."""
        population = (prior if prior is not None else shipped_prior())[episode.goal.direction, kind]
        trace = trace_of(episode)
        if trace is None:
            return state
        heater = _heater(population, state, episode.goal.direction)
        ahead = predictive(population, heater)
        seen = fit_trace(kind, trace, Belief(ahead.mean, 4.0 * ahead.covariance))
        new = learned(population, heater, seen)
        row = {"mean": new.mean.tolist(), "covariance": new.covariance.tolist()}
        kept = dict(state) if state and state.get("version") == VERSION else {}
        return {**kept, "version": VERSION, episode.goal.direction.value: row}
