"""A cool-down without readings."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.heating.extrapolation import CoolDown


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
