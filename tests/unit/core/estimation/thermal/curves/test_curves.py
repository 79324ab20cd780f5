"""The curves of a heater in either direction stay finite, whatever the parameters."""

from __future__ import annotations

import numpy as np
import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.curves.curves import curves
from octoprint_temp_eta.core.estimation.thermal.curves.physics import PARAMETERS
from octoprint_temp_eta.core.estimation.thermal.curves.start import start_of
from octoprint_temp_eta.core.estimation.thermal.inference.prior import shipped_prior


@pytest.mark.parametrize("value", [-1e6, 0.0, 1e6])
@pytest.mark.parametrize(("direction", "goal", "first"), [("heating", 200.0, 25.0), ("cooling", 40.0, 200.0)])
def test_absurd_parameters_are_bounded(direction: str, goal: float, first: float, value: float) -> None:
    to = Goal(Direction(direction), goal)
    start = start_of(to, (), Sample(0.0, first))
    drawn = curves(HeaterKind.TOOL, to, start, np.full((2, len(PARAMETERS[to.direction])), value))
    temperatures, slopes = drawn.at(np.linspace(0.0, 600.0, 7))
    assert temperatures.shape == slopes.shape == (2, 7)
    assert np.isfinite(temperatures).all()
    assert np.isfinite(slopes).all()
    assert not np.isnan(drawn.reach).any()
    assert (drawn.reach >= 0.0).all()


@pytest.mark.parametrize("goal", [Goal(Direction.HEATING, 215.0), Goal(Direction.COOLING, 45.0)])
def test_a_few_points_are_those_of_the_first_curve(goal: Goal) -> None:
    temperature = 25.0 if goal.direction is Direction.HEATING else 210.0
    start = start_of(goal, (), Sample(0.0, temperature))
    mean = shipped_prior()[goal.direction, HeaterKind.TOOL].mean
    drawn = curves(HeaterKind.TOOL, goal, start, np.vstack([mean, mean + 0.1]))
    times = [0.0, 0.5, 3.0, 20.0, float(drawn.reach[0]) - 1.0, float(drawn.reach[0]) + 1.0, 5000.0]
    temperatures, slopes = drawn.at(np.array(times))
    found = drawn.points(times)
    assert [temperature for temperature, _ in found] == pytest.approx(temperatures[0].tolist())
    assert [slope for _, slope in found] == pytest.approx(slopes[0].tolist(), abs=1e-9)
