"""The state machine of one heater, driven by its readings and its target.

`MOVES` holds the legal moves: for each state, the conditions that leave it, and the state that follows. A reading can
meet several conditions; the first one in the order of `Heater._conditions` that has a row in the present state wins.
A condition without a row has no meaning in that state and changes nothing.

Beside the table:

* `Heater.lose` returns to UNKNOWN from any state, `Heater.finish_cooling` leaves COOLING without a reading.
* A new target restarts the timers and the window for STUCK and PLATEAU, also where the state stays the same.
* The estimator of `Track` can meet STUCK early: it sets `Heater.slow`.
* STALLED keeps the window of HEATING, so that the heater is not given a second one.
* A cooling heater that has settled above its target has reached what it can: OVERHEATED counts from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..estimation.estimator import ARRIVAL_HOLD, ARRIVAL_TOLERANCE, HeaterKind, Sample
from ..estimation.samples import History
from .belief import Belief
from .trend import Fall, Settling


class State(StrEnum):
    """What a heater is doing."""

    UNKNOWN = "unknown"
    OFF = "off"
    HEATING = "heating"
    STALLED = "stalled"
    AT_TARGET = "at_target"
    COOLING = "cooling"
    COOLED_DOWN = "cooled_down"


class Condition(StrEnum):
    """What can hold at a reading."""

    #: There is a new target, and the heater is at most the tolerance above it.
    TARGET_ABOVE = "target above"
    #: There is a new target, and the heater is above it.
    TARGET_BELOW = "target below"
    #: The target was removed while the heater is above its cool-down target.
    SWITCHED_OFF_WARM = "switched off warm"
    #: The target was removed while the heater is at its cool-down target or below.
    SWITCHED_OFF_COOL = "switched off cool"
    #: The first reading is near the target.
    FOUND_AT_TARGET = "found at target"
    #: The first reading has no target and is hotter than any room.
    FOUND_HOT = "found hot"
    #: The first reading has no target, and a room or an enclosure can be as warm.
    FOUND_AT_REST = "found at rest"
    #: Found above the cool-down target, the temperature falls.
    FALLING = "falling"
    #: The setting was changed to a cool-down target below the temperature.
    THRESHOLD_LOWERED = "threshold lowered"
    #: The first reading after an extrapolated cool-down is well above the cool-down target.
    STILL_WARM = "still warm"
    #: Within the tolerance of the target or beyond it, for `ARRIVAL_HOLD`.
    ARRIVED = "arrived"
    #: Near the target, and no longer approaching it.
    PLATEAU = "plateau"
    #: At the cool-down target or below, for `ARRIVAL_HOLD`.
    COOLED = "cooled"
    #: Above the cool-down target or the target, the temperature no longer falls.
    SETTLED = "settled"
    #: Below the target for longer than ringing explains.
    SAGGED = "sagged"
    #: Above the target for longer than overshoot explains.
    OVERHEATED = "overheated"
    #: The temperature does not rise though the heater heats.
    STUCK = "stuck"
    #: The temperature rises again.
    GAINING = "gaining"


_NEW_TARGET = {Condition.TARGET_ABOVE: State.HEATING, Condition.TARGET_BELOW: State.COOLING}
_ANY_TARGET = {
    **_NEW_TARGET,
    Condition.SWITCHED_OFF_WARM: State.COOLING,
    Condition.SWITCHED_OFF_COOL: State.OFF,
}
_REACHED = {Condition.ARRIVED: State.AT_TARGET, Condition.PLATEAU: State.AT_TARGET}
MOVES: Mapping[State, Mapping[Condition, State]] = {
    State.UNKNOWN: {
        **_NEW_TARGET,
        Condition.FOUND_AT_TARGET: State.AT_TARGET,
        Condition.FOUND_HOT: State.COOLING,
        Condition.FOUND_AT_REST: State.OFF,
    },
    State.OFF: {
        **_NEW_TARGET,
        Condition.FOUND_HOT: State.COOLING,
        Condition.FALLING: State.COOLING,
    },
    State.HEATING: {**_ANY_TARGET, **_REACHED, Condition.STUCK: State.STALLED},
    State.STALLED: {**_ANY_TARGET, Condition.GAINING: State.HEATING},
    State.AT_TARGET: {**_ANY_TARGET, Condition.SAGGED: State.HEATING, Condition.OVERHEATED: State.COOLING},
    State.COOLING: {
        **_ANY_TARGET,
        Condition.SWITCHED_OFF_COOL: State.COOLED_DOWN,
        Condition.ARRIVED: State.AT_TARGET,
        Condition.SAGGED: State.HEATING,
        Condition.COOLED: State.COOLED_DOWN,
        Condition.SETTLED: State.COOLED_DOWN,
        Condition.PLATEAU: State.AT_TARGET,
    },
    State.COOLED_DOWN: {
        **_NEW_TARGET,
        Condition.THRESHOLD_LOWERED: State.COOLING,
        Condition.STILL_WARM: State.COOLING,
    },
}

#: The temperature may ring around the target by so many °C.
RINGING_C = 3.0
#: s outside that range before the heater has left its target: overshoot takes tens of seconds.
SAG_S, OVERHEAT_S = 15.0, 90.0
#: A heating heater that gains less than so many °C within so many seconds, by kind, is stuck.
STUCK_GAIN_C = 1.0
STUCK_S = {HeaterKind.TOOL: 30.0, HeaterKind.BED: 90.0, HeaterKind.CHAMBER: 110.0}
#: One that has been near its target for that time, and gained less than so many °C in it, has reached what it will.
PLATEAU_GAIN_C = 0.5
#: °C above which a heater without a target was heated: no room and no enclosure is as warm.
ROOM_C = {HeaterKind.TOOL: 55.0, HeaterKind.BED: 55.0, HeaterKind.CHAMBER: 80.0}
#: s for which a heater that was found warm is watched for a fall.
FOUND_S = 1800.0
#: °C up to which a temperature that no longer falls counts as cooled: above, something still heats.
SETTLED_C = 80.0


class Debounce:
    """Requires a condition to hold without a break for some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None

    def update(self, at: float, holds: bool) -> bool:
        """Record whether the condition `holds` at `at`; return whether it has held for long enough."""
        if not holds:
            self._since = None
        elif self._since is None:
            self._since = at
        return self._since is not None and at - self._since >= self._seconds

    def restart(self) -> None:
        """Start counting again."""
        self._since = None


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state."""

    previous: State
    state: State


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
        self._overheated = Debounce(OVERHEAT_S)
        self._near = Debounce(STUCK_S[self.kind])
        #: The cool-down target at the last reading, None before the first.
        self._cooled_at_before: float | None = None
        #: Until when a heater that was found warm is watched for a fall.
        self._found_until = 0.0
        self._fall: Fall | None = None
        self._settling: Settling | None = None
        #: °C where it has settled above its target.
        self._settled_at: float | None = None
        #: Whether the next reading is the first after an extrapolation.
        self._resumes = False

    @property
    def actual(self) -> float | None:
        """The newest temperature in °C, None while it is not known."""
        newest = self.history.newest
        return None if newest is None or self.state is State.UNKNOWN else newest.actual

    @property
    def restless(self) -> bool:
        """Whether the target changes at each reading, so that no heat-up or cool-down is meant."""
        return self._belief.restless

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
        if retargeted or self.state is State.UNKNOWN:
            return self._retarget(newest, at)
        return self._move(self._conditions(newest), at)

    def lose(self) -> Transition | None:
        """Discard the readings: they are outdated."""
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
        condition = self._found(newest) if self.state is State.UNKNOWN else self._targeted(newest.actual)
        state = MOVES[self.state].get(condition, self.state)
        self._cooled_at_before, self._settled_at = self.cooled_at, None
        self._restart(at)
        return self._enter(state, at)

    def _found(self, first: Sample) -> Condition:
        if self.target > 0 and abs(first.actual - self.target) <= RINGING_C:
            return Condition.FOUND_AT_TARGET
        if self.target > 0:
            return self._targeted(first.actual)
        return self._found_without_target(first)

    def _found_without_target(self, first: Sample) -> Condition:
        if first.actual > max(self.cooled_at, ROOM_C[self.kind]):
            return Condition.FOUND_HOT
        if first.actual > self.cooled_at:
            self._found_until = first.at + FOUND_S
            self._fall = Fall(first.at, first.actual)
        return Condition.FOUND_AT_REST

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
        return {
            Condition.COOLED: self._cooled.update(at, actual <= self.cooled_at),
            Condition.THRESHOLD_LOWERED: lowered,
            Condition.STILL_WARM: resumes and actual > self.cooled_at + RINGING_C,
            Condition.FOUND_HOT: found is Condition.FOUND_HOT,
            Condition.FALLING: falls and actual > self.cooled_at,
            Condition.SETTLED: self._settles(newest),
        }

    def _with_target(self, newest: Sample) -> dict[Condition, bool]:
        at, actual, target = newest.at, newest.actual, self.target
        cooling = self.state is State.COOLING
        near = actual <= target + ARRIVAL_TOLERANCE if cooling else actual >= target - ARRIVAL_TOLERANCE
        settled = cooling and self._settles(newest)
        if settled:
            self._settled_at = actual
        highest = target if self._settled_at is None else max(target, self._settled_at)
        conditions = {
            Condition.SAGGED: self._sagged.update(at, actual < target - RINGING_C),
            Condition.OVERHEATED: self._overheated.update(at, actual > highest + RINGING_C),
            Condition.ARRIVED: self._arrived.update(at, near),
            Condition.PLATEAU: settled,
        }
        if self.state in (State.HEATING, State.STALLED):
            conditions[self._progress(newest)] = True
        return conditions

    def _settles(self, newest: Sample) -> bool:
        """Return whether a cooling heater no longer falls, at a temperature at which nothing heats it."""
        if self.state is not State.COOLING:
            return False
        if self._settling is None:
            self._settling = Settling(self.kind, newest.at, newest.actual)
        settled = self._settling.update(newest.at, newest.actual)
        return settled and newest.actual <= max(SETTLED_C, self.target + RINGING_C)

    def _progress(self, newest: Sample) -> Condition:
        """Return whether a heating heater is stuck or has reached what it will; within the first window it never is."""
        window = STUCK_S[self.kind]
        near = newest.actual >= self.target - RINGING_C
        stays_near = self._near.update(newest.at, near)
        if near:
            gain = (self.history.rate(window) or 0.0) * window
            return Condition.PLATEAU if stays_near and gain < PLATEAU_GAIN_C else Condition.GAINING
        if self.slow:
            return Condition.STUCK
        short = newest.at - self._moving_since < window
        lowest = min(sample.actual for sample in self.history.since(newest.at - window))
        return Condition.GAINING if short or newest.actual - lowest >= STUCK_GAIN_C else Condition.STUCK

    def _move(self, conditions: list[Condition], at: float) -> Transition | None:
        moves = MOVES[self.state]
        return next((self._enter(moves[each], at) for each in conditions if each in moves), None)

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
        self._settling = None
        for timer in (self._arrived, self._cooled, self._sagged, self._overheated, self._near):
            timer.restart()
