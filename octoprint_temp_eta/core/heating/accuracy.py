"""How right the estimates of the last heat-ups were: trust that can be checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from ..estimation.estimator import Episode, Estimate

#: Heat-ups that are looked back at.
LAST = 20


@dataclass(frozen=True, slots=True)
class Score:
    """One heat-up: mean absolute error in % of its duration, and in how many % of the readings the interval held.

    The second is None where the method gives no interval.
    """

    error: float
    coverage: float | None


def score(episode: Episode, estimates: Sequence[tuple[float, Estimate]]) -> Score | None:
    """Return how right `estimates` (by time) were on `episode`, None where nothing can be said."""
    reached_at, begun_at = episode.reached_at, episode.samples[0].at
    if reached_at is None or reached_at <= begun_at:
        return None
    told = [(reached_at - at, estimate) for at, estimate in estimates if at < reached_at]
    if not told:
        return None
    error = fmean(abs(estimate.eta - truth) for truth, estimate in told) / (reached_at - begun_at)
    held = [low <= truth <= high for truth, e in told if (low := e.low) is not None and (high := e.high) is not None]
    return Score(100.0 * error, 100.0 * fmean(held) if held else None)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The scores of the last heat-ups, oldest first."""

    scores: tuple[Score, ...] = ()

    def with_score(self, new: Score) -> Accuracy:
        """Return the record with one more heat-up."""
        return Accuracy((*self.scores, new)[-LAST:])

    @property
    def error(self) -> float | None:
        """The mean error in %, None before the first heat-up."""
        return fmean(each.error for each in self.scores) if self.scores else None

    @property
    def coverage(self) -> float | None:
        """In how many % of the readings the interval held, None where there was none."""
        known = [each.coverage for each in self.scores if each.coverage is not None]
        return fmean(known) if known else None

    def as_json(self) -> list[list[float | None]]:
        """Return it for the disk."""
        return [[round(each.error, 2), each.coverage and round(each.coverage, 1)] for each in self.scores]

    @classmethod
    def from_json(cls, stored: Any) -> Accuracy:
        """Return what `as_json` gave; empty where `stored` is something else."""
        try:
            scores = [(float(error), None if coverage is None else float(coverage)) for error, coverage in stored]
        except (TypeError, ValueError):
            return cls()
        valid = all(math.isfinite(number) for each in scores for number in each if number is not None)
        return cls(tuple(Score(*each) for each in scores[-LAST:])) if valid else cls()
