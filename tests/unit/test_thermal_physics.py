"""The curves of the thermal model against a plain integration of its differential equations, and the shipped table."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from octoprint_temp_eta.core.estimator import Direction, Estimate, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.thermal.physics import AMBIENT, PARAMETERS, REFERENCE, curves
from octoprint_temp_eta.core.thermal.prior import shipped_prior
from octoprint_temp_eta.core.thermal.start import start_of
from octoprint_temp_eta.core.thermal.steady import Steady

HEATING = Goal(Direction.HEATING, 215.0)
PARAMETERS_OF_A_HOTEND = np.log([3.0, 0.006, 4.0, 1.5, 3.0, 3.0, 0.3, 30.0])


def test_full_power_is_the_solution_of_its_equations() -> None:
    start = start_of(HEATING, (), Sample(0.0, 25.0))
    drawn = curves(HeaterKind.TOOL, HEATING, start, PARAMETERS_OF_A_HOTEND[None])
    rate, loss, lag, delay, _, _, soak, soak_time = np.exp(PARAMETERS_OF_A_HOTEND)
    power = rate + loss * (REFERENCE[HeaterKind.TOOL] - AMBIENT)
    sensor = block = body = 25.0
    step = 0.001
    for n in range(round(30.0 / step)):
        if n * step < delay:
            continue
        sensor, block, body = (
            sensor + step * (block - sensor) / lag,
            block + step * (power - loss * (block - AMBIENT) - soak / soak_time * (block - body)),
            body + step * (block - body) / soak_time,
        )
    assert drawn.at(np.array([30.0]))[0][0, 0] == pytest.approx(sensor, abs=0.2)


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
    assert np.isfinite(drawn.temperature).all()
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


def test_a_steady_countdown_trembles_less_and_follows_news() -> None:
    steady = Steady()
    noisy = [Estimate(100.0 - t + (3.0 if t % 2 else -3.0)) for t in range(50)]
    told = [steady.follow(float(t), estimate).eta for t, estimate in enumerate(noisy)]
    tremble = [abs(b - a + 1.0) for a, b in pairwise(told)]
    assert sum(tremble) / len(tremble) < 2.0
    assert steady.follow(50.0, Estimate(200.0)).eta > 150.0
