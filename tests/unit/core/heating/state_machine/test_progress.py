"""Whether a heater gets warmer: slow, dead, noisy and coarse ones."""

from __future__ import annotations

import math
import random

import pytest

from octoprint_temp_eta.core.estimation.estimator import Sample
from octoprint_temp_eta.core.heating.state_machine.progress import STUCK_S, error, gain, noise
from octoprint_temp_eta.core.heating.state_machine.states import State
from tests.support import curves
from tests.support.heater_driver import HeaterDriver

#: Noise in °C, steps in °C and interval in s of sensors.
SENSORS = [(0.05, 0.01, 2.0), (0.3, 0.1, 2.0), (0.5, 0.1, 2.0), (0.05, 1.0, 2.0), (0.3, 1.0, 2.0), (0.2, 0.1, 10.0)]


def sense(actual: float, sigma: float, step: float, random_: random.Random) -> float:
    """Return what a sensor with noise and steps reads."""
    return round((actual + random_.gauss(0, sigma)) / step) * step


@pytest.mark.parametrize(("sigma", "step", "every"), SENSORS)
@pytest.mark.parametrize(("heater", "actual", "target"), [("tool0", 191.0, 230.0), ("bed", 24.5, 60.0)])
def test_a_dead_heater_stays_stalled_until_it_heats(
    heater: str, actual: float, target: float, sigma: float, step: float, every: float
):
    dead, seed = HeaterDriver(heater), random.Random(3)
    dead.read(actual, target)
    while dead.at < 1800.0:
        dead.read(sense(actual, sigma, step, seed), target, after=every)
        assert dead.at < 120.0 or dead.heater.state is State.STALLED
    assert dead.states == [State.HEATING, State.STALLED]
    freed = dead.at
    while dead.heater.state is State.STALLED:
        dead.read(sense(actual + 0.3 * (dead.at - freed), sigma, step, seed), target, after=every)
    assert dead.at - freed <= 30.0


def test_a_dead_coarse_sensor_that_the_room_takes_to_the_next_degree_stays_stalled():
    bed = HeaterDriver()
    bed.hold(24.0, 60.0, 600)
    bed.hold(25.0, 60.0, 600)
    assert bed.states == [State.HEATING, State.STALLED]


@pytest.mark.parametrize(("sigma", "step", "every"), SENSORS)
@pytest.mark.parametrize("rate", [0.02, 0.05])
def test_a_slow_bed_is_not_stalled_by_its_sensor(rate: float, sigma: float, step: float, every: float):
    bed, seed = HeaterDriver(), random.Random(4)
    for at in curves.seconds(36.0 / rate, every):
        bed.read(sense(24.0 + rate * at, sigma, step, seed), 60.0, after=every)
    assert State.STALLED not in bed.states


def test_a_bed_that_falls_before_it_heats_is_not_stalled():
    bed = HeaterDriver()
    bed.hold(80.0, 80.0, 5)
    bed.play([(at, 70.0 - 0.2 * min(at, 40.0) + 0.06 * max(0.0, at - 40.0), 85.0) for at in curves.seconds(200, 2.0)])
    assert State.STALLED not in bed.states


def test_a_heater_that_is_stuck_where_it_is_almost_near_its_target_does_not_alternate():
    bed, seed = HeaterDriver(), random.Random(6)
    for _ in range(900):
        bed.read(sense(56.8, 0.2, 0.1, seed), 60.0, after=2.0)
    assert bed.states in ([State.HEATING, State.STALLED], [State.AT_TARGET])


def test_a_stalled_heater_that_creeps_to_its_target_is_at_target():
    bed = HeaterDriver()
    bed.hold(55.0, 60.0, 100)
    bed.play([(at, min(58.0, 55.0 + 0.005 * at), 60.0) for at in curves.seconds(900, 2.0)])
    assert bed.states == [State.HEATING, State.STALLED, State.AT_TARGET]


def test_gain_error_and_noise_are_those_of_a_line():
    seed = random.Random(7)
    readings = [Sample(at, 20.0 + 0.1 * at + seed.gauss(0, 0.4), 60.0) for at in curves.seconds(2000, 1.0)]
    assert gain(readings, 30.0) == pytest.approx(3.0, abs=0.01)
    assert noise(readings) == pytest.approx(0.4, rel=0.1)
    assert error(readings, 0.4) == pytest.approx(0.4 * math.sqrt(12.0 / 2000.0) / 2000.0, rel=0.01)
    assert noise(readings[:2]) == 0.0
    assert error(readings[:1], 0.4) == math.inf


