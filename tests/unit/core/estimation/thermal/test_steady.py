"""The smooth countdown."""

from __future__ import annotations

from itertools import pairwise

import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Estimate, Goal
from octoprint_temp_eta.core.estimation.thermal.steady import Steady

HEATING = Goal(Direction.HEATING, 215.0)
COOLING = Goal(Direction.COOLING, 40.0)


def test_a_countdown_is_smooth_and_follows_the_estimate() -> None:
    steady = Steady(Direction.HEATING)
    middles = [100.0 - t + (3.0 if t % 2 else -3.0) for t in range(50)]
    noisy = [Estimate(middle, 0.7 * middle, 1.4 * middle) for middle in middles]
    shown = [steady.follow(float(t), estimate).eta for t, estimate in enumerate(noisy)]
    noise = [abs(b - a + 1.0) for a, b in pairwise(shown)]
    assert sum(noise) / len(noise) < 2.0
    assert steady.follow(50.0, Estimate(200.0, 150.0, 260.0)).eta > 150.0


def test_a_countdown_continues_within_its_play_and_follows_a_large_change() -> None:
    steady = Steady(Direction.COOLING)

    def estimate(eta: float) -> Estimate:
        return Estimate(eta, 0.8 * eta, 1.25 * eta)

    shown = [steady.follow(float(t), estimate(100.0 - t + (2.0 if t % 2 else -2.0))).eta for t in range(30)]
    assert all(b - a == pytest.approx(-1.0) for a, b in pairwise(shown[8:]))
    assert steady.follow(30.0, estimate(200.0)).eta > 160.0
    assert steady.follow(32.0, estimate(20.0)).eta < 25.0


def test_a_cool_down_follows_a_change_beyond_the_band_in_full_at_once() -> None:
    steady = Steady(Direction.COOLING)
    assert steady.follow(0.0, Estimate(100.0, 70.0, 140.0)).eta == 100.0
    assert steady.follow(1.0, Estimate(108.0, 76.0, 151.0)).eta == 99.0, "within the band"
    assert steady.follow(2.0, Estimate(150.0, 105.0, 210.0)).eta == 150.0
    assert steady.follow(3.0, Estimate(145.0, 102.0, 203.0)).eta == 149.0


def test_a_heat_up_follows_most_of_a_change_beyond_the_band_and_the_rest_if_it_lasts() -> None:
    steady = Steady(Direction.HEATING)
    assert steady.follow(0.0, Estimate(100.0, 70.0, 140.0)).eta == 100.0
    assert steady.follow(1.0, Estimate(199.0, 139.0, 279.0)).eta == pytest.approx(99.0 + 0.7 * 100.0)
    assert steady.follow(2.0, Estimate(198.0, 178.0, 218.0)).eta == pytest.approx(168.0 + 0.7 * 30.0)


def test_the_band_narrows_towards_the_arrival() -> None:
    steady = Steady(Direction.HEATING)
    steady.follow(0.0, Estimate(100.0, 70.0, 140.0))
    assert steady.follow(10.0, Estimate(96.0, 67.0, 135.0)).eta == 90.0, "6 s off at 10 % of the episode"
    assert steady.follow(90.0, Estimate(11.0, 8.0, 15.0)).eta == pytest.approx(10.7), "1 s off at 90 %"


def test_without_an_interval_the_estimate_is_followed() -> None:
    steady = Steady(Direction.HEATING)
    assert [steady.follow(float(t), Estimate(eta)).eta for t, eta in enumerate((50.0, 49.5, 60.0))] == [
        50.0,
        49.5,
        60.0,
    ]
