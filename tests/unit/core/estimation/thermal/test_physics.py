"""The curves of the thermal model against a plain integration of its differential equations, and the shipped table."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Estimate, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.curves import curves
from octoprint_temp_eta.core.estimation.thermal.physics import AMBIENT, PARAMETERS, REFERENCE, SOAKED_S, Start
from octoprint_temp_eta.core.estimation.thermal.prior import shipped_prior
from octoprint_temp_eta.core.estimation.thermal.start import start_of
from octoprint_temp_eta.core.estimation.thermal.steady import Steady

HEATING = Goal(Direction.HEATING, 215.0)
COOLING = Goal(Direction.COOLING, 40.0)
PARAMETERS_OF_A_HOTEND = np.array([*np.log([3.0, 0.006, 4.0, 1.5, 12.0, 3.0]), 0.5, *np.log([0.3, 30.0])])
#: loss, lag, delay, ambient, soak, soak time
PARAMETERS_OF_A_COOLING_BED = (np.log(0.002), np.log(5.0), np.log(2.0), 22.0, np.log(0.8), np.log(60.0))


def integrated(start: Start, until: float) -> float:
    """Return the temperature after so many seconds, by small steps of the formulas as they stand."""
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


def test_cooling_is_the_solution_of_its_equations() -> None:
    before = [Sample(float(t), 60.0, 60.0) for t in range(-120, 0)]
    start = start_of(COOLING, before, Sample(0.0, 60.0))
    drawn = curves(HeaterKind.BED, COOLING, start, np.array(PARAMETERS_OF_A_COOLING_BED)[None])
    loss, ambient, soak, soak_time = 0.002, 22.0, 0.8, 60.0
    sensor = block = 60.0
    body = 60.0 + (ambient - 60.0) * np.exp(-(SOAKED_S + 120.0) / soak_time)
    step = 0.002
    for n in range(round(200.0 / step)):
        if n * step < 2.0:
            continue
        sensor, block, body = (
            sensor + step * (block - sensor) / 5.0,
            block - step * ((1.0 + soak) * loss * (block - ambient) + soak / soak_time * (block - body)),
            body + step * (block - body) / soak_time,
        )
    assert drawn.at(np.array([200.0]))[0][0, 0] == pytest.approx(sensor, abs=0.05)


def test_a_bed_just_heated_cools_faster() -> None:
    mean = shipped_prior()[Direction.COOLING, HeaterKind.BED].mean[None]
    first = Sample(0.0, 60.0)
    held = [Sample(float(t), 60.0) for t in range(-120, 0)]
    heated = [Sample(float(t), 60.0 + 0.5 * min(t + 20.0, 0.0)) for t in range(-90, 0)]
    times = [curves(HeaterKind.BED, COOLING, start_of(COOLING, b, first), mean).reach[0] for b in (held, heated)]
    assert times[1] < 0.95 * times[0]


def test_a_heater_that_cools_already_needs_no_time_to_begin() -> None:
    mean = shipped_prior()[Direction.COOLING, HeaterKind.TOOL].mean[None]
    first = Sample(0.0, 200.0)
    held = [Sample(float(t), 200.0) for t in range(-120, 0)]
    falling = [Sample(float(t), 200.0 - 1.0 * t) for t in range(-20, 0)]
    drawn = [curves(HeaterKind.TOOL, COOLING, start_of(COOLING, b, first), mean) for b in (held, falling)]
    at_once = [each.at(np.array([0.1]))[1][0, 0] for each in drawn]
    assert at_once[0] == 0.0
    assert at_once[1] == pytest.approx(-1.0, abs=0.01)


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("kind", list(HeaterKind))
def test_every_curve_of_the_shipped_table_arrives(kind: HeaterKind, direction: Direction) -> None:
    population = shipped_prior()[direction, kind]
    names = PARAMETERS[direction]
    assert population.mean.shape == (len(names),)
    for matrix in (population.between, population.within):
        assert np.allclose(matrix, matrix.T)
        assert np.linalg.eigvalsh(matrix)[0] > 0.0
    heating = direction is Direction.HEATING
    goal = Goal(direction, 60.0 if heating else 40.0)
    start = start_of(goal, (), Sample(0.0, 25.0 if heating else 70.0))
    unit = np.random.default_rng(1).standard_normal((200, len(names)))
    drawn = curves(kind, goal, start, population.mean + unit @ np.linalg.cholesky(population.between).T)
    assert np.isfinite(drawn.at(np.linspace(0.0, 1000.0, 50))[0]).all()
    assert (drawn.reach > 0.0).all()
    reached = np.array([drawn.at(np.array([time]))[0][row, 0] for row, time in enumerate(drawn.reach)])
    assert np.median(np.abs(reached - goal.threshold)) < 0.1


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


def test_the_slope_before_is_the_slope_of_the_start() -> None:
    before = [Sample(float(t), 150.0 + 2.0 * t, 160.0) for t in range(-20, 0)]
    start = start_of(HEATING, before, Sample(0.0, 150.0, 215.0))
    assert start.slope == pytest.approx(2.0, abs=0.01)
    assert start.temperature == pytest.approx(150.0, abs=0.1)


@pytest.mark.parametrize("every", [0.5, 2.0, 5.0])
def test_the_slope_before_is_seen_however_often_readings_come(every: float) -> None:
    before = [Sample(-n * every, 150.0 + 1.5 * n * every, 0.0) for n in range(20, 0, -1)]
    start = start_of(HEATING, before, Sample(0.0, 150.0, 215.0))
    assert (start.temperature, start.slope) == (pytest.approx(150.0), pytest.approx(-1.5))


def test_readings_of_long_ago_tell_no_slope() -> None:
    start = start_of(HEATING, [Sample(-40.0, 190.0), Sample(-20.0, 170.0)], Sample(0.0, 150.0, 215.0))
    assert (start.temperature, start.slope) == (150.0, 0.0)


def test_a_steady_countdown_trembles_less_and_follows_news() -> None:
    steady = Steady(Direction.HEATING)
    middles = [100.0 - t + (3.0 if t % 2 else -3.0) for t in range(50)]
    noisy = [Estimate(middle, 0.7 * middle, 1.4 * middle) for middle in middles]
    told = [steady.follow(float(t), estimate).eta for t, estimate in enumerate(noisy)]
    tremble = [abs(b - a + 1.0) for a, b in pairwise(told)]
    assert sum(tremble) / len(tremble) < 2.0
    assert steady.follow(50.0, Estimate(200.0, 150.0, 260.0)).eta > 150.0


def test_a_countdown_runs_on_within_its_play_and_follows_news() -> None:
    steady = Steady(Direction.COOLING)

    def estimate(eta: float) -> Estimate:
        return Estimate(eta, 0.8 * eta, 1.25 * eta)

    told = [steady.follow(float(t), estimate(100.0 - t + (2.0 if t % 2 else -2.0))).eta for t in range(30)]
    assert all(b - a == pytest.approx(-1.0) for a, b in pairwise(told[8:]))
    assert steady.follow(30.0, estimate(200.0)).eta > 160.0
    assert steady.follow(32.0, estimate(20.0)).eta < 25.0
