"""The state at the start of an episode."""

from __future__ import annotations

import random

import numpy as np
import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, Sample
from octoprint_temp_eta.core.estimation.thermal.curves.start import noise_of, start_of

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


@pytest.mark.parametrize(("goal", "counts"), [(HEATING, True), (Goal(Direction.COOLING, 40.0), False)])
def test_the_newest_reading_counts_for_the_slope_of_a_heat_up(goal: Goal, *, counts: bool) -> None:
    before = [Sample(float(t), 150.0) for t in range(-20, 0)]
    assert (start_of(goal, before, Sample(0.0, 148.0)).slope < -0.1) == counts


def test_old_readings_give_no_slope() -> None:
    start = start_of(HEATING, [Sample(-40.0, 190.0), Sample(-20.0, 170.0)], Sample(0.0, 150.0, 215.0))
    assert (start.temperature, start.slope) == (150.0, 0.0)


@pytest.mark.parametrize("released", [0.0, 20.0])
@pytest.mark.parametrize("held", [160.0, 240.0])
def test_the_target_that_was_held_before_is_remembered_while_the_heater_is_off(held: float, released: float) -> None:
    before = [Sample(float(t), held - max(t + released, 0.0), held if t < -released else 0.0) for t in range(-60, 0)]
    assert start_of(HEATING, before, Sample(0.0, held - released, 215.0)).held == held


def test_a_target_that_was_not_reached_was_not_held() -> None:
    before = [Sample(float(t), 100.0, 240.0 if t < -5 else 0.0) for t in range(-60, 0)]
    assert start_of(HEATING, before, Sample(0.0, 100.0, 215.0)).held == 0.0


def test_a_noisy_thermistor_gives_no_slope() -> None:
    random_ = random.Random(3)
    before = [Sample(float(t), 20.0 + random_.gauss(0.0, 2.5), 0.0) for t in range(-60, 0)]
    starts = [start_of(HEATING, before[:n], Sample(before[n - 1].at + 1.0, 20.0, 215.0)) for n in range(40, 60)]
    assert max(abs(start.slope) for start in starts) < 0.5
    assert sum(start.slope == 0.0 for start in starts) >= 5
    assert all(1.0 < start.noise < 4.0 for start in starts)


def test_the_noise_of_readings() -> None:
    random_ = np.random.default_rng(1)
    times = np.cumsum(random_.uniform(0.8, 1.2, 60))
    assert noise_of(times, 20.0 + random_.normal(0.0, 1.0, 60)) == pytest.approx(1.0, rel=0.4)
    assert noise_of(times, 5.0 * times + random_.normal(0.0, 3.0, 60)) == pytest.approx(3.0, rel=0.5)
    assert noise_of(times, np.full(60, 20.0)) == 0.0
    assert noise_of(times[:4], np.array([20.0, 30.0, 20.0, 30.0])) == 0.0, "too few"


def test_a_bend_or_a_clock_that_jitters_is_no_noise() -> None:
    times = np.arange(40.0)
    warming = np.where(times < 5, 20.0, 20.0 + 6.0 * (times - 5.0))
    assert noise_of(times, warming) == 0.0
    jitter = np.random.default_rng(1).uniform(-0.1, 0.1, 40)
    assert noise_of(times, 20.0 + 6.0 * (times + jitter)) < 0.1
