"""Forecasts between computed ones."""

from __future__ import annotations

import math

import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Estimate, Goal, HeaterKind
from octoprint_temp_eta.core.estimation.linear import Limits, Linear
from octoprint_temp_eta.core.estimation.methods import make_estimator
from octoprint_temp_eta.core.heating.forecasts import MOST, Forecast, ForecastTable
from octoprint_temp_eta.core.heating.state_machine.states import State
from octoprint_temp_eta.core.heating.track import ARRIVED
from tests.support import curves
from tests.support.track_driver import TrackDriver

UP, DOWN = Goal(Direction.HEATING, 210.0), Goal(Direction.COOLING, 50.0)


class Estimator(Linear):
    """Forecasts 2 s for each °C, with an interval of half and double, and records the start temperatures."""

    def __init__(self, starts: list[float]) -> None:
        super().__init__(Limits())
        self.starts = starts

    def forecast(self, start: float, goal: Goal) -> Estimate | None:
        self.starts.append(start)
        eta = 2.0 * abs(goal.threshold - start)
        return Estimate(eta, eta / 2, 2 * eta)


@pytest.mark.parametrize(("start", "goal"), [(21.5, UP), (140.0, UP), (208.5, UP), (199.0, DOWN), (51.0, DOWN)])
def test_what_lies_between_two_forecasts_is_interpolated(start: float, goal: Goal):
    found = ForecastTable().forecast("tool", lambda: Estimator([]), start, goal)
    eta = 2.0 * abs(goal.threshold - start)
    assert found.estimate is not None
    assert (found.estimate.eta, found.estimate.low, found.estimate.high) == pytest.approx((eta, eta / 2, 2 * eta))
    assert found.slope == pytest.approx(-2.0 if goal is UP else 2.0)
    assert found.lowest <= start <= found.highest


@pytest.mark.parametrize(("start", "eta"), [(208.95, 0.2), (-900.0, 2048.0)])
def test_beyond_the_computed_ones_the_next_one_holds_for_that_temperature_only(start: float, eta: float):
    found = ForecastTable().forecast("tool", lambda: Estimator([]), start, UP)
    assert found.estimate is not None
    assert found.estimate.eta == pytest.approx(eta)
    assert (found.lowest, found.highest) == (start, start)


def test_a_heat_up_needs_few_forecasts_and_the_next_one_none():
    starts: list[float] = []
    table = ForecastTable()
    for _ in range(2):
        for celsius in range(20, 209):
            table.forecast("tool", lambda: Estimator(starts), float(celsius), UP)
    assert len(starts) <= 12
    table.forecast("another", lambda: Estimator(starts), 25.0, UP)
    assert starts[-2:] == [49.0, 17.0]
    table.clear()
    table.forecast("tool", lambda: Estimator(starts), 25.0, UP)
    assert len(starts) <= 16


def test_a_method_without_forecasts_has_none_from_any_temperature():
    assert ForecastTable().forecast("tool", lambda: Linear(Limits()), 25.0, UP) == Forecast(None)


def test_a_forecast_that_is_unknown_from_one_side_is_unknown_up_to_there():
    class Near(Estimator):
        def forecast(self, start: float, goal: Goal) -> Estimate | None:
            return super().forecast(start, goal) if start > 180.0 else None

    found = ForecastTable().forecast("tool", lambda: Near([]), 178.0, UP)
    assert found == Forecast(None, 169.0, 185.0)


def test_the_number_of_kept_forecasts_is_bounded():
    table = ForecastTable()
    starts: list[float] = []
    for target in range(2 * MOST):
        table.forecast("tool", lambda: Estimator(starts), 25.0, Goal(Direction.HEATING, 100.0 + target / 10))
    assert len(table._known) <= MOST


