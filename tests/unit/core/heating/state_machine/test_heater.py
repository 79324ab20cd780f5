"""The state machine of a heater: every move of the table, and the curves of real heaters."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.estimation.estimator import ARRIVAL_TOLERANCE
from octoprint_temp_eta.core.estimation.samples import plausible
from octoprint_temp_eta.core.heating.state_machine.heater import FOUND_S, HEATS_ON_S, SAG_S, Heater
from octoprint_temp_eta.core.heating.state_machine.states import MOVES, State, Transition
from tests.support import curves
from tests.support.heater_driver import COOLED_AT, HeaterDriver

# Curves of heaters


def test_a_heat_up_with_overshoot_and_ringing_arrives_once():
    bed = HeaterDriver()
    bed.play(curves.chain(curves.resting(22.0, lasting=5), curves.heating(60.0, overshoot=5.0, ringing=60, hold=300)))
    assert bed.states == [State.OFF, State.HEATING, State.AT_TARGET]


def test_an_arrival_is_at_one_degree_below_and_counts_after_three_seconds():
    bed = HeaterDriver()
    bed.read(22.0, 60.0)
    bed.hold(58.9, 60.0, 20)
    assert bed.read(59.0, 60.0) is State.HEATING
    assert bed.hold(59.0, 60.0, 2) is State.HEATING
    assert bed.read(59.0, 60.0) is State.AT_TARGET


def test_touching_the_target_briefly_is_no_arrival():
    bed = HeaterDriver()
    bed.read(22.0, 60.0)
    for _ in range(5):
        bed.hold(59.2, 60.0, 3)
        bed.read(58.8, 60.0)
    assert bed.heater.state is State.HEATING


def test_a_lowered_target_is_cooled_to():
    bed = HeaterDriver()
    bed.play(curves.resting(60.0, 60.0, lasting=5))
    bed.play(curves.cooling(60.0, target=50.0, tau=120.0, lasting=20))
    assert bed.heater.state is State.COOLING
    bed.play(curves.resting(50.5, 50.0, lasting=10))
    assert bed.states == [State.AT_TARGET, State.COOLING, State.AT_TARGET]


def test_a_hot_heater_without_a_target_cools_down_and_stays_cooled_down():
    bed = HeaterDriver()
    bed.play(curves.resting(60.0, 60.0, lasting=5))
    bed.play(curves.cooling(60.0, tau=100.0, lasting=900))
    bed.play(curves.resting(41.0, lasting=60))
    assert bed.states == [State.AT_TARGET, State.COOLING, State.COOLED_DOWN]


def test_a_cold_heater_without_a_target_is_off():
    bed = HeaterDriver()
    bed.read(22.0, 60.0)
    assert bed.read(23.0, 0.0) is State.OFF


def test_a_heater_found_hot_without_a_target_is_cooling():
    assert HeaterDriver().read(70.0, 0.0) is State.COOLING


@pytest.mark.parametrize(("actual", "state"), [(56.9, State.HEATING), (57.0, State.AT_TARGET), (63.0, State.AT_TARGET)])
def test_a_heater_found_near_its_target_is_at_target(actual: float, state: State):
    assert HeaterDriver().read(actual, 60.0) is state


def test_a_target_changed_while_heating_is_no_change_of_state():
    bed = HeaterDriver()
    bed.read(22.0, 60.0)
    bed.hold(40.0, 60.0, 5)
    bed.hold(41.0, 80.0, 5)
    assert bed.states == [State.HEATING]


def test_a_new_target_needs_its_own_three_seconds():
    bed = HeaterDriver()
    bed.hold(60.0, 60.0, 5)
    assert bed.read(60.0, 60.5) is State.HEATING
    assert bed.hold(60.0, 60.5, 2) is State.HEATING
    assert bed.hold(60.0, 60.5, 2) is State.AT_TARGET


def test_seconds_at_the_previous_target_do_not_count_for_the_new_one():
    bed = HeaterDriver()
    bed.read(22.0, 60.0)
    bed.hold(59.4, 60.0, 3)
    assert bed.hold(59.4, 59.9, 3) is State.HEATING
    assert bed.hold(59.4, 59.9, 2) is State.AT_TARGET


def test_a_short_sag_is_at_target_and_a_long_one_is_heating():
    bed = HeaterDriver("tool0")
    bed.hold(210.0, 210.0, 5)
    bed.hold(206.0, 210.0, SAG_S - 1)
    assert bed.hold(209.5, 210.0, 5) is State.AT_TARGET
    assert bed.hold(206.0, 210.0, SAG_S + 2) is State.HEATING


@pytest.mark.parametrize("cooled", [False, True], ids=["off", "cooled down"])
def test_a_heater_that_is_heated_without_a_target_is_cooling_until_it_has_cooled_down(cooled: bool):
    """Marlin's M303 switches the heaters off, and heats to tune the controller."""
    tool = HeaterDriver("tool0")
    if cooled:
        tool.hold(60.0, 60.0, 5)
        tool.play(curves.cooling(60.0, tau=100.0, lasting=200))
    tool.read(22.0, 0.0)
    before = len(tool.states)
    tool.play(
        [(at, actual, 0.0) for at, actual, _ in curves.heating(210.0, rate=2.0, overshoot=8.0, hold=300, every=2.0)]
    )
    assert tool.states[before:] == [State.COOLING]
    assert tool.heater.restless  # nothing is learned from it
    tool.play(curves.cooling(210.0, tau=120.0, lasting=600))
    assert tool.states[before:] == [State.COOLING, State.COOLED_DOWN]
    assert not tool.heater.restless


