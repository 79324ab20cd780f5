"""The way of one heater to its goal: which goal, how long still, and the moment told to the world."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..estimation.estimator import ARRIVAL_TOLERANCE, Direction, Estimate, Estimator, Goal, Sample
from .heater import Heater, State

#: The told moment stays until the estimate has moved by more than so many seconds, or this share of what remains, and
#: each time by this factor more: each change of it is a row in somebody's recorder, also where the estimate drifts.
MOVED_S, MOVED_SHARE, MOVED_GROWTH = 5.0, 0.05, 1.5


def goal_of(heater: Heater) -> Goal | None:
    """Return where `heater` is on its way to, None where it rests."""
    if heater.state in (State.HEATING, State.STALLED):
        return Goal(Direction.HEATING, heater.target)
    if heater.state is not State.COOLING:
        return None
    return Goal(Direction.COOLING, heater.target + ARRIVAL_TOLERANCE if heater.target > 0 else heater.cooled_at)


class Countdown:
    """Feeds an estimator with a way's samples and counts down between them; each way gets an estimator of its own."""

    def __init__(self, make_estimator: Callable[[], Estimator]) -> None:
        self._make_estimator = make_estimator
        self._estimator: Estimator | None = None
        self._estimate: Estimate | None = None
        self._estimated_at = 0.0
        self._start: float | None = None
        self._told: float | None = None
        self._moves = 0
        self.goal: Goal | None = None

    @property
    def method(self) -> str | None:
        """The name of the estimator that speaks."""
        return self._estimator.name if self._estimator else None

    def stop(self) -> None:
        """There is no way any more; `follow` begins one anew."""
        self.goal = self._estimator = self._estimate = self._start = self._told = None
        self._moves = 0

    def follow(self, goal: Goal | None, before: Sequence[Sample]) -> None:
        """Take up the way to `goal` unless it is the present one; `before` are the samples so far."""
        if goal == self.goal:
            return
        self.stop()
        self.goal = goal
        if goal is not None:
            self._estimator = self._make_estimator()
            self._estimator.begin(goal, before)

    def update(self, sample: Sample) -> None:
        """Take the way's next sample."""
        if self._estimator is None:
            return
        if self._start is None:
            self._start = sample.actual
        self._estimate = self._estimator.update(sample)
        self._estimated_at = sample.at

    @property
    def stalled(self) -> bool:
        """Whether the estimator finds the heater far slower than it usually is."""
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
        """Return which share of the way (0…1) lies behind at `actual` °C."""
        if self.goal is None or self._start is None:
            return None
        if self.goal.reached(actual):
            return 1.0
        whole, left = abs(self.goal.threshold - self._start), abs(self.goal.threshold - actual)
        return max(0.0, 1.0 - left / whole) if whole else 0.0

    def moment(self, at: float, wall: float) -> float | None:
        """Return when the goal is reached, in Unix seconds; it moves only when the estimate really has."""
        remaining = self.remaining(at)
        if remaining is None:
            self._told = None
            return None
        moment = wall + remaining.eta
        band = max(MOVED_S, MOVED_SHARE * remaining.eta) * MOVED_GROWTH**self._moves
        if self._told is None:
            self._told = moment
        elif abs(moment - self._told) > band:
            self._told = moment
            self._moves += 1
        return self._told
