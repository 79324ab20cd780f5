"""Whether a temperature falls, and whether it has stopped falling."""

from __future__ import annotations

import math
import random

import pytest

from octoprint_temp_eta.core.estimation.estimator import HeaterKind
from octoprint_temp_eta.core.heating.state_machine.trend import SETTLE_MAX_S, SETTLE_MIN_S, Fall, Settling


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


def test_a_temperature_that_stops_at_once_settles_within_a_minute():
    settling = Settling(HeaterKind.BED, 0.0, 60.0)
    for at in range(1, 28):
        assert not settling.update(float(at), 60.0 - at)
    assert settling.update(27.0 + SETTLE_MIN_S, 33.0)
