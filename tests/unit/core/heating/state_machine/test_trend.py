"""Whether a temperature falls, and whether it has stopped falling."""

from __future__ import annotations

import math
import random

import pytest

from octoprint_temp_eta.core.estimation.estimator import HeaterKind
from octoprint_temp_eta.core.heating.state_machine.trend import HELD_S, SETTLE_MAX_S, SETTLE_MIN_S, Fall, Settling


def newton(at: float, start: float, ambient: float, tau: float) -> float:
    return ambient + (start - ambient) * math.exp(-at / tau)


@pytest.mark.parametrize(
    ("start", "tau", "falls"),
    [(50.0, 200.0, True), (50.0, 1500.0, True), (33.0, 36000.0, False)],
    ids=["tool", "bed", "room at night"],
)
def test_a_heater_that_cools_falls_and_a_room_at_night_does_not(start: float, tau: float, falls: bool):
    fall = Fall(0.0, start)
    seen = any(fall.update(float(at), newton(at, start, 22.0, tau)) for at in range(2, 1800, 2))
    assert seen is falls


def test_noise_and_a_sensor_of_whole_degrees_are_no_fall():
    noise = random.Random(1)
    fall = Fall(0.0, 33.0)
    assert not any(fall.update(float(at), 33.0 + noise.choice((0.0, 1.0)) - 0.5) for at in range(1800))


def settled_after(kind: HeaterKind, start: float, ambient: float, tau: float) -> tuple[float, float]:
    """Return when a temperature that approaches `ambient` has settled, and where."""
    settling = Settling(kind, 0.0, start)
    return next(
        (at, actual) for at in range(1, 20_000) if settling.update(float(at), actual := newton(at, start, ambient, tau))
    )


@pytest.mark.parametrize(
    ("kind", "tau"), [(HeaterKind.TOOL, 150.0), (HeaterKind.BED, 900.0), (HeaterKind.CHAMBER, 2000.0)]
)
def test_a_heater_settles_near_its_surroundings(kind: HeaterKind, tau: float):
    at, actual = settled_after(kind, 70.0, 33.0, tau)
    assert actual - 33.0 < 2.0
    assert at < 5 * tau + SETTLE_MAX_S[kind]


@pytest.mark.parametrize("kind", HeaterKind)
def test_a_fast_fall_that_stops_at_once_settles_after_the_minimum(kind: HeaterKind):
    settling = Settling(kind, 0.0, 60.0)
    for at in range(1, 28):
        assert not settling.update(float(at), 60.0 - at)
    assert not settling.update(26.0 + SETTLE_MIN_S[kind], 33.0)
    assert settling.update(27.0 + SETTLE_MIN_S[kind], 33.0)


@pytest.mark.parametrize("kind", HeaterKind)
@pytest.mark.parametrize("dip", [0.0, 0.5])
def test_a_temperature_that_overshoots_has_not_settled_before_it_falls(kind: HeaterKind, dip: float):
    """A heater that is switched off while it heats, with a sensor that lags and may flicker."""
    settling = Settling(kind, 0.0, 60.0)
    overshoot = [60.0 + 2.0 * math.sin(at / 40) for at in range(int(40 * math.pi))]
    slow_fall = [60.0 - 4 * at / SETTLE_MAX_S[kind] for at in range(1200)]
    readings = [60.0 - dip, *overshoot, *slow_fall]
    assert not any(settling.update(float(at), actual) for at, actual in enumerate(readings))


def test_a_slow_heater_has_not_settled_before_its_first_steps():
    """A chamber with a time constant of an hour, 28 °C above the room: 64 s for half a degree."""
    settling = Settling(HeaterKind.CHAMBER, 0.0, 50.0)
    assert not any(settling.update(float(at), newton(at, 50.0, 22.0, 3600.0)) for at in range(3600))


def test_a_coarse_sensor_that_flickers_settles():
    settling, noise = Settling(HeaterKind.BED, 0.0, 60.0), random.Random(3)
    readings = [*(60.0 - at // 10 for at in range(200)), *(40.0 + noise.choice((0.0, 1.0)) for _ in range(1200))]
    assert any(settling.update(float(at), actual) for at, actual in enumerate(readings))


def test_what_has_not_risen_nor_fallen_for_a_minute_is_held():
    settling = Settling(HeaterKind.TOOL, 0.0, 200.0)
    for at in range(161):
        settling.update(float(at), min(200.0 + at / 60, 201.0))
        assert settling.held(float(at)) is (at >= 60 + HELD_S)


def test_what_has_fallen_once_is_not_held_even_if_it_rises_later():
    settling = Settling(HeaterKind.TOOL, 0.0, 200.0)
    for at, actual in enumerate((200.0, 199.0, 202.0)):
        settling.update(float(at), actual)
    assert not settling.held(300.0)


def test_a_sensor_with_strong_noise_settles():
    settling, noise = Settling(HeaterKind.BED, 0.0, 80.0), random.Random(4)
    readings = (newton(at, 80.0, 46.0, 600.0) + noise.gauss(0, 0.5) for at in range(8000))
    assert any(settling.update(float(at), actual) for at, actual in enumerate(readings))
