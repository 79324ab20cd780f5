"""The shipped table."""

from __future__ import annotations

import numpy as np
import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.curves.curves import curves
from octoprint_temp_eta.core.estimation.thermal.curves.physics import PARAMETERS
from octoprint_temp_eta.core.estimation.thermal.curves.start import start_of
from octoprint_temp_eta.core.estimation.thermal.inference.prior import shipped_prior

HEATING = Goal(Direction.HEATING, 215.0)


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
