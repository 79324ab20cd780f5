"""The state machine of one heater, driven by its readings and its target.

`MOVES` holds the legal moves: for each state, the conditions that leave it, and the state that follows. A reading can
meet several conditions; the first one in the order of `Heater._conditions` that has a row in the present state wins.
A condition without a row has no meaning in that state and changes nothing.

Beside the table:

* `Heater.lose` returns to UNKNOWN from any state.
* A new target restarts the debounce timers and the window for STUCK, also where the state stays the same.
* The estimator of `Track` can meet STUCK early: it sets `Heater.slow`.
* STALLED keeps the window of HEATING, so that the heater is not given a second one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..estimation.estimator import ARRIVAL_HOLD, ARRIVAL_TOLERANCE, HeaterKind, Sample
from ..estimation.samples import History


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
    #: Within the tolerance of the target or beyond it, for `ARRIVAL_HOLD`.
    ARRIVED = "arrived"
    #: At the cool-down target or below, for `ARRIVAL_HOLD`.
    COOLED = "cooled"
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
MOVES: Mapping[State, Mapping[Condition, State]] = {
    State.UNKNOWN: {**_ANY_TARGET, Condition.FOUND_AT_TARGET: State.AT_TARGET},
    State.OFF: _NEW_TARGET,
    State.HEATING: {**_ANY_TARGET, Condition.ARRIVED: State.AT_TARGET, Condition.STUCK: State.STALLED},
    State.STALLED: {**_ANY_TARGET, Condition.GAINING: State.HEATING},
    State.AT_TARGET: {**_ANY_TARGET, Condition.SAGGED: State.HEATING, Condition.OVERHEATED: State.COOLING},
    State.COOLING: {
        **_ANY_TARGET,
        Condition.SWITCHED_OFF_COOL: State.COOLED_DOWN,
        Condition.ARRIVED: State.AT_TARGET,
        Condition.SAGGED: State.HEATING,
        Condition.COOLED: State.COOLED_DOWN,
    },
    State.COOLED_DOWN: _NEW_TARGET,
}

#: The temperature may ring around the target by so many °C.
RINGING_C = 3.0
#: s outside that range before the heater has left its target: overshoot takes tens of seconds.
SAG_S, OVERHEAT_S = 15.0, 90.0
#: A heating heater that gains less than so many °C within so many seconds, by kind, is stuck.
STUCK_GAIN_C = 1.0
STUCK_S = {HeaterKind.TOOL: 30.0, HeaterKind.BED: 90.0, HeaterKind.CHAMBER: 110.0}


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
        #: The cool-down target in °C.
        self.cooled_at = 0.0
        self.history = History()
        #: Whether the estimator, which may have learned this heater, finds it far too slow.
        self.slow = False
        self._moving_since = 0.0
        self._arrived = Debounce(ARRIVAL_HOLD)
        self._cooled = Debounce(ARRIVAL_HOLD)
        self._sagged = Debounce(SAG_S)
        self._overheated = Debounce(OVERHEAT_S)

    @property
    def actual(self) -> float | None:
        """The newest temperature in °C, None while it is not known."""
        newest = self.history.newest
        return None if newest is None or self.state is State.UNKNOWN else newest.actual

    def read(self, at: float, actual: float | None, target: float | None) -> Transition | None:
        """Process a reading: `at` in monotonic seconds, temperatures in °C, None for what it does not contain."""
        retargeted = target is not None and target != self.target
        if target is not None:
            self.target = target
        fresh = actual is not None and self.history.add(Sample(at, actual, self.target))
        newest = self.history.newest
        if newest is None or not (fresh or retargeted):
            return None
        if retargeted or self.state is State.UNKNOWN:
            return self._retarget(at, newest.actual)
        return self._move(self._conditions(newest), at)

    def lose(self) -> Transition | None:
        """Forget the readings: they belong to the past."""
        self.history.clear()
        self.target = 0.0
        return self._enter(State.UNKNOWN, 0.0)

    def _retarget(self, at: float, actual: float) -> Transition | None:
        """Move on a new target, or on the first reading; the timers restart also where the state stays."""
        if self.target > 0 and self.state is State.UNKNOWN and abs(actual - self.target) <= RINGING_C:
            condition = Condition.FOUND_AT_TARGET
        elif self.target > 0:
            above = actual > self.target + ARRIVAL_TOLERANCE
            condition = Condition.TARGET_BELOW if above else Condition.TARGET_ABOVE
        else:
            warm = actual > self.cooled_at
            condition = Condition.SWITCHED_OFF_WARM if warm else Condition.SWITCHED_OFF_COOL
        state = MOVES[self.state].get(condition, self.state)
        self._restart(at)
        return self._enter(state, at)

    def _conditions(self, newest: Sample) -> list[Condition]:
        """Return what holds at the newest reading, the most specific condition first."""
        at, actual, target = newest.at, newest.actual, self.target
        if target <= 0:
            return [Condition.COOLED] if self._cooled.update(at, actual <= self.cooled_at) else []
        cooling = self.state is State.COOLING
        near = actual <= target + ARRIVAL_TOLERANCE if cooling else actual >= target - ARRIVAL_TOLERANCE
        conditions = {
            Condition.SAGGED: self._sagged.update(at, actual < target - RINGING_C),
            Condition.OVERHEATED: self._overheated.update(at, actual > target + RINGING_C),
            Condition.ARRIVED: self._arrived.update(at, near),
        }
        if self.state in (State.HEATING, State.STALLED):
            conditions[self._progress(newest)] = True
        return [condition for condition, holds in conditions.items() if holds]

    def _progress(self, newest: Sample) -> Condition:
        """Return whether a heating heater is stuck; within the first window it never is."""
        window = STUCK_S[self.kind]
        samples = self.history.since(newest.at - window)
        if self.slow and newest.actual < self.target - RINGING_C:
            return Condition.STUCK
        short = newest.at - self._moving_since < window
        near = newest.actual >= self.target - RINGING_C
        gained = newest.actual - min(sample.actual for sample in samples) >= STUCK_GAIN_C
        return Condition.GAINING if short or near or gained else Condition.STUCK

    def _move(self, conditions: list[Condition], at: float) -> Transition | None:
        moves = MOVES[self.state]
        return next((self._enter(moves[each], at) for each in conditions if each in moves), None)

    def _enter(self, state: State, at: float) -> Transition | None:
        previous, self.state = self.state, state
        if state is previous:
            return None
        if state is not State.STALLED:
            self._restart(at)
        return Transition(previous, state)

    def _restart(self, at: float) -> None:
        self._moving_since = at
        for timer in (self._arrived, self._cooled, self._sagged, self._overheated):
            timer.restart()
