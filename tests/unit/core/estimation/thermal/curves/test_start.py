"""The state at the start of an episode."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, Sample
from octoprint_temp_eta.core.estimation.thermal.curves.start import start_of

HEATING = Goal(Direction.HEATING, 215.0)


def test_the_slope_before_is_the_slope_of_the_start() -> None:
    before = [Sample(float(t), 150.0 + 2.0 * t, 160.0) for t in range(-20, 0)]
    start = start_of(HEATING, before, Sample(0.0, 150.0, 215.0))
    assert start.slope == pytest.approx(2.0, abs=0.01)
    assert start.temperature == pytest.approx(150.0, abs=0.1)


@pytest.mark.parametrize("every", [0.5, 2.0, 5.0])
def test_the_slope_before_is_measured_at_any_poll_interval(every: float) -> None:
    before = [Sample(-n * every, 150.0 + 1.5 * n * every, 0.0) for n in range(20, 0, -1)]
    start = start_of(HEATING, before, Sample(0.0, 150.0, 215.0))
    assert (start.temperature, start.slope) == (pytest.approx(150.0), pytest.approx(-1.5))


def test_old_readings_give_no_slope() -> None:
    start = start_of(HEATING, [Sample(-40.0, 190.0), Sample(-20.0, 170.0)], Sample(0.0, 150.0, 215.0))
    assert (start.temperature, start.slope) == (150.0, 0.0)
