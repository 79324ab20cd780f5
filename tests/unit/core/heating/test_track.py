"""One heater as it is published: state, estimate, episodes."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.estimation.estimator import Direction
from octoprint_temp_eta.core.estimation.samples import plausible
from octoprint_temp_eta.core.heating.state_machine.states import MOVES, State
from octoprint_temp_eta.core.heating.track import HeaterView, Policy
from tests.support import curves
from tests.support.track_driver import AMBIENT, FIXED, WALL, TrackDriver


def test_before_the_first_reading_nothing_is_known():
    assert TrackDriver().view() == HeaterView("bed", State.UNKNOWN)


def test_a_heat_up_has_an_eta_a_ready_at_and_progress():
    bed = TrackDriver()
    view = bed.play(curves.heating(60.0, start=20.0, rate=0.5, hold=0))[40]
    assert (view.state, view.direction, view.method) == (State.HEATING, Direction.HEATING, "linear")
    assert view.eta == pytest.approx(38.0)
    assert view.ready_at == pytest.approx(WALL + 41.0 + 38.0, abs=2.0)
    assert view.cool_at is None
    assert view.rate == pytest.approx(0.5)
    assert view.progress == pytest.approx(20 / 39)
    assert view.cooldown_target is None
    assert view.pending


def test_the_rate_is_that_of_the_last_seconds():
    bed = TrackDriver()
    bed.play(curves.heating(60.0, start=20.0, rate=0.5, hold=0)[:40])
    view = bed.play(curves.heating(60.0, start=40.0, rate=1.0, hold=0)[1:8])[-1]
    assert view.rate == pytest.approx(1.0)


def test_it_counts_down_between_readings():
    bed = TrackDriver()
    bed.play(curves.heating(60.0, start=20.0, rate=0.5, hold=0)[:40])
    now, later = bed.view(), bed.view(later=10.0)
    assert now.eta is not None
    assert later.eta == pytest.approx(now.eta - 10.0)
    assert later.ready_at == now.ready_at


def test_at_target_nothing_is_pending():
    bed = TrackDriver()
    view = bed.play(curves.heating(60.0, hold=60.0))[-1]
    assert view.state is State.AT_TARGET
    assert (view.direction, view.eta, view.ready_at, view.progress, view.method) == (None,) * 5
    assert not view.pending


def test_a_cool_down_has_a_cool_at():
    bed = TrackDriver()
    bed.play(curves.resting(60.0, 60.0, lasting=5))
    view = bed.play(curves.cooling(60.0, tau=300.0, lasting=60))[-1]
    assert (view.state, view.direction, view.cooldown_target) == (State.COOLING, Direction.COOLING, 40.0)
    assert view.ready_at is None
    assert view.cool_at is not None
    assert view.cool_at > WALL + bed.at
    assert not view.pending


def test_a_lowered_target_has_a_ready_at():
    bed = TrackDriver()
    bed.play(curves.resting(90.0, 90.0, lasting=5))
    view = bed.play(curves.cooling(90.0, target=60.0, tau=300.0, lasting=60))[-1]
    assert (view.state, view.direction, view.cooldown_target) == (State.COOLING, Direction.COOLING, None)
    assert view.ready_at is not None
    assert view.cool_at is None
    assert view.pending


def test_a_target_changed_while_heating_starts_a_new_episode():
    bed = TrackDriver()
    bed.play(curves.heating(60.0, start=20.0, rate=0.5, hold=0)[:40])
    view = bed.read(40.0, 80.0)
    assert (view.state, view.eta, view.ready_at, view.progress) == (State.HEATING, None, None, 0.0)
    view = bed.play(curves.heating(80.0, start=40.0, rate=0.5, hold=0)[:20])[-1]
    assert view.eta == pytest.approx((79.0 - 49.5) / 0.5)


def test_a_stalled_heater_has_no_eta():
    bed = TrackDriver()
    bed.play(curves.heating(40.0, start=22.0, hold=0))
    views = bed.play(curves.resting(40.0, 60.0, lasting=200))
    assert views[-1].state is State.STALLED
    assert (views[-1].direction, views[-1].eta, views[-1].ready_at) == (Direction.HEATING, None, None)
    assert views[-1].pending
    assert bed.play(curves.heating(60.0, start=40.0, hold=0)[:30])[-1].eta is not None


def test_a_lost_heater_is_unknown():
    bed = TrackDriver()
    bed.play(curves.heating(60.0)[:30])
    bed.track.lose(bed.at)
    assert bed.view() == HeaterView("bed", State.UNKNOWN, state_since=WALL + bed.at)
    assert bed.read(25.0, 60.0).eta is None, "readings before a gap belong to another episode"


def test_an_estimate_can_be_restarted():
    bed = TrackDriver()
    bed.play(curves.heating(60.0)[:30])
    assert bed.view().eta is not None
    bed.track.restart_estimate()
    view = bed.view()
    assert (view.state, view.direction, view.eta, view.progress) == (State.HEATING, Direction.HEATING, None, None)
    bed.play([(0.0, 40.0, 60.0), (1.0, 40.5, 60.0)])
    assert bed.view().eta is not None


def test_restarting_the_estimate_at_rest_does_nothing():
    bed = TrackDriver()
    bed.read(22.0, 0.0)
    before = bed.view()
    bed.track.restart_estimate()
    assert bed.view() == before


@pytest.mark.parametrize(
    ("readings", "policy"),
    [
        (curves.heating(60.0)[:30], Policy(heating=False, cooled_at=40.0)),
        (curves.cooling(100.0, tau=300.0, lasting=60), Policy(cooling=False, cooled_at=40.0)),
    ],
)
def test_an_estimate_that_is_switched_off_is_not_published(readings: list[curves.Reading], policy: Policy):
    bed = TrackDriver(policy)
    view = bed.play(readings)[-1]
    assert view.state in (State.HEATING, State.COOLING)
    assert (view.eta, view.ready_at, view.cool_at, view.method) == (None, None, None, None)
    bed.track.apply(FIXED)
    assert bed.view().eta is not None, "the estimator ran meanwhile"


# The cool-down target


def test_in_threshold_mode_it_is_cooled_at_the_set_temperature():
    bed = TrackDriver(FIXED)
    bed.play(curves.cooling(60.0, tau=100.0, lasting=600))
    assert bed.states == [State.COOLING, State.COOLED_DOWN]
    cooled = next(i for i, step in enumerate(bed.steps) if step.transition and step.transition.state == "cooled_down")
    assert 60.0 * math.exp(-cooled * 2 / 100.0) < 40.0


def test_in_ambient_mode_it_is_cooled_just_above_the_lowest_temperature_read():
    bed = TrackDriver(AMBIENT)
    bed.play(curves.resting(18.0, lasting=5))
    bed.play(curves.heating(60.0, start=18.0))
    view = bed.play(curves.cooling(60.0, to=18.0, tau=100.0, lasting=100))[-1]
    assert view.cooldown_target == 19.0
    bed.play(curves.cooling(view.actual or 0.0, to=18.0, tau=100.0, lasting=600))
    assert bed.states[-1] is State.COOLED_DOWN


def test_the_ambient_setting_takes_precedence():
    bed = TrackDriver(Policy(cooled_at=None, ambient=30.0, hysteresis=2.0))
    bed.play(curves.chain(curves.resting(18.0, lasting=5), curves.resting(60.0, 60.0, lasting=5)))
    assert bed.play(curves.cooling(60.0, lasting=10))[-1].cooldown_target == 32.0


@pytest.mark.parametrize("seen", [200.0, 44.0, -20.0])
def test_a_temperature_outside_the_range_is_not_used_as_ambient(seen: float):
    bed = TrackDriver(FIXED, method="exponential")
    bed.play([(0, seen, 0.0), (8, 90.0, 80.0), (9, 90.0, 80.0), (10, 90.0, 0.0)])
    assert set(bed.ambients) == {25.0}


def test_the_lowest_temperature_at_rest_is_the_ambient_of_the_estimators():
    bed = TrackDriver(FIXED)
    bed.play([(0, 24.0, 0.0), (1, 21.0, 0.0), (2, 22.0, 0.0), (3, 22.0, 60.0), (4, 15.0, 60.0)])
    assert bed.ambients == [21.0]


def test_a_changed_policy_changes_the_goal_of_a_cool_down():
    bed = TrackDriver(FIXED)
    bed.play(curves.cooling(60.0, tau=300.0, lasting=60))
    bed.track.apply(Policy(cooled_at=55.0))
    bed.play([(0.0, 51.0, 0.0), (4.0, 50.9, 0.0)])
    assert bed.states == [State.COOLING, State.COOLED_DOWN]


# Odd readings


def test_a_repeated_or_lone_odd_reading_changes_nothing_published():
    bed = TrackDriver()
    bed.play(curves.heating(60.0)[:30])
    before = bed.view()
    for at, actual in ((bed.at, 50.0), (bed.at - 3.0, 50.0), (bed.at + 0.1, 500.0)):
        bed.track.read(at, actual, 60.0)
    assert bed.view() == before


def test_a_complete_heat_up_is_an_episode_with_its_score():
    bed = TrackDriver()
    bed.play(curves.resting(22.0, lasting=5))
    bed.play(curves.heating(60.0, start=22.0, rate=0.5, hold=60.0))
    [step] = [step for step in bed.steps if step.episode is not None]
    assert step.episode is not None
    assert step.episode.goal.temperature == 60.0
    assert step.episode.reached_at == pytest.approx(7.0 + (59.0 - 22.0) / 0.5, abs=1.0)
    assert step.score is not None
    assert step.score.error < 5.0


def test_a_heat_up_that_is_given_up_is_no_episode():
    bed = TrackDriver()
    bed.play(curves.heating(60.0)[:30])
    bed.play(curves.resting(36.0, lasting=30))
    assert bed.states == [State.HEATING, State.OFF]
    assert not [step for step in bed.steps if step.episode is not None]


READINGS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.01, 0.5, 1.0, 2.0, 30.0]) | st.floats(0.0, 100.0),
        st.none() | st.floats() | st.floats(15, 70) | st.sampled_from([22.0, 40.0, 59.0, 60.0, 64.0]),
        st.none() | st.sampled_from([0.0, 30.0, 60.0, 61.0, 200.0]) | st.floats(0, 300),
    ),
    max_size=60,
)
POLICIES = st.builds(
    Policy,
    heating=st.booleans(),
    cooling=st.booleans(),
    cooled_at=st.none() | st.floats(0, 400),
    ambient=st.none() | st.floats(0, 80),
    hysteresis=st.floats(0.1, 20),
)


@given(
    method=st.sampled_from(["linear", "exponential"]),
    name=st.sampled_from(["tool0", "bed", "chamber", "P"]),
    policies=st.tuples(POLICIES, POLICIES),
    readings=READINGS,
)
def test_any_readings_give_a_consistent_view(
    method: str, name: str, policies: tuple[Policy, Policy], readings: list[tuple[float, Any, Any]]
):
    heater = TrackDriver(policies[0], name=name, method=method)
    for index, (passed, actual, target) in enumerate(readings):
        if index == 20:
            heater.track.apply(policies[1])
        if index % 25 == 24:
            heater.track.restart_estimate()
        before = heater.track.state
        view = heater.read(plausible(actual), plausible(target), after=passed)
        assert view.state is before or view.state in MOVES[before].values()
        for published in (view, heater.view(later=7.0)):
            check_consistent(published)


def check_consistent(view: HeaterView) -> None:
    numbers = (view.actual, view.target, view.eta, view.low, view.high, view.rate, view.ready_at, view.cool_at)
    assert all(number is None or math.isfinite(number) for number in numbers)
    assert view.eta is None or view.eta >= 0.0
    assert view.progress is None or 0.0 <= view.progress <= 1.0
    assert (view.actual is None) == (view.state is State.UNKNOWN)
    assert view.ready_at is None or view.cool_at is None
    if view.eta is None:
        assert (view.ready_at, view.cool_at, view.method) == (None, None, None)
    else:
        assert view.direction is not None
        assert (view.ready_at if view.pending else view.cool_at) is not None
    if view.state in (State.HEATING, State.STALLED):
        assert view.direction is Direction.HEATING
    elif view.state is State.COOLING:
        assert view.direction is Direction.COOLING
    else:
        assert view.direction is None


def test_a_target_that_changes_at_each_reading_is_no_episode():
    bed = TrackDriver(name="tool0")
    bed.play(curves.resting(22.0, lasting=5))
    for at, actual, _ in curves.heating(210.0, rate=2.0, hold=30.0):
        bed.read(actual, 210.0 + at % 2)
    assert not [step for step in bed.steps if step.episode]


def test_a_ready_at_is_never_in_the_past_while_heating():
    bed = TrackDriver()
    bed.play(curves.heating(60.0, start=20.0, rate=0.5, hold=0)[:60])
    for later in range(120):
        view = bed.view(later=float(later))
        assert view.ready_at is None or view.ready_at >= WALL + bed.at + later
    assert (view.state, view.ready_at, view.eta) == (State.HEATING, None, None)


def test_the_time_of_the_state_is_that_of_its_reading_and_stays():
    bed = TrackDriver()
    bed.play(curves.resting(22.0, lasting=5))
    bed.read(22.0, 60.0)
    since = WALL + bed.at
    assert bed.view().state_since == since
    view = bed.play(curves.heating(60.0, hold=0)[1:30])[-1]
    assert (view.state, view.state_since) == (State.HEATING, since)
    assert bed.track.view(bed.at, WALL + bed.at + 7200.0).state_since == since
    bed.track.clock_set()
    assert bed.track.view(bed.at, WALL + bed.at + 7200.0).state_since == since + 7200.0