def test_stalled_and_freed_and_arrived():
    bed = HeaterDriver()
    bed.play(curves.heating(40.0, start=22.0, hold=0))
    bed.hold(40.0, 60.0, STUCK_S[bed.heater.kind] + 5)
    assert bed.heater.state is State.STALLED
    bed.play(curves.heating(60.0, start=40.0, hold=10))
    assert bed.states == [State.HEATING, State.STALLED, State.HEATING, State.AT_TARGET]


def test_a_slow_heater_is_not_stalled():
    bed = HeaterDriver()
    bed.play(curves.heating(60.0, start=22.0, rate=2.0 / STUCK_S[bed.heater.kind], every=2.0, hold=10))
    assert bed.states == [State.HEATING, State.AT_TARGET]


@pytest.mark.parametrize(("heater", "seconds"), [("tool0", 30.0), ("bed", 90.0), ("chamber", 220.0), ("P", 220.0)])
def test_each_kind_has_its_own_time_before_it_is_stalled(heater: str, seconds: float):
    bed = HeaterDriver(heater)
    bed.read(22.0, 60.0)
    assert bed.hold(22.0, 60.0, seconds - 1) is State.HEATING
    assert bed.hold(22.0, 60.0, 2) is State.STALLED


def test_staying_just_below_the_target_is_not_stalled():
    bed = HeaterDriver()
    bed.read(55.0, 60.0)
    assert bed.hold(58.0, 60.0, 60) is State.HEATING
    assert bed.hold(58.0, 60.0, 600) is State.AT_TARGET


def test_a_chamber_that_a_bed_heats_is_not_stalled():
    chamber = HeaterDriver("chamber")
    chamber.play([(at, 22.0 + 36.0 * (1.0 - math.exp(-at / 2400.0)), 45.0) for at in curves.seconds(2000, 2.0)])
    assert chamber.states == [State.HEATING]


@pytest.mark.parametrize(
    ("tau", "warmest", "target"), [(1200.0, 52.0, 50.0), (1500.0, 62.0, 60.0), (1800.0, 60.0, 50.0)]
)
def test_a_slow_noisy_chamber_is_not_stalled(tau: float, warmest: float, target: float):
    noise, chamber = random.Random(1), HeaterDriver("chamber")
    chamber.read(22.0, target)
    for at in curves.seconds(6 * tau, 2.0):
        if (
            chamber.read(warmest - (warmest - 22.0) * math.exp(-at / tau) + noise.gauss(0, 0.1), target, after=2.0)
            is State.AT_TARGET
        ):
            break
    assert chamber.states == [State.HEATING, State.AT_TARGET]


def test_a_chamber_that_does_not_get_warmer_is_stalled_also_with_a_noisy_sensor():
    noise, chamber = random.Random(2), HeaterDriver("chamber")
    for _ in range(300):
        chamber.read(round(30.0 + noise.gauss(0, 0.15), 1), 60.0, after=2.0)
    assert chamber.states == [State.HEATING, State.STALLED]


@pytest.mark.parametrize(
    ("heater", "seconds"), [("tool0", 32.0), ("bed", 92.0), ("chamber", 112.0)], ids=["tool", "bed", "chamber"]
)
def test_a_plateau_near_the_target_is_at_target(heater: str, seconds: float):
    bed = HeaterDriver(heater)
    bed.play([(at, actual, 200.0) for at, actual, _ in curves.heating(198.3, start=150.0, rate=1.0, hold=0)])
    bed.play([(at, 198.3 + 0.1 * (at % 3 - 1), 200.0) for at in curves.seconds(seconds, 1.0)])
    assert bed.states == [State.HEATING, State.AT_TARGET]


def test_a_slow_approach_is_no_plateau():
    bed = HeaterDriver()
    bed.play([(at, actual, 60.0) for at, actual, _ in curves.heating(57.5, start=50.0, hold=0)])
    bed.play([(at, 57.5 + 0.01 * at, 60.0) for at in curves.seconds(130, 1.0)])
    assert bed.heater.state is State.HEATING
