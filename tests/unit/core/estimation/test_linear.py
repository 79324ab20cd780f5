"""The method `linear`: what remains, divided by the rate."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Episode, Estimate, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.linear import Limits, Linear
from tests.support import curves
from tests.support.curves import Reading

TO_60 = Goal(Direction.HEATING, 60.0)
TO_40 = Goal(Direction.COOLING, 40.0)


def estimates(goal: Goal, readings: Sequence[Reading], **limits: float) -> list[Estimate | None]:
    method = Linear(Limits(**limits))
    method.begin(goal, [])
    return [method.update(Sample(at, actual, target)) for at, actual, target in readings]


def test_a_steady_rise_is_estimated_exactly():
    found = estimates(TO_60, curves.heating(60.0, start=20.0, rate=0.5))
    assert found[0] is None, "one reading has no rate"
    assert found[10] == Estimate(pytest.approx((59.0 - 25.0) / 0.5))
    assert found[60] == Estimate(pytest.approx((59.0 - 50.0) / 0.5))


def test_it_has_no_interval():
    found = estimates(TO_60, curves.heating(60.0))[10]
    assert found is not None
    assert (found.low, found.high) == (None, None)


def test_the_rate_is_that_of_the_heating_window():
    slow_then_fast = curves.chain(curves.heating(30.0, start=20.0, rate=0.2, hold=0), curves.heating(60.0, start=30.0))
    assert estimates(TO_60, slow_then_fast)[70] == Estimate(pytest.approx(35.0, abs=5.0))


def test_near_the_target_there_is_no_estimate():
    found = estimates(TO_60, curves.heating(60.0, start=50.0, rate=0.5), threshold_start=5.0)
    assert found[10] is not None
    assert found[12] is None
    assert found[18] == Estimate(0.0)


def test_heating_below_the_minimum_rate_has_no_estimate():
    readings = curves.heating(60.0, start=20.0, rate=0.09)
    assert estimates(TO_60, readings, min_rate=0.1)[30] is None
    assert estimates(TO_60, readings, min_rate=0.05)[30] is not None


def test_cooling_has_no_least_rate():
    readings = curves.cooling(60.0, tau=2000.0, lasting=120)
    assert estimates(TO_40, readings, min_rate=10.0)[30] is not None


def test_a_too_long_eta_is_not_returned():
    readings = curves.heating(60.0, start=20.0, rate=0.1)
    assert estimates(TO_60, readings, min_rate=0.01, max_eta=100.0)[30] is None
    assert estimates(TO_60, readings, min_rate=0.01, max_eta=3600.0)[30] is not None


@pytest.mark.parametrize("goal", [TO_60, TO_40])
def test_a_heater_that_does_not_move_or_moves_away_has_no_eta(goal: Goal):
    away = 1.0 if goal is TO_40 else -1.0
    assert estimates(goal, [(t, 50.0, 0.0) for t in range(20)])[-1] is None
    assert estimates(goal, [(t, 50.0 + away * t / 10, 0.0) for t in range(20)])[-1] is None


def test_cooling_is_measured_over_its_own_window():
    long, short = (
        estimates(TO_40, curves.cooling(80.0, tau=600.0, lasting=900), cooling_window=window)[200]
        for window in (600.0, 20.0)
    )
    assert long is not None
    assert short is not None
    assert long.eta < 0.9 * short.eta, "a cooling slows down, so that an older rate promises more"


def test_a_target_repeated_within_milliseconds_is_no_steep_rise():
    assert estimates(TO_60, [(0.0, 21.3, 60.0), (0.02, 21.4, 60.0)]) == [None, None]


def test_unordered_readings_and_outliers_are_ignored():
    found = estimates(TO_60, [(0.0, 20.0, 60.0), (1.0, 20.5, 60.0), (0.5, 40.0, 60.0), (2.0, 300.0, 60.0)])
    assert found[2:] == [None, None]


def test_before_the_start_there_is_no_estimate():
    assert Linear(Limits()).update(Sample(0.0, 20.0, 60.0)) is None


def test_a_new_episode_discards_the_previous_one():
    method = Linear(Limits())
    for goal in (TO_60, Goal(Direction.HEATING, 80.0)):
        method.begin(goal, [Sample(-1.0, 19.5), Sample(0.0, 20.0)])
        assert method.update(Sample(1.0, 20.5, 60.0)) is None
        assert method.update(Sample(2.0, 21.0, 60.0)) is not None


def test_it_forecasts_and_learns_nothing():
    state = {"version": 1}
    method = Linear(Limits())
    method.restore(state)
    assert method.forecast(20.0, TO_60) is None
    assert Linear.learn(HeaterKind.BED, state, Episode(TO_60, (), (), None)) is state


def test_the_shape_is_a_straight_line():
    method = Linear(Limits())
    method.begin(Goal(Direction.HEATING, 60.0), [])
    method.update(Sample(0.0, 22.0, 60.0))
    method.update(Sample(1.0, 23.0, 60.0))
    assert method.shape() == ((0.0, 23.0), (1.0, 59.0))
