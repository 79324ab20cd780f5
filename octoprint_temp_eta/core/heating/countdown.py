"""The countdown of one heater: its goal, the remaining time, and the announced time of arrival."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..estimation.estimator import ARRIVAL_TOLERANCE, Direction, Estimate, Estimator, Goal, Sample
from .heater import Heater, State

#: Hysteresis of the announced time: it stays until the estimate is off by more than this many seconds, or this share of
#: the remaining time. Each change widens it by the factor, as each change is a row in a recorder.
MOVED_S, MOVED_SHARE, MOVED_GROWTH = 5.0, 0.05, 1.5
#: s by which a message, which has whole seconds, can round the announced time down.
ROUNDING_S = 0.5


def goal_of(heater: Heater) -> Goal | None:
    """Return the goal of `heater`, None if it neither heats nor cools."""
    if heater.state in (State.HEATING, State.STALLED):
        return Goal(Direction.HEATING, heater.target)
    if heater.state is not State.COOLING:
        return None
    return Goal(Direction.COOLING, heater.target + ARRIVAL_TOLERANCE if heater.target > 0 else heater.cooled_at)


class Countdown:
    """Feeds an estimator with the samples of an episode and counts down between them; each episode gets a new one."""

    def __init__(self, make_estimator: Callable[[], Estimator]) -> None:
        self._make_estimator = make_estimator
        self._estimator: Estimator | None = None
        self._estimate: Estimate | None = None
        self._estimated_at = 0.0
        self._start: float | None = None
        self._announced: float | None = None
        self._changes = 0
        self.goal: Goal | None = None

    @property
    def method(self) -> str | None:
        """The name of the estimator in use."""
        return self._estimator.name if self._estimator else None

    def stop(self) -> None:
        """End the episode."""
        self.goal = self._estimator = self._estimate = self._start = self._announced = None
        self._changes = 0

    def follow(self, goal: Goal | None, before: Sequence[Sample]) -> None:
        """Start an episode towards `goal` unless it is the current one; `before` are the samples so far."""
        if goal == self.goal:
            return
        self.stop()
        self.goal = goal
        if goal is not None:
            self._estimator = self._make_estimator()
            self._estimator.begin(goal, before)

    def update(self, sample: Sample) -> None:
        """Add the next sample of the episode."""
        if self._estimator is None:
            return
        if self._start is None:
            self._start = sample.actual
        self._estimate = self._estimator.update(sample)
        self._estimated_at = sample.at

    @property
    def stalled(self) -> bool:
        """Whether the heater is far slower than usual, as `Estimator.stalled`."""
        return self._estimator is not None and self._estimator.stalled

    def remaining(self, at: float) -> Estimate | None:
        """Return the estimate as of `at` (monotonic seconds)."""
        estimate = self._estimate
        if estimate is None:
            return None
        passed = max(0.0, at - self._estimated_at)
        low, high = (None if e is None else max(0.0, e - passed) for e in (estimate.low, estimate.high))
        return Estimate(max(0.0, estimate.eta - passed), low, high)

    def progress(self, actual: float) -> float | None:
        """Return the share (0…1) of the temperature difference that is covered at `actual` °C."""
        if self.goal is None or self._start is None:
            return None
        if self.goal.reached(actual):
            return 1.0
        whole, remaining = abs(self.goal.threshold - self._start), abs(self.goal.threshold - actual)
        return max(0.0, 1.0 - remaining / whole) if whole else 0.0

    def announced(self, at: float, wall: float) -> float | None:
        """Return the announced time of arrival in Unix seconds; small changes of the estimate don't change it.

        It is never in the past: None while the arrival is due, until the state changes or there is another estimate.
        """
        remaining = self.remaining(at)
        if remaining is None:
            self._announced = None
            return None
        estimated = wall + remaining.eta
        band = max(MOVED_S, MOVED_SHARE * remaining.eta) * MOVED_GROWTH**self._changes
        if self._announced is None:
            self._announced = estimated
        elif self._announced < wall + ROUNDING_S and remaining.eta < ROUNDING_S:
            return None
        elif self._announced < wall + ROUNDING_S or abs(estimated - self._announced) > band:
            self._announced = estimated
            self._changes += 1
        return self._announced
