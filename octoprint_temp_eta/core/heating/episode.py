"""Records a heater's samples as episodes, for learning and for the accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ..estimation.estimator import ARRIVAL_HOLD, Episode, Estimate, Goal, Sample

#: Seconds without a sample in which an arrival cannot be timed: the line between the samples is not what happened.
GAP_S = 30.0
#: Seconds recorded after the arrival.
AFTER_S = 10.0
#: Most samples of an episode; at more, every second one is dropped.
MOST_SAMPLES = 4096


def arrival(goal: Goal, samples: Sequence[Sample]) -> float | None:
    """Return when `goal` was reached and kept for `ARRIVAL_HOLD`, interpolated between samples.

    None if never, or in a gap.
    """
    for before, here in pairwise(samples):
        if not goal.reached(here.actual) or samples[-1].at - here.at < ARRIVAL_HOLD:
            continue
        held = (sample for sample in samples if here.at <= sample.at <= here.at + ARRIVAL_HOLD)
        if all(goal.reached(sample.actual) for sample in held):
            if here.at - before.at > GAP_S:
                return None
            if here.actual == before.actual:
                return here.at
            part = (goal.threshold - before.actual) / (here.actual - before.actual)
            return before.at + min(max(part, 0.0), 1.0) * (here.at - before.at)
    return None


class Recorder:
    """Records one episode at a time, with its estimates."""

    def __init__(self) -> None:
        self._goal: Goal | None = None
        self._before: Sequence[Sample] = ()
        self._samples: list[Sample] = []
        self._arrived_at: float | None = None
        #: The estimates until the arrival, with the time of the sample.
        self.estimates: list[tuple[float, Estimate]] = []

    def begin(self, goal: Goal, before: Sequence[Sample]) -> None:
        """Start an episode towards `goal`; `before` are the samples so far."""
        self.drop()
        self._goal, self._before = goal, before

    def drop(self) -> None:
        """Discard the current episode."""
        self._goal, self._samples, self._arrived_at, self.estimates = None, [], None, []

    def arrive(self, at: float) -> None:
        """Mark the arrival at `at`; `AFTER_S` later the episode is complete."""
        if self._goal is not None and self._arrived_at is None:
            self._arrived_at = at

    def add(self, sample: Sample, estimate: Estimate | None) -> Episode | None:
        """Add a sample and its estimate; return the episode when it is complete."""
        if self._goal is None:
            return None
        self._samples.append(sample)
        if estimate is not None and self._arrived_at is None:
            self.estimates.append((sample.at, estimate))
        if len(self._samples) > MOST_SAMPLES:
            self._samples, self.estimates = self._samples[::2], self.estimates[::2]
        if self._arrived_at is None or sample.at < self._arrived_at + AFTER_S:
            return None
        return self._complete(self._goal)

    def _complete(self, goal: Goal) -> Episode | None:
        reached_at = arrival(goal, self._samples)
        samples, self._goal = tuple(self._samples), None
        return None if reached_at is None else Episode(goal, tuple(self._before), samples, reached_at)
