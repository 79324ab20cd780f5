"""Bounds of the parameters, and a body that follows the history of a heater."""

from __future__ import annotations

import numpy as np
import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction
from octoprint_temp_eta.core.estimation.thermal.curves.physics import PARAMETERS, Start, bounded, low_passed


def start(*history: tuple[float, float]) -> Start:
    """Return a start at 60 °C after readings given as (age in s, °C), oldest first."""
    return Start(60.0, 0.0, np.array([age for age, _ in history]), np.array([actual for _, actual in history]))


@pytest.mark.parametrize("direction", list(Direction))
def test_parameters_within_the_bounds_stay_as_they_are(direction: Direction) -> None:
    size = len(PARAMETERS[direction])
    low, high = bounded(direction, np.full(size, -1e9)), bounded(direction, np.full(size, 1e9))
    assert (low < high).all()
    middle = (low + high) / 2.0
    assert (bounded(direction, middle) == middle).all()
    assert (bounded(direction, high + 1.0) == high).all()


def test_without_a_history_the_body_is_as_warm_as_the_heater() -> None:
    assert low_passed(start(), np.array([1.0, 100.0])).tolist() == [60.0, 60.0]


def test_a_slow_body_is_still_at_the_oldest_reading_and_a_fast_one_at_the_newest() -> None:
    fast, slow = low_passed(start((20.0, 20.0), (10.0, 40.0), (0.0, 60.0)), np.array([0.01, 1e6]))
    assert fast == pytest.approx(60.0)
    assert slow == pytest.approx(20.0, abs=0.01)


def test_a_body_that_was_cold_before_the_history_is_colder() -> None:
    readings = start((20.0, 50.0), (0.0, 50.0))
    time_constant = np.array([300.0])
    warm, cold = low_passed(readings, time_constant), low_passed(readings, time_constant, np.array([20.0]))
    assert warm[0] == pytest.approx(50.0)
    assert 20.0 < cold[0] < 45.0
