"""Heating curves against a numerical integration of their differential equations."""

from __future__ import annotations

import numpy as np
import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.curves.curves import curves
from octoprint_temp_eta.core.estimation.thermal.curves.physics import AMBIENT, REFERENCE, Start
from octoprint_temp_eta.core.estimation.thermal.curves.start import start_of
from octoprint_temp_eta.core.estimation.thermal.inference.prior import shipped_prior

HEATING = Goal(Direction.HEATING, 215.0)
PARAMETERS_OF_A_HOTEND = np.array([*np.log([3.0, 0.006, 4.0, 1.5, 12.0, 3.0]), 0.5, *np.log([0.3, 30.0])])


def integrated(start: Start, until: float) -> float:
    """Return the temperature after `until` seconds, by small steps of the published formulas."""
    rate, loss, lag, delay, band, derivative, _, soak, soak_time = np.exp(PARAMETERS_OF_A_HOTEND)
    target = HEATING.temperature
    power = rate + loss * (REFERENCE[HeaterKind.TOOL] - AMBIENT)
    held, wound = (start.held, 1.0) if start.held else (target, PARAMETERS_OF_A_HOTEND[6])
    integral = wound * band * loss * (held - AMBIENT) / power
    sensor = block = body = start.temperature
    braking, arrived = False, 1.0
    step = 0.002
    for _ in range(round((until - delay) / step)):
        slope = (block - sensor) / lag
        wanted = (target - sensor - derivative * slope + integral) / band
        if not braking and wanted < 1.0:
            braking, arrived = True, float(sensor > start.temperature)
        if braking:
            integral += step * (target - sensor) / (4.0 * derivative)
            arrived += step * (wanted - arrived) / delay
        warmed = power * arrived - loss * (block - AMBIENT) - soak / soak_time * (block - body)
        sensor, block, body = sensor + step * slope, block + step * warmed, body + step * (block - body) / soak_time
    return float(sensor)


@pytest.mark.parametrize("begins", [25.0, 150.0, 205.0])
@pytest.mark.parametrize("held", [0.0, 1.0])
def test_heating_is_the_solution_of_its_equations(begins: float, held: float) -> None:
    before = [Sample(float(t), begins, held * begins) for t in range(-20, 0)]
    start = start_of(HEATING, before, Sample(0.0, begins, 215.0))
    drawn = curves(HeaterKind.TOOL, HEATING, start, PARAMETERS_OF_A_HOTEND[None])
    arrival = float(drawn.reach[0])
    assert integrated(start, arrival) == pytest.approx(HEATING.threshold, abs=0.3)
    for time in (0.3 * arrival, 0.8 * arrival, arrival + 5.0):
        assert drawn.at(np.array([time]))[0][0, 0] == pytest.approx(integrated(start, time), abs=0.3)


def test_an_integral_wound_up_brakes_later() -> None:
    held = start_of(HEATING, [Sample(float(t), 170.0, 170.0) for t in range(-20, 0)], Sample(0.0, 170.0, 215.0))
    rising = start_of(HEATING, [Sample(float(t), 170.0, 190.0) for t in range(-20, 0)], Sample(0.0, 170.0, 215.0))
    assert (held.held, rising.held) == (170.0, 0.0)
    unwound = PARAMETERS_OF_A_HOTEND.copy()
    unwound[6] = 0.0
    times = [curves(HeaterKind.TOOL, HEATING, start, unwound[None]).reach[0] for start in (held, rising)]
    assert times[0] < times[1] - 0.5


def test_a_plate_still_warm_heats_faster() -> None:
    goal = Goal(Direction.HEATING, 60.0)
    mean = shipped_prior()[Direction.HEATING, HeaterKind.BED].mean[None]
    first = Sample(0.0, 45.0)
    held = [Sample(float(t), 45.0) for t in range(-120, 0)]
    cooled = [Sample(float(t), 45.0 - 0.1 * t) for t in range(-120, -10)] + [
        Sample(float(t), 45.0) for t in range(-9, 0)
    ]
    times = [curves(HeaterKind.BED, goal, start_of(goal, before, first), mean).reach[0] for before in (held, cooled)]
    assert times[1] < times[0]


def test_equal_time_constants_of_sensor_and_block_are_no_exception() -> None:
    """The closed form divides by their difference."""
    _, loss, _, _, _, _, _, soak, soak_time = np.exp(PARAMETERS_OF_A_HOTEND)
    own, slowness = loss + soak / soak_time, 1.0 / soak_time
    fast = 0.5 * (own + slowness + np.sqrt((own - slowness) ** 2 + 4.0 * soak / soak_time * slowness))
    parameters = np.tile(PARAMETERS_OF_A_HOTEND, (9, 1))
    parameters[:, 2] = np.log(
        [factor / fast for factor in (0.99, 0.998, 0.9995, 1 - 1e-9, 1.0, 1 + 1e-9, 1.001, 1.002, 1.01)]
    )
    drawn = curves(HeaterKind.TOOL, HEATING, start_of(HEATING, (), Sample(0.0, 25.0)), parameters)
    temperatures = drawn.at(np.linspace(0.0, float(drawn.reach[0]), 50))[0]
    assert np.abs(temperatures - temperatures[4]).max() < 1.0
    assert np.abs(np.diff(drawn.reach)).max() < 0.5
