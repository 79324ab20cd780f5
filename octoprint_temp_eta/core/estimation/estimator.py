"""What every estimation method offers: one small interface, and the values that pass through it.

An estimator belongs to one heater of one printer profile. The worker feeds it; only `learn` may run elsewhere,
which is why it is a pure function of immutable values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol

#: Heating has arrived at this many °C below its target: the point from which overshoot and ringing no longer matter.
ARRIVAL_TOLERANCE = 1.0
#: … when it stays there for this many seconds.
ARRIVAL_HOLD = 3.0

#: A learned state as JSON values; an estimator ignores one of an unknown version.
LearnedState = Mapping[str, Any]


class Direction(StrEnum):
    """Which way a heater is on."""

    HEATING = "heating"
    COOLING = "cooling"


class HeaterKind(StrEnum):
    """The kinds of heater whose physics differ enough for a prior of their own."""

    TOOL = "tool"
    BED = "bed"
    CHAMBER = "chamber"

    @classmethod
    def of(cls, heater: str) -> HeaterKind:
        """Return the kind of OctoPrint's `heater` name; a custom heater is taken for a slow one, a chamber."""
        if heater.startswith("tool"):
            return cls.TOOL
        return cls.BED if heater == "bed" else cls.CHAMBER


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading: `at` in seconds of a monotonic clock, `actual` and `target` in °C (target 0: none)."""

    at: float
    actual: float
    target: float = 0.0


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a heater is on its way to: `temperature` in °C is the target, or what counts as cooled."""

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


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds from the newest sample until the goal is reached; `low`…`high` is the central 80 % interval.

    A method that does not know how good it is gives None for both.
    """

    eta: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """A way to a goal that has ended, as `learn` gets it.

    `before` are the samples up to 120 s before the goal was set, `samples` those since, including some after the
    arrival. `reached_at` (same clock) is None when the episode was given up.
    """

    goal: Goal
    before: Sequence[Sample]
    samples: Sequence[Sample]
    reached_at: float | None


class Estimator(Protocol):
    """A method of estimation for one heater."""

    #: As in the setting `algorithm` and in the message's `method`.
    name: ClassVar[str]

    def begin(self, goal: Goal, before: Sequence[Sample]) -> None:
        """Start an episode; `before` are the newest samples before the goal was set, oldest first."""

    def update(self, sample: Sample) -> Estimate | None:
        """Take the episode's next sample and return when the goal is reached, None where it cannot be told."""

    @property
    def stalled(self) -> bool:
        """Whether the heater makes so much less way than it usually does that something must be wrong."""

    def forecast(self, start: float, goal: Goal) -> Estimate | None:
        """Return how long the way from `start` (°C) to `goal` would take from now, None where it cannot be told."""

    def restore(self, state: LearnedState) -> None:
        """Go on from what was learned earlier; an unknown version is ignored."""

    @staticmethod
    def learn(kind: HeaterKind, state: LearnedState | None, episode: Episode) -> LearnedState | None:
        """Return `state` with `episode` learned; unchanged where the episode teaches nothing. May take 0.2 s."""