@pytest.mark.parametrize(("wrong", "every"), [(85.0, 2.0), (175.0, 5.0)])
def test_a_single_wrong_reading_is_no_rise(wrong: float, every: float):
    tool = HeaterDriver("tool0")
    for actual in (25.0, 25.0, wrong, *(25.0,) * 30):
        tool.read(actual, 0.0, after=every)
    assert tool.states == [State.OFF]


def test_a_heater_that_is_kept_hot_without_a_target_is_off_again_until_it_falls():
    """Firmware that reports no targets, or a second sensor in a block."""
    tool = HeaterDriver("tool0")
    tool.play([(at, actual, 0.0) for at, actual, _ in curves.heating(210.0, rate=2.0, hold=600, every=2.0)])
    assert tool.states == [State.OFF, State.COOLING, State.OFF]
    tool.play(curves.cooling(210.0, tau=120.0, lasting=600))
    assert tool.states == [State.OFF, State.COOLING, State.OFF, State.COOLING, State.COOLED_DOWN]


def test_overshoot_above_a_high_cool_down_target_is_no_rise():
    bed = HeaterDriver()
    bed.heater.cooled_at = 60.0
    bed.play(curves.heating(58.0, rate=0.5, hold=0, every=2.0))
    bed.play([(at, 58.0 + 6 * math.sin(at / 40), 0.0) for at in curves.seconds(40 * math.pi, 2.0)])
    assert bed.states == [State.HEATING, State.OFF]


@pytest.mark.parametrize(("kind", "tau", "sigma"), [("tool0", 400.0, 0.0), ("bed", 1500.0, 0.5)])
def test_a_heater_found_hot_that_cools_does_not_alternate(kind: str, tau: float, sigma: float):
    found, noise = HeaterDriver(kind), random.Random(5)
    for at, actual, _ in curves.cooling(100.0, tau=tau, lasting=1500):
        found.read(actual + noise.gauss(0, sigma) + 2.0 * (at == 200), 0.0, after=2.0)
    assert found.states in ([State.COOLING], [State.COOLING, State.COOLED_DOWN])


def test_a_heater_that_its_surroundings_warm_stays_off():
    tool = HeaterDriver("tool0")
    tool.play([(at, 22.0 + 0.03 * at, 0.0) for at in curves.seconds(1500, 2.0)])
    assert tool.states == [State.OFF]


def test_the_rate_of_a_heater_that_holds_its_target_with_a_ripple_is_0():
    bed = HeaterDriver()
    bed.play([(at, 20.0 + at, 60.0) for at in curves.seconds(38, 2.0)])
    assert bed.heater.rate == pytest.approx(1.0)
    bed.play([(at, 60.0 + 0.5 * math.sin(at / 4.0), 60.0) for at in curves.seconds(60, 2.0)])
    assert (bed.heater.state, bed.heater.rate) == (State.AT_TARGET, 0.0)
    bed.play([(at, 60.0 - 0.2 * at, 60.0) for at in curves.seconds(12, 2.0)])
    assert (bed.heater.state, bed.heater.rate) == (State.AT_TARGET, pytest.approx(-0.2))


