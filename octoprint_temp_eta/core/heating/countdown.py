"""The countdown of one heater: its goal, the remaining time, and the announced time of arrival."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..estimation.estimator import ARRIVAL_TOLERANCE, Direction, Estimate, Estimator, Goal, Sample, Shape
from .state_machine.heater import Heater
from .state_machine.states import State

#: Hysteresis of the announced time: it stays while the estimate differs by at most this number of seconds, but at most
#: the share of the remaining time, …
FLOOR_S, FLOOR_SHARE, FLOOR_MIN_S = 2.0, 0.2, 0.5
#: … or by this share of the interval's half-width, …
INTERVAL_SHARE = 0.45
#: … or by this share of the remaining time; the second one is for a method without an interval.
REMAINING_SHARE, REMAINING_SHARE_ALONE = 0.06, 0.2
#: One reading postpones the announced time by at most this share of the remaining time or this number of seconds, …
LATER_SHARE, LATER_S = 0.15, 1.0
#: … or by this share of the interval's half-width, but not by more than the share of the remaining time.
LATER_INTERVAL_SHARE, LATER_SHARE_MOST = 0.35, 0.4
#: An arrival that is overdue is postponed by this number of seconds, or by this share of the time since it was due.
OVERDUE_S, OVERDUE_SHARE = 1.0, 0.5
#: Seconds by which a message, which has whole seconds, can round the announced time down.
ROUNDING_S = 0.5


def goal_of(heater: Heater) -> Goal | None:
    """Return the goal of `heater`, None if it neither heats nor cools."""
    if heater.state in (State.HEATING, State.STALLED):
        return Goal(Direction.HEATING, heater.target)
    if heater.state is not State.COOLING:
        return None
    return Goal(Direction.COOLING, heater.target + ARRIVAL_TOLERANCE if heater.target > 0 else heater.cooled_at)


def hysteresis(estimate: Estimate) -> float:
    """Return by how many seconds the announced time may differ from `estimate`."""
    floor = min(FLOOR_S, max(FLOOR_MIN_S, FLOOR_SHARE * estimate.eta))
    if estimate.low is None or estimate.high is None:
        return max(floor, REMAINING_SHARE_ALONE * estimate.eta)
    return max(floor, INTERVAL_SHARE * 0.5 * (estimate.high - estimate.low), REMAINING_SHARE * estimate.eta)


def longest_delay(estimate: Estimate) -> float:
    """Return by how many seconds one reading with `estimate` may postpone the announced time."""
    share = LATER_SHARE * estimate.eta
    if estimate.low is not None and estimate.high is not None:
        uncertain = LATER_INTERVAL_SHARE * 0.5 * (estimate.high - estimate.low)
        share = max(share, min(uncertain, LATER_SHARE_MOST * estimate.eta))
    return max(LATER_S, share)


class Countdown:
    """Feeds an estimator with the samples of an episode and counts down between them; each episode gets a new one."""

    def __init__(self, make_estimator: Callable[[], Estimator]) -> None:
        self._make_estimator = make_estimator
        self._estimator: Estimator | None = None
        self._estimate: Estimate | None = None
        self._estimated_at = 0.0
        self._start: float | None = None
        #: The announced time on the monotonic clock, its last value in Unix seconds, and since when it is overdue.
        self._arrival: float | None = None
        self._announced: float | None = None
        self._overdue_since: float | None = None
        self.goal: Goal | None = None

    @property
    def method(self) -> str | None:
        """The name of the estimator in use."""
        return self._estimator.name if self._estimator else None

    def stop(self) -> None:
        """End the episode."""
        self.goal = self._estimator = self._estimate = self._start = None
        self._arrival = self._announced = self._overdue_since = None

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
        self._arrival = self._adjusted(sample)

    @property
    def stalled(self) -> bool:
        """Whether the heater is far slower than usual, as `Estimator.stalled`."""
        return self._estimator is not None and self._estimator.stalled

    def shape(self) -> Shape:
        """Return the curve of the rest of the episode, as `Estimator.shape`."""
        return self._estimator.shape() if self._estimator is not None and self._estimate is not None else ()

    def remaining(self, at: float) -> Estimate | None:
        """Return the estimate as of `at` (monotonic seconds): until the announced time, with the interval about it."""
        estimate, arrival = self._estimate, self._arrival
        if estimate is None or arrival is None:
            return None
        at = max(at, self._estimated_at)
        eta, passed = max(0.0, arrival - at), at - self._estimated_at
        low = None if estimate.low is None else min(max(0.0, estimate.low - passed), eta)
        high = None if estimate.high is None else max(0.0, estimate.high - passed, eta)
        return Estimate(eta, low, high)

    def progress(self, actual: float) -> float | None:
        """Return the share (0…1) of the temperature difference that is covered at `actual` °C."""
        if self.goal is None or self._start is None:
            return None
        if self.goal.reached(actual):
            return 1.0
        whole, remaining = abs(self.goal.threshold - self._start), abs(self.goal.threshold - actual)
        return max(0.0, 1.0 - remaining / whole) if whole else 0.0

    def announced(self, at: float, wall: float) -> float | None:
        """Return the announced time of arrival in Unix seconds, where `at` (monotonic seconds) is `wall`.

        It changes only when the estimate leaves the hysteresis. It is never in the past: None while the arrival is
        due, until the state changes or there is another estimate.
        """
        if self._arrival is None or self._arrival < at + ROUNDING_S:
            return None
        announced = wall + self._arrival - at
        if self._announced is None or abs(announced - self._announced) > ROUNDING_S:
            self._announced = announced
        return self._announced

    def _adjusted(self, sample: Sample) -> float | None:
        """Return the announced time after `sample`, on the monotonic clock."""
        estimate, goal, arrival = self._estimate, self.goal, self._arrival
        if estimate is None or goal is None:
            self._overdue_since = None
            return None
        estimated = sample.at + estimate.eta
        if arrival is None or goal.reached(sample.actual):
            return estimated
        late = self._overdue_since is not None and estimated < arrival
        if not late and abs(estimated - arrival) > hysteresis(estimate):
            arrival = min(estimated, arrival + longest_delay(estimate))
        if arrival < sample.at + ROUNDING_S:
            self._overdue_since = sample.at if self._overdue_since is None else self._overdue_since
            overdue = OVERDUE_SHARE * (sample.at - self._overdue_since)
            postponed = min(max(estimate.eta, overdue), max(longest_delay(estimate), overdue))
            arrival = sample.at + max(OVERDUE_S, postponed)
        return arrival
