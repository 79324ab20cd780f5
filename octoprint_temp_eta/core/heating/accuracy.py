"""The measured accuracy of the estimates of the last heat-ups."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from ..estimation.estimator import Direction, Episode, Estimate
from ..frozen import frozen

#: Number of heat-ups in the record.
LAST = 20


@frozen
class Score:
    """One heat-up: mean absolute error in % of its duration, and % of the readings whose interval held.

    `coverage` is None for a method without an interval.
    """

    error: float
    coverage: float | None


def score(episode: Episode, estimates: Sequence[tuple[float, Estimate]]) -> Score | None:
    """Return the accuracy of `estimates` (by time) for `episode`, None without an arrival or without estimates."""
    reached_at, started_at = episode.reached_at, episode.samples[0].at
    if reached_at is None or reached_at <= started_at:
        return None
    pairs = [(reached_at - at, estimate) for at, estimate in estimates if at < reached_at]
    if not pairs:
        return None
    error = _mean([abs(estimate.eta - truth) for truth, estimate in pairs]) / (reached_at - started_at)
    held = [low <= truth <= high for truth, e in pairs if (low := e.low) is not None and (high := e.high) is not None]
    return Score(100.0 * error, 100.0 * _mean(held) if held else None)


def _mean(values: Sequence[float]) -> float:
    # The module `statistics` would be imported for this alone.
    return math.fsum(values) / len(values)


#: Number of episodes of a heater whose comparison is kept.
LAST_COMPARED = 10


@frozen
class Comparison:
    """A completed heat-up or cool-down: the estimate at its start, and how long it took.

    `start` and `goal` in °C, the others in s; `low` and `high` are None for a method without an interval.
    """

    direction: str
    start: float
    goal: float
    predicted: float
    low: float | None
    high: float | None
    real: float

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Any) -> Comparison | None:
        """Return it from the result of `as_json`, None for anything else."""
        if not isinstance(stored, Mapping) or set(stored) != {each.name for each in fields(cls)}:
            return None
        numbers = [value for key, value in stored.items() if key != "direction" and value is not None]
        sound = all(isinstance(each, int | float) and math.isfinite(each) for each in numbers)
        needed = all(stored[key] is not None for key in ("start", "goal", "predicted", "real"))
        return cls(**stored) if sound and needed and stored["direction"] in tuple(Direction) else None


def compare(episode: Episode, estimates: Sequence[tuple[float, Estimate]]) -> Comparison | None:
    """Return the first of `estimates` (by time) beside the duration of `episode`, None without one of them."""
    reached_at, first = episode.reached_at, episode.samples[0]
    if reached_at is None or reached_at <= first.at or not estimates:
        return None
    at, estimate = estimates[0]
    since = at - first.at
    interval = [None if bound is None else round(since + bound, 1) for bound in (estimate.low, estimate.high)]
    return Comparison(
        direction=episode.goal.direction.value,
        start=round(first.actual, 1),
        goal=round(episode.goal.temperature, 1),
        predicted=round(since + estimate.eta, 1),
        low=interval[0],
        high=interval[1],
        real=round(reached_at - first.at, 1),
    )


@frozen
class Accuracy:
    """The scores of the last heat-ups, oldest first."""

    scores: tuple[Score, ...] = ()

    def with_score(self, new: Score) -> Accuracy:
        """Return the record with `new` added."""
        return Accuracy((*self.scores, new)[-LAST:])

    @property
    def error(self) -> float | None:
        """The mean error in %, None before the first heat-up."""
        return _mean([each.error for each in self.scores]) if self.scores else None

    @property
    def coverage(self) -> float | None:
        """% of the readings whose interval held, None without an interval."""
        known = [each.coverage for each in self.scores if each.coverage is not None]
        return _mean(known) if known else None

    def as_json(self) -> list[list[float | None]]:
        """Return the record as JSON values."""
        return [[round(each.error, 2), each.coverage and round(each.coverage, 1)] for each in self.scores]

    @classmethod
    def from_json(cls, stored: Any) -> Accuracy:
        """Return the record from the result of `as_json`, an empty one for anything else."""
        try:
            scores = [(float(error), None if coverage is None else float(coverage)) for error, coverage in stored]
        except (TypeError, ValueError):
            return cls()
        valid = all(0.0 <= error < math.inf and (within is None or 0.0 <= within <= 100.0) for error, within in scores)
        return cls(tuple(Score(*each) for each in scores[-LAST:])) if valid else cls()