@pytest.mark.parametrize(
    ("kind", "goal", "hottest"),
    [
        (HeaterKind.TOOL, UP, 209.0),
        (HeaterKind.TOOL, Goal(Direction.HEATING, 180.0), 179.0),
        (HeaterKind.BED, Goal(Direction.HEATING, 60.0), 59.0),
        (HeaterKind.BED, Goal(Direction.HEATING, 100.0), 99.0),
        (HeaterKind.CHAMBER, Goal(Direction.HEATING, 60.0), 59.0),
        (HeaterKind.TOOL, Goal(Direction.COOLING, 181.0), 240.0),
        (HeaterKind.BED, Goal(Direction.COOLING, 61.0), 110.0),
    ],
)
def test_the_model_is_close_to_a_line_between_two_forecasts(kind: HeaterKind, goal: Goal, hottest: float):
    table = ForecastTable()
    model = make_estimator("model", kind, Limits(), None)
    coldest = 21.0 if goal.direction is Direction.HEATING else goal.threshold
    for step in range(1, 40):
        start = coldest + step * (hottest - coldest) / 40
        found = table.forecast(str(kind), lambda: model, start, goal).estimate
        exact = model.forecast(start, goal)
        assert found is not None
        assert exact is not None
        assert found.eta == pytest.approx(exact.eta, rel=0.03, abs=2.5), start


@pytest.mark.parametrize(
    ("forecast", "expected"),
    [
        (Forecast(Estimate(40.0), 19.0, 189.0, -2.0), (45.0, 55.0)),
        (Forecast(Estimate(36.0), 19.0, 189.0, 2.0), (47.0, 57.0)),
        (Forecast(Estimate(40.0), 48.0, 51.0, -2.0), (48.0, 51.0)),
        (Forecast(Estimate(0.0), 49.0, 51.0), (49.0, 51.0)),
        (Forecast(None), (-math.inf, math.inf)),
    ],
)
def test_it_knows_between_which_temperatures_it_stays_near_what_was_shown(
    forecast: Forecast, expected: tuple[float, float]
):
    assert forecast.range_within(10.0, 40.0, 50.0) == pytest.approx(expected)


# Of a heater


HEATING, COOLING = Goal(Direction.HEATING, 60.0), Goal(Direction.COOLING, 61.0)


@pytest.mark.parametrize(("start", "goal"), [(30.0, HEATING), (58.9, HEATING), (61.1, COOLING), (90.0, COOLING)])
def test_a_forecast_is_from_the_present_temperature_to_the_target_or_just_above(start: float, goal: Goal):
    bed = TrackDriver()
    bed.read(start, 0.0)
    asked: list[tuple[float, Goal]] = []
    unknown = Forecast(None)

    def forecast(actual: float, to: Goal) -> Forecast:
        asked.append((actual, to))
        return unknown

    assert bed.track.forecast(60.0, forecast) is unknown
    assert asked == [(start, goal)]


def never(_: float, __: Goal) -> Forecast:
    raise AssertionError


@pytest.mark.parametrize("start", [59.0, 60.0, 61.0])
def test_a_forecast_is_zero_where_the_heater_is_there(start: float):
    bed = TrackDriver()
    bed.read(start, 0.0)
    assert bed.track.forecast(60.0, never) == Forecast(ARRIVED, 59.0, 61.0)


def test_a_forecast_of_the_present_target_is_zero_while_the_heater_holds_it():
    bed = TrackDriver()
    bed.play(curves.heating(60.0, hold=60.0))
    assert bed.track.forecast(60.5, never) == Forecast(ARRIVED)


def test_of_an_unknown_heater_there_is_no_forecast():
    assert TrackDriver().track.forecast(60.0, never) == Forecast(None)


def test_while_a_cool_down_is_extrapolated_there_is_no_forecast():
    bed = TrackDriver()
    bed.play(curves.resting(60.0, 60.0, lasting=5))
    bed.play(curves.cooling(60.0, tau=300.0, lasting=60))
    read = bed.track.situation()
    bed.track.disconnect(bed.at, 3600.0)
    assert bed.track.extrapolated
    assert bed.track.forecast(60.0, never) == Forecast(None)
    assert bed.track.situation() != read


def test_its_situation_is_what_forecasts_depend_on():
    bed = TrackDriver()
    assert bed.track.situation() == ((State.UNKNOWN, 0.0, False), None)
    bed.read(22.0, 0.0)
    assert bed.track.situation() == ((State.OFF, 0.0, False), 22.0)
    bed.read(22.5, 60.0)
    assert bed.track.situation() == ((State.HEATING, 60.0, False), 22.5)
