"""The state machine of one heater, driven by its readings and its target; `states` has the table of its moves.

Beside the table:

* `Heater.lose` returns to UNKNOWN from any state, `Heater.finish_cooling` leaves COOLING without a reading.
* A new target restarts the timers and the window for STUCK and PLATEAU, also where the state stays the same.
* The estimator of `Track` can meet STUCK early: it sets `Heater.slow`.
* STALLED keeps the window of HEATING: a stalled heater does not get a second one.
* A heater at its target leaves it only downwards: it stays there however far its surroundings, or overshoot, warm it.
"""

from __future__ import annotations

import math

from ...estimation.estimator import ARRIVAL_HOLD, ARRIVAL_TOLERANCE, HeaterKind, Sample
from ...estimation.samples import History
from .belief import Belief
from .debounce import Debounce
from .progress import RINGING_C, Progress
from .states import MOVES, Condition, State, Transition
from .trend import Fall, Settling

#: Seconds of readings from which the rate comes: four of OctoPrint's, which come every 2 s. Of more of them it would
#: lag further behind, and readers could continue the temperature for a shorter time.
RATE_S = 7.0
#: A heater that rests, and has changed by at most this many °C within this many seconds, ripples: its rate is 0.
RIPPLE_C, RIPPLE_S = 2.0, 20.0
_AT_REST = frozenset({State.OFF, State.AT_TARGET, State.COOLED_DOWN})
#: A heat-up whose readings were missing for at most this many seconds goes on: it is still to be reported as reached.
HEATS_ON_S = 1800.0
#: Seconds below its target by more than `RINGING_C` before the heater has left it.
SAG_S = 15.0
#: Temperature in °C above which a heater without a target must have been heated: no room or enclosure is that warm.
ROOM_C = {HeaterKind.TOOL: 55.0, HeaterKind.BED: 55.0, HeaterKind.CHAMBER: 80.0}
#: A heater above `ROOM_C` that has gained this many °C within this many seconds without a target is heated: its
#: surroundings warm it more slowly. That must last for some seconds, as a single reading may be wrong.
RISEN_C, RISEN_S, STAYS_RISEN_S = 10.0, 100.0, 8.0
#: Seconds for which a heater that was found warm is watched for a fall.
FOUND_S = 1800.0
#: Temperature in °C up to which a heater that no longer cools counts as cooled down: above it, something still heats.
SETTLED_C = 80.0


