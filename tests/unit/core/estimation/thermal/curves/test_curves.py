"""The curves of a heater in either direction stay finite, whatever the parameters."""

from __future__ import annotations

import numpy as np
import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.curves.curves import curves
from octoprint_temp_eta.core.estimation.thermal.curves.physics import PARAMETERS
from octoprint_temp_eta.core.estimation.thermal.curves.start import start_of


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