# Odd readings


def test_a_first_reading_without_a_temperature_waits_for_one():
    bed = HeaterDriver()
    assert bed.read(None, 60.0) is State.UNKNOWN
    assert bed.heater.actual is None
    assert bed.read(22.0, None) is State.HEATING
    assert bed.heater.target == 60.0


def test_a_target_without_a_temperature_counts_immediately():
    bed = HeaterDriver()
    bed.read(22.0, 0.0)
    assert bed.read(None, 60.0) is State.HEATING


def test_a_temperature_without_a_target_keeps_the_previous_target():
    bed = HeaterDriver()
    bed.read(22.0, 60.0)
    assert bed.read(23.0, None) is State.HEATING
    assert bed.heater.target == 60.0


def test_a_repeated_or_late_reading_changes_nothing():
    bed = HeaterDriver()
    bed.read(22.0, 60.0)
    for at in (bed.at, bed.at - 5.0):
        assert bed.heater.read(at, 60.0, 60.0) is None
    assert bed.heater.actual == 22.0


def test_a_lost_heater_is_unknown_and_starts_again():
    bed = HeaterDriver()
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
def test_any_readings_give_a_legal_state_and_a_move_of_the_table(
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


# Found without a target


@pytest.mark.parametrize(("heater", "actual"), [("chamber", 33.0), ("chamber", 51.0), ("bed", 45.0), ("tool0", 41.0)])
def test_a_heater_found_at_rest_is_off_however_warm_the_room_is(heater: str, actual: float):
    noise = random.Random(2)
    bed = HeaterDriver(heater)
    for _ in range(1800):
        bed.read(actual + noise.choice((0.0, 0.4, 0.8)), 0.0)
    assert bed.states == [State.OFF]


def test_a_heater_found_warm_is_cooling_once_it_falls():
    bed = HeaterDriver()
    bed.play(curves.cooling(50.0, tau=1500.0, lasting=2400))
    assert bed.states == [State.OFF, State.COOLING, State.COOLED_DOWN]


def test_a_heater_that_falls_long_after_it_was_found_is_off():
    bed = HeaterDriver("chamber")
    bed.hold(45.0, 0.0, FOUND_S + 1)
    bed.play(curves.cooling(45.0, tau=300.0, lasting=300))
    assert bed.states == [State.OFF]


# Cool-down targets that cannot be reached, and that change


@pytest.mark.parametrize(("heater", "tau"), [("tool0", 150.0), ("bed", 900.0), ("chamber", 1500.0)])
def test_a_cool_down_ends_where_the_temperature_no_longer_falls(heater: str, tau: float):
    bed = HeaterDriver(heater)
    bed.heater.cooled_at = 30.0
    bed.hold(80.0, 80.0, 5)
    bed.play(curves.cooling(80.0, to=36.0, tau=tau, lasting=6 * tau))
    assert bed.states == [State.AT_TARGET, State.COOLING, State.COOLED_DOWN]
    assert bed.heater.actual is not None
    assert bed.heater.actual < 38.0


@pytest.mark.parametrize("target", [0.0, 50.0])
def test_a_heat_up_that_is_given_up_overshoots_and_then_cools_down_to_the_end(target: float):
    bed = HeaterDriver()
    bed.play(curves.heating(70.0, rate=0.4, hold=0, every=2.0))
    bed.play([(at, 70.0 + 1.5 * math.sin(at / 25), target) for at in curves.seconds(25 * math.pi, 2.0)])
    assert bed.states == [State.HEATING, State.COOLING]
    end, goal = (State.AT_TARGET, target + ARRIVAL_TOLERANCE) if target else (State.COOLED_DOWN, COOLED_AT)
    fall = curves.cooling(70.0, tau=2500.0, lasting=4000)
    reached = next(actual for _, actual, _ in fall if bed.read(actual, target, after=2.0) is end)
    assert reached == pytest.approx(goal, abs=0.2)


@pytest.mark.parametrize(("heater", "actual"), [("tool0", 198.0), ("bed", 59.0)])
def test_a_heater_found_hot_that_does_not_fall_is_heated_without_a_reported_target(heater: str, actual: float):
    hot = HeaterDriver(heater)
    hot.hold(actual, None, 900)
    assert hot.states == [State.COOLING, State.OFF]
    hot.play(curves.cooling(actual, to=22.0, tau=300.0, lasting=1500))
    assert hot.states == [State.COOLING, State.OFF, State.COOLING, State.COOLED_DOWN]


def test_a_heater_that_stays_hot_without_a_target_has_not_cooled_down():
    bed = HeaterDriver("tool0")
    bed.hold(200.0, 200.0, 5)
    assert bed.hold(200.0, 0.0, 1800) is State.COOLING


def test_lowering_the_cool_down_target_starts_the_cool_down_again():
    bed = HeaterDriver("tool0")
    bed.heater.cooled_at = 180.0
    bed.hold(200.0, 200.0, 5)
    bed.play(curves.cooling(200.0, tau=150.0, lasting=60))
    assert bed.heater.state is State.COOLED_DOWN
    bed.heater.cooled_at = 50.0
    bed.play(curves.cooling(140.0, tau=150.0, lasting=600))
    assert bed.states[-3:] == [State.COOLED_DOWN, State.COOLING, State.COOLED_DOWN]


def test_raising_the_cool_down_target_ends_the_cool_down():
    bed = HeaterDriver()
    bed.hold(60.0, 60.0, 5)
    bed.hold(55.0, 0.0, 5)
    bed.heater.cooled_at = 58.0
    assert bed.hold(55.0, 0.0, 4) is State.COOLED_DOWN


@pytest.mark.parametrize(("heater", "target"), [("chamber", 50.0), ("bed", 60.0)])
def test_a_heater_that_is_warmed_beyond_its_target_stays_at_target(heater: str, target: float):
    """A bed warms a chamber, or a controller overshoots for long; a lower target is cooled to."""
    chamber = HeaterDriver(heater)
    chamber.hold(target, target, 5)
    warmer = target + 15.0
    chamber.play([(at, min(warmer, target + 0.025 * at), target) for at in curves.seconds(900, 2.0)])
    chamber.play(curves.cooling(warmer, to=target, target=target, tau=1500.0, lasting=1500))
    assert chamber.states == [State.AT_TARGET]
    chamber.read(target + 5.0, target)
    assert chamber.read(target + 5.0, target - 5.0) is State.COOLING


def test_a_target_below_the_room_is_reached_once():
    bed = HeaterDriver()
    bed.hold(27.0, 0.0, 3)
    bed.hold(27.0, 20.0, 1800)
    assert bed.states == [State.OFF, State.COOLING, State.AT_TARGET]


def test_targets_that_change_at_each_reading_change_the_state_a_few_times_only():
    bed = HeaterDriver("tool0")
    bed.hold(200.0, 200.0, 10)
    for _ in range(50):
        bed.read(200.0, 0.0)
        bed.read(200.0, 200.0)
    assert len(bed.states) <= 5
    assert bed.heater.restless
    assert bed.hold(200.0, 200.0, 10) is State.AT_TARGET


def test_a_target_without_a_row_in_the_table_changes_nothing_and_is_logged():
    bed = HeaterDriver()
    assert bed.read(30.0, 0.0) is State.OFF
    bed.heater.target = 50.0  # no reading leads here
    assert bed.read(30.0, 0.0) is State.OFF
    assert bed.heater.take_ignored() == ["condition switched off cool in state off"]
    assert bed.heater.take_ignored() == []


@pytest.mark.parametrize(
    ("gap", "target", "found"),
    [
        (200.0, 60.0, State.HEATING),
        (HEATS_ON_S + 10, 60.0, State.AT_TARGET),
        (200.0, 59.0, State.AT_TARGET),
    ],
)
def test_a_heat_up_goes_on_after_its_readings_were_missing(gap: float, target: float, found: State):
    bed = HeaterDriver()
    bed.read(40.0, 60.0)
    bed.lose()
    bed.at += gap
    assert bed.read(60.0, target) is found
    assert bed.hold(60.0, target, 15) is State.AT_TARGET