class Heater:
    """One heater's state, target and history."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind = HeaterKind.of(name)
        self.state = State.UNKNOWN
        self.target = 0.0
        #: The cool-down target in °C. A change has its effect at the next reading.
        self.cooled_at = 0.0
        self.history = History()
        #: Whether the estimator, which may have learned this heater, finds it far too slow.
        self.slow = False
        self._belief = Belief(self.kind)
        self._moving_since = 0.0
        self._arrived = Debounce(ARRIVAL_HOLD)
        self._cooled = Debounce(ARRIVAL_HOLD)
        self._sagged = Debounce(SAG_S)
        self._progress = Progress(self.kind)
        self._warmed = Debounce(STAYS_RISEN_S)
        #: The cool-down target at the last reading, None before the first.
        self._cooled_at_before: float | None = None
        #: Until when a heater that was found warm is watched for a fall.
        self._found_until = 0.0
        self._fall: Fall | None = None
        self._settling: Settling | None = None
        #: Whether it was found hot, so that it is unknown whether it cools.
        self._found_hot = False
        #: Whether it was heated without a target since it entered its state.
        self._risen = False
        #: Whether the next reading is the first after an extrapolation.
        self._resumes = False
        #: The last reading of a heat-up whose readings have ended.
        self._heated: Sample | None = None
        self._ignored: list[str] = []

    @property
    def actual(self) -> float | None:
        """The newest temperature in °C, None while it is not known."""
        newest = self.history.newest
        return None if newest is None or self.state is State.UNKNOWN else newest.actual

    @property
    def rate(self) -> float | None:
        """How fast the temperature changes, in °C/s: of the newest readings, None if there are too few."""
        newest = self.history.newest
        if newest is not None and self.state in _AT_REST:
            recent = [sample.actual for sample in self.history.since(newest.at - RIPPLE_S)]
            if max(recent) - min(recent) <= RIPPLE_C:
                return 0.0
        return self.history.rate(RATE_S)

    @property
    def restless(self) -> bool:
        """Whether there is no real heat-up or cool-down: the target goes up and down, or there is none."""
        return self._belief.restless or self._risen

    def doubts(self, at: float, actual: float | None, target: float | None) -> bool:
        """Return whether a reading is too far from the last one to be believed before it is confirmed."""
        return self._belief.doubts(self.history.newest, at, actual, target)

    def read(
        self, at: float, actual: float | None, target: float | None, *, doubted: bool = False
    ) -> Transition | None:
        """Process a reading: `at` in monotonic seconds, temperatures in °C, None for what it does not contain.

        `doubted` is whether another heater doubts the same report of the printer.
        """
        if doubted or self.doubts(at, actual, target):
            self._belief.hold(actual, target)
            return None
        confirmed = self._belief.accept()
        believed = self._belief.target(target)
        retargeted = believed is not None and believed != self.target
        if believed is not None:
            self.target = believed
        fresh = actual is not None and self.history.add(Sample(at, actual, self.target), confirmed=confirmed)
        newest = self.history.newest
        if newest is None or not (fresh or retargeted):
            return None
        if retargeted or self._is_found:
            return self._retarget(newest, at)
        return self._move(self._conditions(newest), at)

    @property
    def rests(self) -> bool:
        """Whether it has no target, does not cool, and is no warmer than its surroundings can be."""
        newest = self.history.newest
        at_rest = self.state in (State.OFF, State.COOLED_DOWN) and not self.target
        return at_rest and newest is not None and not self._is_hot(newest)

    def take_ignored(self) -> list[str]:
        """Return the targets since the last call that have no row in `MOVES`, as text for the log."""
        ignored, self._ignored = self._ignored, []
        return ignored

    def lose(self) -> Transition | None:
        """Discard the readings: they are outdated."""
        if self.state is not State.UNKNOWN:
            self._heated = self.history.newest if self.state in (State.HEATING, State.STALLED) else None
        self._forget_readings()
        self.target = 0.0
        return self._enter(State.UNKNOWN, 0.0)

    def resume(self) -> None:
        """Forget the readings but not the state, which was extrapolated: the next reading is believed."""
        self._forget_readings()
        self._resumes = True

    def finish_cooling(self, at: float) -> Transition | None:
        """Enter COOLED_DOWN from COOLING without a reading."""
        return self._enter(MOVES[State.COOLING][Condition.COOLED], at)

    def _forget_readings(self) -> None:
        self.history.clear()
        self._belief = Belief(self.kind)
        self._fall = self._settling = None

    def _retarget(self, newest: Sample, at: float) -> Transition | None:
        """Move on a new target, or on the first reading; the timers restart also where the state stays."""
        is_found, self._resumes = self._is_found, False
        condition = self._found(newest) if is_found else self._targeted(newest.actual)
        state = MOVES[State.UNKNOWN if is_found else self.state].get(condition)
        if state is None:
            self._ignored.append(f"condition {condition.value} in state {self.state.value}")
            state = self.state
        self._found_hot = condition is Condition.FOUND_HOT
        self._cooled_at_before = self.cooled_at
        self._restart(at)
        return self._enter(state, at)

    @property
    def _is_found(self) -> bool:
        """Whether the next reading finds the heater: that it was off before the extrapolation says nothing of it."""
        return self.state is State.UNKNOWN or (self._resumes and self.state is State.OFF)

    def _found(self, first: Sample) -> Condition:
        if self.target > 0 and abs(first.actual - self.target) <= RINGING_C:
            heated = self._heated
            goes_on = heated is not None and heated.target == self.target and first.at - heated.at <= HEATS_ON_S
            return Condition.TARGET_ABOVE if goes_on else Condition.FOUND_AT_TARGET
        if self.target > 0:
            return self._targeted(first.actual)
        return self._found_without_target(first)

    def _found_without_target(self, first: Sample) -> Condition:
        if self._is_hot(first):
            return Condition.FOUND_HOT
        if first.actual > self.cooled_at:
            self._found_until = first.at + FOUND_S
            self._fall = Fall(first.at, first.actual)
        return Condition.FOUND_AT_REST

    def _is_hot(self, sample: Sample) -> bool:
        return sample.actual > max(self.cooled_at, ROOM_C[self.kind])

    def _targeted(self, actual: float) -> Condition:
        if self.target > 0:
            above = actual > self.target + ARRIVAL_TOLERANCE
            return Condition.TARGET_BELOW if above else Condition.TARGET_ABOVE
        return Condition.SWITCHED_OFF_WARM if actual > self.cooled_at else Condition.SWITCHED_OFF_COOL

    def _conditions(self, newest: Sample) -> list[Condition]:
        """Return what holds at the newest reading, the most specific condition first."""
        conditions = self._without_target(newest) if self.target <= 0 else self._with_target(newest)
        return [condition for condition, holds in conditions.items() if holds]

    def _without_target(self, newest: Sample) -> dict[Condition, bool]:
        at, actual = newest.at, newest.actual
        before, self._cooled_at_before = self._cooled_at_before, self.cooled_at
        lowered = before is not None and self.cooled_at < before and actual > self.cooled_at
        found = self._found_without_target(newest) if lowered and self.state is State.OFF else None
        resumes, self._resumes = self._resumes, False
        falls = self._fall is not None and self._fall.update(at, actual) and at <= self._found_until
        settled = self._settles(newest)
        kept_hot = self._found_hot and self._settling is not None and self._settling.held(at)
        if kept_hot:
            self._found_until, self._fall = math.inf, Fall(at, actual)
        return {
            Condition.COOLED: self._cooled.update(at, actual <= self.cooled_at),
            Condition.THRESHOLD_LOWERED: lowered,
            Condition.STILL_WARM: resumes and actual > self.cooled_at + RINGING_C,
            Condition.FOUND_HOT: found is Condition.FOUND_HOT,
            Condition.RISEN: self._rises(newest),
            Condition.FALLING: falls and actual > self.cooled_at,
            Condition.KEPT_HOT: kept_hot,
            Condition.SETTLED: settled and actual <= SETTLED_C,
        }

    def _with_target(self, newest: Sample) -> dict[Condition, bool]:
        at, actual, target = newest.at, newest.actual, self.target
        cooling = self.state is State.COOLING
        near = actual <= target + ARRIVAL_TOLERANCE if cooling else actual >= target - ARRIVAL_TOLERANCE
        settled = cooling and self._settles(newest) and actual <= max(SETTLED_C, target + RINGING_C)
        conditions = {
            Condition.SAGGED: self._sagged.update(at, actual < target - RINGING_C),
            Condition.ARRIVED: self._arrived.update(at, near),
            Condition.PLATEAU: settled,
        }
        if self.state in (State.HEATING, State.STALLED):
            stalled = self.state is State.STALLED
            conditions[self._progress.update(self.history, newest, stalled=stalled, slow=self.slow)] = True
        return conditions

    def _settles(self, newest: Sample) -> bool:
        """Return whether a cooling heater no longer falls."""
        if self.state is not State.COOLING:
            return False
        if self._settling is None:
            self._settling = Settling(self.kind, newest.at, newest.actual)
        return self._settling.update(newest.at, newest.actual)

    def _rises(self, newest: Sample) -> bool:
        """Return whether something heats a heater that has no target, such as a firmware that tunes its controller."""
        if self.state not in (State.OFF, State.COOLED_DOWN) or not self._is_hot(newest):
            return self._warmed.update(newest.at, holds=False)
        since = max(newest.at - RISEN_S, self._moving_since)
        lowest = min(sample.actual for sample in self.history.since(since))
        return self._warmed.update(newest.at, newest.actual - lowest >= RISEN_C)

    def _move(self, conditions: list[Condition], at: float) -> Transition | None:
        moves = MOVES[self.state]
        condition = next((each for each in conditions if each in moves), None)
        if condition is None:
            return None
        transition = self._enter(moves[condition], at)
        if condition is Condition.RISEN:
            self._risen = self._found_hot = True
        return transition

    def _enter(self, state: State, at: float) -> Transition | None:
        previous, self.state = self.state, state
        if state is previous:
            return None
        if state is not State.STALLED:
            self._restart(at)
        if state is not State.OFF:
            self._fall = None
        return Transition(previous, state)

    def _restart(self, at: float) -> None:
        self._moving_since = at
        self._settling, self._risen = None, False
        self._progress.restart(at)
        for timer in (self._arrived, self._cooled, self._sagged, self._warmed):
            timer.restart()
