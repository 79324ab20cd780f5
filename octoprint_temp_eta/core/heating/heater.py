"""The state of one heater: what it is about to do, told from its readings and its target.

The legal moves are the rows of `MOVES`: in a state, the first row whose fact holds names the next state.
Facts are told from the newest reading by `Heater._facts`; those that need time ("kept for 3 s") by a `Dwell`.
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


class Fact(StrEnum):
    """What can be true of a heater at a reading, in the terms of the moves."""

    #: The target is new, and the heater is not above it (else `TARGET_BELOW`).
    TARGET_ABOVE = "target above"
    TARGET_BELOW = "target below"
    #: The target was taken away while the heater is warmer than what counts as cooled.
    LEFT_HOT = "left hot"
    LEFT_COLD = "left cold"
    #: At its target when it is first seen.
    FOUND_THERE = "found there"
    #: Within the tolerance of the target or beyond it, for `ARRIVAL_HOLD`.
    ARRIVED = "arrived"
    #: At what counts as cooled, for `ARRIVAL_HOLD`.
    COOLED = "cooled"
    #: Off the target for longer than ringing explains.
    SAGGED = "sagged"
    OVERHEATED = "overheated"
    #: Heats, but gets no warmer; and does so again.
    STUCK = "stuck"
    FREED = "freed"


_NEW_TARGET = {Fact.TARGET_ABOVE: State.HEATING, Fact.TARGET_BELOW: State.COOLING}
_ANY_TARGET = {**_NEW_TARGET, Fact.LEFT_HOT: State.COOLING, Fact.LEFT_COLD: State.OFF}
MOVES: Mapping[State, Mapping[Fact, State]] = {
    State.UNKNOWN: {**_ANY_TARGET, Fact.FOUND_THERE: State.AT_TARGET},
    State.OFF: _NEW_TARGET,
    State.HEATING: {**_ANY_TARGET, Fact.ARRIVED: State.AT_TARGET, Fact.STUCK: State.STALLED},
    State.STALLED: {**_ANY_TARGET, Fact.FREED: State.HEATING},
    State.AT_TARGET: {**_ANY_TARGET, Fact.SAGGED: State.HEATING, Fact.OVERHEATED: State.COOLING},
    State.COOLING: {
        **_ANY_TARGET,
        Fact.LEFT_COLD: State.COOLED_DOWN,
        Fact.ARRIVED: State.AT_TARGET,
        Fact.SAGGED: State.HEATING,
        Fact.COOLED: State.COOLED_DOWN,
    },
    State.COOLED_DOWN: _NEW_TARGET,
}

#: Around the target (°C) a heater may ring for so long (s) and still be at target: overshoot takes tens of seconds.
RINGING_C = 3.0
SAG_S, OVERHEAT_S = 15.0, 90.0
#: °C that a heating heater must gain within so many seconds, by kind, not to be stuck.
STUCK_GAIN_C = 1.0
STUCK_S = {HeaterKind.TOOL: 30.0, HeaterKind.BED: 90.0, HeaterKind.CHAMBER: 110.0}


class Dwell:
    """Tells whether something has been true without a break for some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None

    def held(self, at: float, true: bool) -> bool:
        """Note whether it is `true` at `at`, and return whether it has been for long enough."""
        if not true:
            self._since = None
        elif self._since is None:
            self._since = at
        return self._since is not None and at - self._since >= self._seconds

    def restart(self) -> None:
        """Forget since when."""
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
        #: °C below which the heater counts as cooled.
        self.cooled_at = 0.0
        self.history = History()
        #: Whether the estimator, which may know this heater, finds it far too slow.
        self.slow = False
        self._moving_since = 0.0
        self._arrived = Dwell(ARRIVAL_HOLD)
        self._cooled = Dwell(ARRIVAL_HOLD)
        self._sagged = Dwell(SAG_S)
        self._overheated = Dwell(OVERHEAT_S)

    @property
    def actual(self) -> float | None:
        """The newest temperature in °C, None while it is not known."""
        newest = self.history.newest
        return None if newest is None or self.state is State.UNKNOWN else newest.actual

    def read(self, at: float, actual: float | None, target: float | None) -> Transition | None:
        """Take a reading: `at` in monotonic seconds, temperatures in °C, None for what it does not tell."""
        retargeted = target is not None and target != self.target
        if target is not None:
            self.target = target
        fresh = actual is not None and self.history.add(Sample(at, actual, self.target))
        newest = self.history.newest
        if newest is None or not (fresh or retargeted):
            return None
        if retargeted or self.state is State.UNKNOWN:
            return self._retarget(at, newest.actual)
        return self._move(self._facts(newest), at)

    def lose(self) -> Transition | None:
        """The heater is out of sight: nothing is known of it any more."""
        self.history.clear()
        self.target = 0.0
        return self._enter(State.UNKNOWN, 0.0)

    def _retarget(self, at: float, actual: float) -> Transition | None:
        """Move on a new target, or on the first reading; the way begins anew even where the state stays."""
        if self.target > 0 and self.state is State.UNKNOWN and abs(actual - self.target) <= RINGING_C:
            fact = Fact.FOUND_THERE
        elif self.target > 0:
            above = actual > self.target + ARRIVAL_TOLERANCE
            fact = Fact.TARGET_BELOW if above else Fact.TARGET_ABOVE
        else:
            fact = Fact.LEFT_HOT if actual > self.cooled_at else Fact.LEFT_COLD
        state = MOVES[self.state].get(fact, self.state)
        self._restart(at)
        return self._enter(state, at)

    def _facts(self, newest: Sample) -> list[Fact]:
        """Tell what is true at the newest reading, most telling fact first."""
        at, actual, target = newest.at, newest.actual, self.target
        if target <= 0:
            return [Fact.COOLED] if self._cooled.held(at, actual <= self.cooled_at) else []
        cooling = self.state is State.COOLING
        near = actual <= target + ARRIVAL_TOLERANCE if cooling else actual >= target - ARRIVAL_TOLERANCE
        facts = {
            Fact.SAGGED: self._sagged.held(at, actual < target - RINGING_C),
            Fact.OVERHEATED: self._overheated.held(at, actual > target + RINGING_C),
            Fact.ARRIVED: self._arrived.held(at, near),
        }
        if self.state in (State.HEATING, State.STALLED):
            facts[self._progress(newest)] = True
        return [fact for fact, true in facts.items() if true]

    def _progress(self, newest: Sample) -> Fact:
        """Tell whether a heating heater has gained anything over its window; too short a way is not stuck."""
        window = STUCK_S[self.kind]
        samples = self.history.since(newest.at - window)
        if self.slow and newest.actual < self.target - RINGING_C:
            return Fact.STUCK
        short = newest.at - self._moving_since < window
        near = newest.actual >= self.target - RINGING_C
        gained = newest.actual - min(sample.actual for sample in samples) >= STUCK_GAIN_C
        return Fact.FREED if short or near or gained else Fact.STUCK

    def _move(self, facts: list[Fact], at: float) -> Transition | None:
        moves = MOVES[self.state]
        return next((self._enter(moves[fact], at) for fact in facts if fact in moves), None)

    def _enter(self, state: State, at: float) -> Transition | None:
        previous, self.state = self.state, state
        if state is previous:
            return None
        if state is not State.STALLED:
            self._restart(at)
        return Transition(previous, state)

    def _restart(self, at: float) -> None:
        self._moving_since = at
        for dwell in (self._arrived, self._cooled, self._sagged, self._overheated):
            dwell.restart()
