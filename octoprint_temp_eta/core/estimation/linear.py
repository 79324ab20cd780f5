"""The seed's `linear` method: what remains, divided by the rate of the last seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from .estimator import Direction, Episode, Estimate, Goal, HeaterKind, LearnedState, Sample
from .samples import History


@dataclass(frozen=True, slots=True)
class Limits:
    """What binds the methods `linear` and `exponential`, and only those."""

    #: °C/s below which a heating heater gets no ETA. Cooling has no such limit: a bed always cools more slowly.
    min_rate: float = 0.1
    #: s above which an ETA is not told.
    max_eta: float = 3600.0
    #: °C from the target below which a heating heater gets no ETA any more.
    threshold_start: float = 5.0
    #: s of readings that a heating rate is taken from.
    heating_window: float = 10.0
    #: s of readings that a cooling rate is taken from.
    cooling_window: float = 120.0
    #: °C that a heater cools towards, where the method needs to know.
    ambient: float = 25.0


class WindowMethod:
    """What the two methods share: a window of samples, the limits, and nothing learned."""

    name: ClassVar[str]

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._goal: Goal | None = None
        self._samples = History(max(limits.heating_window, limits.cooling_window))

    def begin(self, goal: Goal, before: Sequence[Sample]) -> None:
        """Start an episode. Readings of before don't count: they belong to another movement."""
        del before
        self._goal = goal
        self._samples.clear()

    def update(self, sample: Sample) -> Estimate | None:
        """Take a sample and return the estimate, None outside the limits."""
        goal = self._goal
        if goal is None or not self._samples.add(sample):
            return None
        heating = goal.direction is Direction.HEATING
        if goal.reached(sample.actual):
            return Estimate(0.0)
        remaining = abs(goal.threshold - sample.actual)
        if heating and abs(goal.temperature - sample.actual) < self._limits.threshold_start:
            return None
        window = self._limits.heating_window if heating else self._limits.cooling_window
        towards = self._samples.rate(window)
        rate = 0.0 if towards is None else towards if heating else -towards
        if rate <= 0.0 or (heating and rate < self._limits.min_rate):
            return None
        eta = self._eta(goal, self._samples.since(sample.at - window), remaining, rate)
        return Estimate(eta) if eta is not None and eta <= self._limits.max_eta else None

    @property
    def stalled(self) -> bool:
        """Never: these methods don't know what is usual."""
        return False

    def forecast(self, start: float, goal: Goal) -> Estimate | None:
        """Return None: these methods know nothing before the heater moves."""
        del start, goal
        return None

    def restore(self, state: LearnedState) -> None:
        """Ignore `state`: these methods learn nothing."""

    @staticmethod
    def learn(kind: HeaterKind, state: LearnedState | None, episode: Episode) -> LearnedState | None:
        """Return `state` as it is: these methods learn nothing."""
        del kind, episode
        return state

    def _eta(self, goal: Goal, window: Sequence[Sample], remaining: float, rate: float) -> float | None:
        """Return the seconds left; `remaining` in °C, `rate` in °C/s towards the goal, both above 0."""
        raise NotImplementedError


class Linear(WindowMethod):
    """Goes on at the present rate."""

    name = "linear"

    def _eta(self, goal: Goal, window: Sequence[Sample], remaining: float, rate: float) -> float | None:
        del goal, window
        return remaining / rate
