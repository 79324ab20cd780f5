"""The method `linear`: the remaining temperature difference divided by the rate of the last seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ..frozen import frozen
from .estimator import Direction, Episode, Estimate, Goal, HeaterKind, LearnedState, Sample, Shape
from .samples import History


@frozen
class Limits:
    """Limits of the methods `linear` and `exponential`; the method `model` has none."""

    #: The rate in °C/s below which heating has no ETA. Cooling has no such limit: a bed always cools more slowly.
    min_rate: float = 0.1
    #: The longest ETA in seconds; a longer one is dropped.
    max_eta: float = 3600.0
    #: How far below the target, in °C, a heat-up stops having an ETA.
    threshold_start: float = 5.0
    #: Seconds of readings for the heating rate.
    heating_window: float = 10.0
    #: Seconds of readings for the cooling rate.
    cooling_window: float = 120.0
    #: The ambient temperature in °C, for `exponential`.
    ambient: float = 25.0


class WindowMethod:
    """Base class of the two methods: a window of samples and the limits; nothing is learned."""

    name: ClassVar[str]

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._goal: Goal | None = None
        self._samples = History(max(limits.heating_window, limits.cooling_window))

    def begin(self, goal: Goal, before: Sequence[Sample]) -> None:
        """Start an episode. Earlier samples are ignored, as their rate differs."""
        del before
        self._goal = goal
        self._samples.clear()

    def update(self, sample: Sample) -> Estimate | None:
        """Add a sample and return the estimate, None outside the limits."""
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
        """Always False: these methods have no expected rate."""
        return False

    def shape(self) -> Shape:
        """Return the straight line to the goal."""
        newest = self._samples.newest
        if self._goal is None or newest is None or self._goal.reached(newest.actual):
            return ()
        return self._curve(self._goal, newest.actual)

    def forecast(self, start: float, goal: Goal) -> Estimate | None:
        """Return None: these methods need a rate."""
        del start, goal
        return None

    def restore(self, state: LearnedState) -> None:
        """Ignore `state`."""

    @staticmethod
    def learn(kind: HeaterKind, state: LearnedState | None, episode: Episode) -> LearnedState | None:
        """Return `state` unchanged."""
        del kind, episode
        return state

    def _curve(self, goal: Goal, actual: float) -> Shape:
        return ((0.0, actual), (1.0, goal.threshold))

    def _eta(self, goal: Goal, window: Sequence[Sample], remaining: float, rate: float) -> float | None:
        """Return the remaining seconds; `remaining` in °C, `rate` in °C/s towards the goal, both above 0."""
        raise NotImplementedError


class Linear(WindowMethod):
    """Extrapolates the current rate."""

    name = "linear"

    def _eta(self, goal: Goal, window: Sequence[Sample], remaining: float, rate: float) -> float | None:
        del goal, window
        return remaining / rate
