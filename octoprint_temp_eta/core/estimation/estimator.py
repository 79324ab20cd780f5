"""The interface of the estimation methods, and the values that it exchanges.

An estimator belongs to one heater of one printer profile. The worker feeds it. `learn` may run in another thread,
so it is a pure function of immutable values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from ..frozen import frozen

#: A heat-up arrives this many °C below its target: from there, overshoot and ringing don't count.
ARRIVAL_TOLERANCE = 1.0
#: It must stay there for this many seconds.
ARRIVAL_HOLD = 3.0

#: A learned state as JSON values; an estimator ignores one of an unknown version.
LearnedState = Mapping[str, Any]


class Direction(StrEnum):
    """Whether an episode heats or cools."""

    HEATING = "heating"
    COOLING = "cooling"


class HeaterKind(StrEnum):
    """The kinds of heater; each has a prior of its own."""

    TOOL = "tool"
    BED = "bed"
    CHAMBER = "chamber"

    @classmethod
    def of(cls, heater: str) -> HeaterKind:
        """Return the kind of the heater with OctoPrint's name `heater`; a custom heater counts as a chamber."""
        if heater.startswith("tool"):
            return cls.TOOL
        return cls.BED if heater == "bed" else cls.CHAMBER


@frozen
class Sample:
    """One reading: `at` in seconds of a monotonic clock, `actual` and `target` in °C (target 0: none)."""

    at: float
    actual: float
    target: float = 0.0


@frozen
class Goal:
    """The goal of an episode: `temperature` in °C is the target, or the temperature that counts as cooled down."""

    direction: Direction
    temperature: float

    @property
    def threshold(self) -> float:
        """The temperature in °C whose crossing ends the episode."""
        heating = self.direction is Direction.HEATING
        return self.temperature - ARRIVAL_TOLERANCE if heating else self.temperature

    def reached(self, actual: float) -> bool:
        """Whether `actual` (°C) is on the far side of the threshold."""
        heating = self.direction is Direction.HEATING
        return actual >= self.threshold if heating else actual <= self.threshold


@frozen
class Estimate:
    """Seconds from the newest sample until the goal is reached; `low`…`high` is the central 80 % interval.

    Both are None for a method without an interval.
    """

    eta: float
    low: float | None = None
    high: float | None = None


@frozen
class Episode:
    """A finished heat-up or cool-down, the input of `learn`.

    `before` are the samples up to 120 s before the goal was set, `samples` those since, including some after the
    arrival. `reached_at` (same clock) is None if the goal was not reached.
    """

    goal: Goal
    before: Sequence[Sample]
    samples: Sequence[Sample]
    reached_at: float | None


#: The predicted curve of the rest of an episode: pairs of a share (0…1) of the remaining time and a temperature in °C.
Shape = Sequence[tuple[float, float]]


class Estimator(Protocol):
    """A method of estimation for one heater."""

    #: The value of the setting `algorithm` and of `method` in messages.
    name: ClassVar[str]

    def begin(self, goal: Goal, before: Sequence[Sample]) -> None:
        """Start an episode; `before` are the newest samples before the goal was set, oldest first."""

    def update(self, sample: Sample) -> Estimate | None:
        """Add the next sample of the episode and return the estimate, None if there is none."""

    @property
    def stalled(self) -> bool:
        """Whether the heater heats so much slower than usual that something must be wrong."""

    def shape(self) -> Shape:
        """Return the curve from the newest sample to the goal, empty if it is unknown."""

    def forecast(self, start: float, goal: Goal) -> Estimate | None:
        """Return the estimate for an episode from `start` (°C) to `goal`, None if there is none."""

    def restore(self, state: LearnedState) -> None:
        """Load a learned state; an unknown version is ignored."""

    @staticmethod
    def learn(kind: HeaterKind, state: LearnedState | None, episode: Episode) -> LearnedState | None:
        """Return `state` updated with `episode`, unchanged if the episode is of no use. May take 0.2 s."""
