"""A cool-down without readings."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.heating.extrapolation import CoolDown
from octoprint_temp_eta.core.heating.state_machine.states import State
from octoprint_temp_eta.core.heating.track import HeaterView
from tests.support import curves
from tests.support.track_driver import WALL, TrackDriver


def cool_down(ambient: float) -> CoolDown:
    return CoolDown(since=100.0, actual=100.0, reached_at=400.0, threshold=40.0, ambient=ambient, until=3700.0)


@pytest.mark.parametrize("ambient", [20.0, 45.0])
def test_it_passes_both_points(ambient: float):
    assert cool_down(ambient).temperature(100.0) == pytest.approx(100.0)
    assert cool_down(ambient).temperature(400.0) == pytest.approx(40.0)


def test_it_falls_more_slowly_towards_the_end_and_on_to_the_ambient():
    cooling = cool_down(20.0)
    assert cooling.temperature(250.0) < 70.0
    assert cooling.temperature(100_000.0) == pytest.approx(20.0)


def test_it_ends_at_a_threshold_below_the_ambient():
    assert cool_down(45.0).temperature(250.0) == pytest.approx(70.0)
    assert cool_down(45.0).temperature(9000.0) == 40.0


def test_an_estimate_of_no_time_is_there():
    cooling = CoolDown(since=1.0, actual=40.5, reached_at=1.0, threshold=40.0, ambient=20.0, until=9.0)
    assert cooling.temperature(1.0) == pytest.approx(40.0)


def test_its_shape_is_the_rest_of_its_curve():
    cooling = cool_down(20.0)
    shape = cooling.shape(250.0)
    assert shape[0] == (0.0, pytest.approx(cooling.temperature(250.0)))
    assert shape[-1] == (1.0, pytest.approx(40.0))
    assert shape[12] == (0.5, pytest.approx(cooling.temperature(325.0)))
    assert cooling.shape(400.0) == ()


def test_a_heater_that_cools_down_without_readings_has_a_shape():
    bed = cooling_bed()
    bed.track.disconnect(bed.at, 3600.0)
    shape = bed.track.shape(bed.at + 60.0)
    assert shape[0] == (0.0, pytest.approx(bed.view(later=60.0).actual))
    assert shape[-1] == (1.0, pytest.approx(40.0))


def cooling_bed(lasting: float = 60) -> TrackDriver:
    """Return a bed that cools from 60 °C to 40 °C, which takes about 230 s."""
    bed = TrackDriver()
    bed.play(curves.resting(60.0, 60.0, lasting=5))
    bed.play(curves.cooling(60.0, tau=300.0, lasting=lasting))
    return bed


def test_a_cool_down_goes_on_without_readings():
    bed = cooling_bed()
    before = bed.view()
    assert bed.track.disconnect(bed.at, 3600.0) is None
    view = bed.view(later=60.0)
    assert (view.state, view.extrapolated, view.cool_at) == (State.COOLING, True, before.cool_at)
    assert view.actual is not None
    assert before.actual is not None
    assert 40.0 < view.actual < before.actual - 5.0
    assert (view.rate, view.eta) == (None, pytest.approx((before.eta or 0.0) - 60.0))


def test_an_extrapolated_cool_down_ends_as_cooled_and_after_its_limit_as_unknown():
    bed = cooling_bed()
    eta = bed.view().eta
    assert eta is not None
    bed.track.disconnect(bed.at, 3600.0)
    assert bed.track.tick(bed.at + eta - 1.0) is None
    transition = bed.track.tick(bed.at + eta)
    assert transition is not None
    assert (transition.previous, transition.state) == (State.COOLING, State.COOLED_DOWN)
    view = bed.view(later=eta)
    assert (view.state, view.extrapolated, view.eta, view.actual) == (
        State.COOLED_DOWN,
        True,
        None,
        pytest.approx(40.0),
    )
    assert bed.track.tick(bed.at + 3601.0) is not None
    assert bed.view(later=3601.0) == HeaterView("bed", State.UNKNOWN, state_since=WALL + bed.at + 3601.0)


@pytest.mark.parametrize("readings", [[(0.0, 60.0, 60.0)], [(0.0, 22.0, 60.0)], [(0.0, 22.0, 0.0)]])
def test_only_a_cool_down_goes_on(readings: list[curves.Reading]):
    bed = TrackDriver()
    bed.play(readings)
    assert bed.track.disconnect(bed.at, 3600.0) is not None
    assert bed.view() == HeaterView("bed", State.UNKNOWN, state_since=WALL + bed.at)


def test_without_a_limit_nothing_goes_on():
    bed = cooling_bed()
    bed.track.disconnect(bed.at, 0.0)
    assert bed.track.state is State.UNKNOWN


@pytest.mark.parametrize(
    ("later", "actual", "target", "state"),
    [
        (100.0, 48.0, 0.0, State.COOLING),
        (100.0, 70.0, 0.0, State.COOLING),
        (100.0, 30.0, 60.0, State.HEATING),
        (600.0, 36.0, 0.0, State.COOLED_DOWN),
        (600.0, 41.0, 0.0, State.COOLED_DOWN),
        (600.0, 55.0, 0.0, State.COOLING),
        (600.0, 36.0, 60.0, State.HEATING),
    ],
)
def test_the_next_reading_replaces_the_extrapolation(later: float, actual: float, target: float, state: State):
    bed = cooling_bed()
    bed.track.disconnect(bed.at, 3600.0)
    bed.track.tick(bed.at + later)
    view = bed.read(actual, target, after=later)
    assert (view.state, view.extrapolated, view.actual) == (state, False, actual)
    assert not [step for step in bed.steps if step.episode], "no episode spans the gap"


def test_a_target_without_a_temperature_ends_the_extrapolation():
    """OctoPrint reports it so if a print starts right after the connection was made."""
    bed = cooling_bed()
    bed.track.disconnect(bed.at, 3600.0)
    bed.track.tick(bed.at + 600.0)
    assert bed.read(None, None, after=600.0).state is State.COOLED_DOWN
    assert bed.read(None, 50.0).state is State.UNKNOWN
    assert bed.track.tick(bed.at + 1.0) is None
    assert bed.read(23.0, 50.0, after=2.0).state is State.HEATING


OFF = [(0.0, 22.0, 0.0), (1.0, 22.0, 0.0)]
COOLED_DOWN = curves.chain(curves.resting(60.0, 60.0, lasting=5), curves.cooling(60.0, tau=300.0, lasting=300))


@pytest.mark.parametrize(("readings", "state"), [(OFF, State.OFF), (COOLED_DOWN, State.COOLED_DOWN)])
def test_beside_a_cool_down_a_heater_at_rest_stays_as_it_was_read_until_the_limit(
    readings: list[curves.Reading], state: State
):
    bed = TrackDriver()
    bed.play(readings)
    before = bed.view()
    assert bed.track.disconnect(bed.at, 3600.0, beside=True) is None
    assert bed.track.tick(bed.at + 3600.0) is None
    view = bed.view(later=3600.0)
    assert (view.state, view.extrapolated, view.actual) == (state, True, before.actual)
    assert (view.state_since, view.eta, view.rate) == (before.state_since, None, None)
    assert bed.track.shape(bed.at + 60.0) == ()
    assert bed.track.tick(bed.at + 3601.0) is not None
    assert bed.track.state is State.UNKNOWN


@pytest.mark.parametrize(
    ("readings", "limit"),
    [([(0.0, 22.0, 60.0)], 3600.0), ([(0.0, 60.0, 60.0)], 3600.0), ([], 3600.0), (OFF, 0.0)],
)
def test_only_what_rests_stays_beside_a_cool_down(readings: list[curves.Reading], limit: float):
    bed = TrackDriver()
    bed.play(readings)
    bed.track.disconnect(bed.at, limit, beside=True)
    assert (bed.track.state, bed.track.extrapolated) == (State.UNKNOWN, False)


@pytest.mark.parametrize(
    ("readings", "actual", "target", "state"),
    [
        (OFF, 22.0, 0.0, State.OFF),
        (OFF, 45.0, 0.0, State.OFF),
        (OFF, 90.0, 0.0, State.COOLING),
        (OFF, 30.0, 60.0, State.HEATING),
        (OFF, 59.0, 60.0, State.AT_TARGET),
        (COOLED_DOWN, 30.0, 0.0, State.COOLED_DOWN),
        (COOLED_DOWN, 90.0, 0.0, State.COOLING),
        (COOLED_DOWN, 30.0, 60.0, State.HEATING),
    ],
)
def test_the_next_reading_replaces_the_rest(readings: list[curves.Reading], actual: float, target: float, state: State):
    bed = TrackDriver()
    bed.play(readings)
    bed.track.disconnect(bed.at, 3600.0, beside=True)
    bed.track.tick(bed.at + 600.0)
    view = bed.read(actual, target, after=600.0)
    assert (view.state, view.extrapolated, view.actual) == (state, False, actual)


def test_a_heater_that_is_kept_hot_without_a_target_does_not_rest():
    """A firmware without targets holds it at 200 °C: what it does without a connection is unknown."""
    tool = TrackDriver(name="tool0")
    tool.play(curves.resting(200.0, lasting=120))
    assert tool.track.state is State.OFF
    tool.track.disconnect(tool.at, 3600.0, beside=True)
    assert tool.track.state is State.UNKNOWN


def test_a_heater_that_got_warm_meanwhile_is_watched_for_a_fall():
    bed = TrackDriver()
    bed.play(OFF)
    bed.track.disconnect(bed.at, 3600.0, beside=True)
    bed.read(50.0, 0.0, after=600.0)
    bed.play(curves.cooling(50.0, lasting=60))
    assert bed.track.state is State.COOLING
