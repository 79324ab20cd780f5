"""The estimation method `model`: the physics of a heater, fitted to the readings and learned from episode to episode.

The modules of this package follow the formulas of docs/background/estimator.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from ..estimator import Direction, Episode, Estimate, Goal, HeaterKind, LearnedState, Sample, Shape
from ..samples import HISTORY_S, SAMPLES_PER_S
from .curves.physics import Start
from .curves.start import start_of
from .inference.posterior import Posterior
from .inference.prior import Belief, Prior, shipped_prior
from .learning.learning import predictive, recalled, trace_of
from .learning.memory import recall, remember, with_trace
from .pace import STALLED_PACE, Pace
from .steady import Steady

#: A heater that is switched off while its temperature rises starts to cool at its crest: °C above the last one.
_CREST = 0.3


class ThermalModel:
    """One heater's estimator; the interface is `core.estimation.estimator.Estimator`."""

    name: ClassVar[str] = "model"

    def __init__(self, kind: HeaterKind, prior: Prior | None = None) -> None:
        """Create the method for a heater of `kind`; `prior` replaces the shipped one (for benchmarks)."""
        self._kind = kind
        self._prior = prior if prior is not None else shipped_prior()
        self._state: LearnedState | None = None
        self._goal: Goal | None = None
        self._before: deque[Sample] = deque(maxlen=round(HISTORY_S * SAMPLES_PER_S))
        self._posterior: Posterior | None = None
        self._steady = Steady(Direction.HEATING)
        self._started_at = self._crest = 0.0
        self._pace: Pace | None = None
        #: The heating rate as a share of this heater's usual rate, None if unknown.
        self.pace: float | None = None

    def restore(self, state: LearnedState) -> None:
        """Load a learned state; an unknown version is ignored."""
        self._state = state

    def begin(self, goal: Goal, before: Sequence[Sample]) -> None:
        """Start an episode; `update` gets its first sample."""
        self._goal = goal
        self._before.clear()
        self._before.extend(before)
        self._posterior, self._steady = None, Steady(goal.direction)
        self._pace = self.pace = None

    def update(self, sample: Sample) -> Estimate | None:
        """Add the next sample and return the estimate."""
        goal = self._goal
        if goal is None:
            return None
        rises = goal.direction is Direction.COOLING and sample.actual > self._crest + _CREST
        if self._posterior is None or rises:
            self._started_at, self._crest = sample.at, sample.actual
            self._posterior = self._open(goal, self._before, sample)
        if goal.direction is Direction.COOLING and self._crest - sample.actual < _CREST:
            self._before.append(sample)
        if self._pace is not None:
            self.pace = self._pace.update(sample.at - self._started_at, sample.actual)
        self._posterior.update(sample.at - self._started_at, sample.actual)
        if goal.reached(sample.actual):
            return Estimate(0.0, 0.0, 0.0)
        return self._steady.follow(sample.at, self._posterior.estimate())

    @property
    def stalled(self) -> bool:
        """Whether the heater is so slow that something must be wrong. A convenience, not a safety device."""
        return self.pace is not None and self.pace < STALLED_PACE

    def shape(self) -> Shape:
        """Return the fitted curve from the newest sample to the goal."""
        return self._posterior.shape() if self._posterior is not None else ()

    def forecast(self, start: float, goal: Goal) -> Estimate | None:
        """Return the estimate for an episode from `start` (°C) to `goal`."""
        origin = start_of(goal, (), Sample(0.0, start))
        belief, seen = self._belief(goal, origin)
        return Posterior(self._kind, goal, origin, belief, seen=seen).estimate()

    @staticmethod
    def learn(
        kind: HeaterKind, state: LearnedState | None, episode: Episode, prior: Prior | None = None
    ) -> LearnedState | None:
        """Return `state` updated with `episode`, unchanged if the episode is of no use. Takes up to 0.2 s."""
        trace = trace_of(episode)
        if trace is None:
            return state
        direction = episode.goal.direction
        population = (prior if prior is not None else shipped_prior())[direction, kind]
        memory = with_trace(kind, population, recall(state, direction), trace)
        return state if memory is None else remember(state, direction, memory)

    def _open(self, goal: Goal, before: Sequence[Sample], first: Sample) -> Posterior:
        start = start_of(goal, before, first)
        belief, seen = self._belief(goal, start)
        if seen and goal.direction is Direction.HEATING and self._kind is not HeaterKind.CHAMBER:
            self._pace = Pace(self._kind, goal, start, belief)
        return Posterior(self._kind, goal, start, belief, seen=seen)

    def _belief(self, goal: Goal, start: Start) -> tuple[Belief, bool]:
        """Return the belief about the next episode, and whether it comes from earlier episodes of this heater."""
        population = self._prior[goal.direction, self._kind]
        memory = recall(self._state, goal.direction)
        if memory is None:
            return predictive(population, population.heater), False
        return recalled(self._kind, population, memory.belief, memory.traces, goal, start), True
