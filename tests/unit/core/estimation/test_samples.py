"""What a reading is worth, and how fast a temperature moves."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.estimation.estimator import Sample
from octoprint_temp_eta.core.estimation.samples import HISTORY_S, SAMPLES_PER_S, History, plausible, slope


def history(*points: tuple[float, float]) -> History:
    made = History()
    for at, actual in points:
        made.add(Sample(at, actual))
    return made


def actuals(made: History) -> list[float]:
    return [sample.actual for sample in made]


@pytest.mark.parametrize("value", [0, 21.5, -50, 600, 3])
def test_a_temperature_is_plausible(value: float):
    assert plausible(value) == value
    assert isinstance(plausible(value), float)


@pytest.mark.parametrize(
    "value", [None, True, False, "21.5", math.nan, math.inf, -math.inf, -50.1, 600.1, 10**400, [21], {}]
)
def test_what_no_heater_reads_is_no_temperature(value: object):
    assert plausible(value) is None


@given(st.one_of(st.none(), st.floats(), st.integers(), st.text(), st.booleans(), st.binary()))
def test_a_plausible_value_is_a_number_in_range(value: object):
    found = plausible(value)
    assert found is None or -50 <= found <= 600


def test_the_slope_of_a_line_is_its_own():
    assert slope([(t, 3.0 - 0.25 * t) for t in (100.0, 101.0, 107.0)]) == pytest.approx(-0.25)


@pytest.mark.parametrize("points", [[], [(1.0, 5.0)], [(1.0, 5.0), (1.0, 6.0)]])
def test_one_instant_has_no_slope(points: list[tuple[float, float]]):
    assert slope(points) is None


def test_a_sample_that_is_not_newer_is_not_taken():
    made = history((10.0, 20.0))
    assert not made.add(Sample(10.0, 21.0))
    assert not made.add(Sample(9.0, 21.0))
    assert actuals(made) == [20.0]


def test_a_lone_outlier_is_not_taken():
    made = history((0.0, 60.0), (1.0, 60.2), (2.0, 0.0), (3.0, 60.1))
    assert actuals(made) == [60.0, 60.2, 60.1]


def test_two_outliers_that_differ_are_not_taken():
    made = history((0.0, 60.0), (1.0, 0.0), (2.0, 500.0), (3.0, 60.1))
    assert actuals(made) == [60.0, 60.1]


def test_a_jump_that_is_confirmed_is_taken():
    made = history((0.0, 60.0), (1.0, 150.0), (2.0, 151.0))
    assert actuals(made) == [60.0, 151.0]


def test_a_doubt_is_forgotten_with_the_next_good_reading():
    made = history((0.0, 60.0), (1.0, 200.0), (2.0, 61.0), (3.0, 200.0))
    assert actuals(made) == [60.0, 61.0]


def test_the_longer_the_silence_the_larger_the_jump_that_is_believed():
    assert actuals(history((0.0, 60.0), (5.0, 200.0))) == [60.0, 200.0]


def test_the_rate_is_that_of_the_newest_seconds():
    made = history(*[(float(t), 20.0 + t) for t in range(20)], *[(20.0 + t, 40.0) for t in range(20)])
    assert made.rate(15.0) == pytest.approx(0.0)
    assert made.rate(1000.0) > 0.3


def test_two_readings_at_almost_the_same_time_give_no_rate():
    assert history((0.0, 21.3), (0.01, 21.4)).rate(15.0) is None


def test_no_reading_no_rate():
    assert History().rate(15.0) is None


def test_a_history_is_bounded_in_time_and_number():
    slow, fast = History(), History()
    for index in range(1000):
        slow.add(Sample(index * 1.0, 20.0))
        fast.add(Sample(index * 0.1, 20.0))
    assert len(list(slow)) == HISTORY_S + 1
    assert len(list(fast)) == HISTORY_S * SAMPLES_PER_S


def test_the_last_sample_before_a_gap_shows_what_has_changed_since():
    made = history((1.0, 20.0), (2.0, 21.0), (60.0, 40.0))
    assert [sample.actual for sample in made.spanning(30.0)] == [21.0, 40.0]
    assert [sample.actual for sample in made.spanning(2.0)] == [20.0, 21.0, 40.0]
    assert [sample.actual for sample in made.spanning(0.0)] == [20.0, 21.0, 40.0]
    assert [sample.actual for sample in made.spanning(90.0)] == [40.0]
    assert History().spanning(0.0) == []


def test_since_is_inclusive_and_in_order():
    made = history((0.0, 1.0), (1.0, 2.0), (2.0, 3.0))
    assert [sample.at for sample in made.since(1.0)] == [1.0, 2.0]


def test_a_cleared_history_has_no_doubted_reading():
    made = history((0.0, 60.0), (1.0, 200.0))
    made.clear()
    assert made.newest is None
    assert made.add(Sample(2.0, 300.0))
