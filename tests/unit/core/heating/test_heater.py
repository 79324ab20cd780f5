"""The state of a heater: every move of the table, and what real heaters do."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.estimation.samples import plausible
from octoprint_temp_eta.core.heating.heater import (
    MOVES,
    OVERHEAT_S,
    SAG_S,
    STUCK_S,
    Dwell,
    Fact,
    Heater,
    State,
    Transition,
)
from tests.support import curves

COOLED_AT = 40.0


class Bed:
    """A bed on a clock of its own, and the states that it went through."""

    def __init__(self, heater: str = "bed") -> None:
        self.heater = Heater(heater)
        self.heater.cooled_at = COOLED_AT
        self.at = 0.0
        self.moves: list[Transition] = []

    @property
    def states(self) -> list[State]:
        return [move.state for move in self.moves]

    def read(self, actual: float | None, target: float | None, *, after: float = 1.0) -> State:
        self.at += after
        self._note(self.heater.read(self.at, actual, target))
        return self.heater.state

    def hold(self, actual: float, target: float, seconds: float) -> State:
        for _ in range(int(seconds)):
            self.read(actual, target)
        return self.heater.state

    def play(self, readings: Iterable[curves.Reading]) -> list[State]:
        begin = self.at + 1.0
        for second, actual, target in readings:
            self.read(actual, target, after=begin + second - self.at)
        return self.states

    def lose(self) -> None:
        self._note(self.heater.lose())

    def _note(self, move: Transition | None) -> None:
        if move is not None:
            self.moves.append(move)


#: How a heater gets into each state; it is then at `actual` with `target`.
INTO: dict[State, Callable[[Bed], object]] = {
    State.UNKNOWN: lambda bed: None,
    State.OFF: lambda bed: bed.read(30.0, 0.0),
    State.HEATING: lambda bed: (bed.read(30.0, 0.0), bed.read(30.0, 35.0)),
    State.STALLED: lambda bed: (bed.read(30.0, 0.0), bed.hold(30.0, 35.0, STUCK_S[bed.heater.kind] + 2)),
    State.AT_TARGET: lambda bed: bed.read(35.0, 35.0),
    State.COOLING: lambda bed: bed.read(39.0, 35.0),
    State.COOLED_DOWN: lambda bed: (bed.read(45.0, 0.0), bed.hold(38.0, 0.0, 5)),
}
#: How each fact comes true, from whichever state it can.
PROVOKE: dict[Fact, Callable[[Bed], object]] = {
    Fact.TARGET_ABOVE: lambda bed: bed.read(None if bed.heater.actual else 30.0, 100.0),
    Fact.TARGET_BELOW: lambda bed: bed.read(None if bed.heater.actual else 30.0, 10.0),
    Fact.LEFT_HOT: lambda bed: bed.read(60.0, 0.0),
    Fact.LEFT_COLD: lambda bed: bed.read(None if bed.heater.actual else 30.0, 0.0),
    Fact.FOUND_THERE: lambda bed: bed.read(37.0, 35.0),
    Fact.ARRIVED: lambda bed: bed.hold(34.5, bed.heater.target, 4),
    Fact.COOLED: lambda bed: (bed.read(50.0, 0.0), bed.hold(COOLED_AT, 0.0, 4)),
    # on the way down, the tolerance is passed first: only what comes in leaps gets so far below at once
    Fact.SAGGED: lambda bed: (bed.read(31.0, 35.0), bed.read(31.0, 35.0, after=SAG_S)),
    Fact.OVERHEATED: lambda bed: bed.hold(39.0, 35.0, OVERHEAT_S + 1),
    Fact.STUCK: lambda bed: bed.hold(30.0, 35.0, STUCK_S[bed.heater.kind] + 1),
    Fact.FREED: lambda bed: bed.hold(31.5, 35.0, 1),
}
EVERY_MOVE = [(state, fact) for state, moves in MOVES.items() for fact in moves]


@pytest.mark.parametrize("state", State)
def test_each_state_can_be_reached(state: State):
    bed = Bed()
    INTO[state](bed)
    assert bed.heater.state is state


@pytest.mark.parametrize(("state", "fact"), EVERY_MOVE, ids=str)
def test_every_move_of_the_table(state: State, fact: Fact):
    bed = Bed()
    INTO[state](bed)
    before = len(bed.moves)
    PROVOKE[fact](bed)
    wanted = MOVES[state][fact]
    assert bed.moves[before:][:1] == ([] if wanted is state else [Transition(state, wanted)])
    assert (bed.heater.state is wanted) or fact is Fact.COOLED


@pytest.mark.parametrize("state", State)
def test_the_table_has_a_row_for_each_state(state: State):
    assert set(MOVES[state].values()) <= set(State) - {State.UNKNOWN}


# What heaters do


def test_a_heat_up_with_overshoot_and_ringing_arrives_once():
    bed = Bed()
    bed.play(curves.chain(curves.resting(22.0, lasting=5), curves.heating(60.0, overshoot=5.0, ringing=60, hold=300)))
    assert bed.states == [State.OFF, State.HEATING, State.AT_TARGET]


def test_an_arrival_is_at_one_degree_below_and_counts_after_three_seconds():
    bed = Bed()
    bed.read(22.0, 60.0)
    bed.hold(58.9, 60.0, 20)
    assert bed.read(59.0, 60.0) is State.HEATING
    assert bed.hold(59.0, 60.0, 2) is State.HEATING
    assert bed.read(59.0, 60.0) is State.AT_TARGET


def test_a_short_touch_is_no_arrival():
    bed = Bed()
    bed.read(22.0, 60.0)
    for _ in range(5):
        bed.hold(59.2, 60.0, 3)
        bed.read(58.8, 60.0)
    assert bed.heater.state is State.HEATING


def test_a_lowered_target_is_cooled_to():
    bed = Bed()
    bed.play(curves.resting(60.0, 60.0, lasting=5))
    bed.play(curves.cooling(60.0, target=50.0, tau=120.0, lasting=20))
    assert bed.heater.state is State.COOLING
    bed.play(curves.resting(50.5, 50.0, lasting=10))
    assert bed.states == [State.AT_TARGET, State.COOLING, State.AT_TARGET]


def test_a_target_of_zero_on_a_hot_heater_cools_down_and_stays_cooled():
    bed = Bed()
    bed.play(curves.resting(60.0, 60.0, lasting=5))
    bed.play(curves.cooling(60.0, tau=100.0, lasting=900))
    bed.play(curves.resting(41.0, lasting=60))
    assert bed.states == [State.AT_TARGET, State.COOLING, State.COOLED_DOWN]


def test_a_target_of_zero_on_a_cold_heater_is_off():
    bed = Bed()
    bed.read(22.0, 60.0)
    assert bed.read(23.0, 0.0) is State.OFF


def test_what_is_found_hot_without_a_target_is_cooling():
    assert Bed().read(70.0, 0.0) is State.COOLING


@pytest.mark.parametrize(("actual", "state"), [(56.9, State.HEATING), (57.0, State.AT_TARGET), (63.0, State.AT_TARGET)])
def test_what_is_found_near_its_target_has_not_just_reached_it(actual: float, state: State):
    assert Bed().read(actual, 60.0) is state


def test_a_target_changed_midway_is_no_change_of_state():
    bed = Bed()
    bed.read(22.0, 60.0)
    bed.hold(40.0, 60.0, 5)
    bed.hold(41.0, 80.0, 5)
    assert bed.states == [State.HEATING]


def test_a_new_target_wants_its_own_three_seconds():
    bed = Bed()
    bed.hold(60.0, 60.0, 5)
    assert bed.read(60.0, 60.5) is State.HEATING
    assert bed.hold(60.0, 60.5, 2) is State.HEATING
    assert bed.hold(60.0, 60.5, 2) is State.AT_TARGET


def test_what_counted_for_the_target_before_does_not_count_for_the_new_one():
    bed = Bed()
    bed.read(22.0, 60.0)
    bed.hold(59.4, 60.0, 3)
    assert bed.hold(59.4, 59.9, 3) is State.HEATING
    assert bed.hold(59.4, 59.9, 2) is State.AT_TARGET


def test_a_draught_is_no_heating_but_a_new_filament_load_is():
    bed = Bed("tool0")
    bed.hold(210.0, 210.0, 5)
    bed.hold(206.0, 210.0, SAG_S - 1)
    assert bed.hold(209.5, 210.0, 5) is State.AT_TARGET
    assert bed.hold(206.0, 210.0, SAG_S + 2) is State.HEATING


def test_stalled_and_freed_and_arrived():
    bed = Bed()
    bed.play(curves.heating(40.0, start=22.0, hold=0))
    bed.hold(40.0, 60.0, STUCK_S[bed.heater.kind] + 5)
    assert bed.heater.state is State.STALLED
    bed.play(curves.heating(60.0, start=40.0, hold=10))
    assert bed.states == [State.HEATING, State.STALLED, State.HEATING, State.AT_TARGET]


def test_a_slow_heater_is_not_stalled():
    bed = Bed()
    bed.play(curves.heating(60.0, start=22.0, rate=2.0 / STUCK_S[bed.heater.kind], every=2.0, hold=10))
    assert bed.states == [State.HEATING, State.AT_TARGET]


def test_hanging_just_below_the_target_is_not_stalled():
    bed = Bed()
    bed.read(55.0, 60.0)
    assert bed.hold(58.0, 60.0, 600) is State.HEATING


@pytest.mark.parametrize(("heater", "seconds"), [("tool0", 30.0), ("bed", 90.0), ("chamber", 110.0), ("P", 110.0)])
def test_each_kind_gets_its_time_before_it_is_stalled(heater: str, seconds: float):
    bed = Bed(heater)
    bed.read(22.0, 60.0)
    assert bed.hold(22.0, 60.0, seconds - 1) is State.HEATING
    assert bed.hold(22.0, 60.0, 2) is State.STALLED


# What readings do


def test_a_first_reading_without_a_temperature_waits_for_one():
    bed = Bed()
    assert bed.read(None, 60.0) is State.UNKNOWN
    assert bed.heater.actual is None
    assert bed.read(22.0, None) is State.HEATING
    assert bed.heater.target == 60.0


def test_a_target_without_a_temperature_counts_at_once():
    bed = Bed()
    bed.read(22.0, 0.0)
    assert bed.read(None, 60.0) is State.HEATING


def test_a_temperature_without_a_target_keeps_the_one_before():
    bed = Bed()
    bed.read(22.0, 60.0)
    assert bed.read(23.0, None) is State.HEATING
    assert bed.heater.target == 60.0


def test_a_lone_outlier_moves_nothing():
    bed = Bed()
    bed.hold(60.0, 60.0, 5)
    bed.read(0.0, 60.0)
    bed.hold(60.0, 60.0, 5)
    assert bed.states == [State.AT_TARGET]
    assert bed.heater.actual == 60.0


def test_a_reading_twice_or_out_of_order_moves_nothing():
    bed = Bed()
    bed.read(22.0, 60.0)
    for at in (bed.at, bed.at - 5.0):
        assert bed.heater.read(at, 60.0, 60.0) is None
    assert bed.heater.actual == 22.0


def test_what_is_lost_is_unknown_and_begins_anew():
    bed = Bed()
    bed.hold(60.0, 60.0, 5)
    bed.lose()
    assert bed.heater.actual is None
    assert bed.read(None, 60.0) is State.UNKNOWN
    bed.hold(200.0, 0.0, 2)
    bed.lose()
    bed.lose()
    assert bed.states == [State.AT_TARGET, State.UNKNOWN, State.COOLING, State.UNKNOWN]


READINGS = st.lists(
    st.tuples(
        st.floats(-5.0, 200.0) | st.sampled_from([0.0, 1.0, 2.0]),
        st.none() | st.floats(allow_nan=True) | st.floats(-60, 300) | st.sampled_from([22.0, 40.0, 59.0, 60.0, 64.0]),
        st.none() | st.sampled_from([0.0, 30.0, 60.0, 61.0, 200.0]) | st.floats(0, 300),
    ),
    max_size=60,
)


@given(name=st.sampled_from(["tool0", "bed", "chamber", "P"]), readings=READINGS, lost=st.sets(st.integers(0, 59)))
def test_whatever_comes_the_state_is_legal_and_the_move_in_the_table(
    name: str, readings: list[tuple[float, float | None, float | None]], lost: set[int]
):
    heater, at = Heater(name), 0.0
    heater.cooled_at = COOLED_AT
    for index, (passed, actual, target) in enumerate(readings):
        at += passed
        before = heater.state
        if index in lost:
            heater.lose()
            assert heater.state is State.UNKNOWN
            continue
        move = heater.read(at, plausible(actual), plausible(target))
        assert (move is None) == (heater.state is before)
        if move is not None:
            assert move == Transition(before, heater.state)
            assert move.state in MOVES[before].values()
        assert (heater.actual is None) == (heater.state is State.UNKNOWN)


def test_a_dwell_wants_no_break():
    dwell = Dwell(3.0)
    assert [dwell.held(at, true) for at, true in [(0, True), (2, True), (3, True)]] == [False, False, True]
    assert [dwell.held(at, true) for at, true in [(4, False), (5, True), (8, True)]] == [False, False, True]
    dwell.restart()
    assert not dwell.held(9, True)
