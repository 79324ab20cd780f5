"""Forecasts between computed ones."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Estimate, Goal, HeaterKind
from octoprint_temp_eta.core.estimation.linear import Limits, Linear
from octoprint_temp_eta.core.estimation.methods import make_estimator
from octoprint_temp_eta.core.heating.forecasts import MOST, ForecastTable

UP, DOWN = Goal(Direction.HEATING, 210.0), Goal(Direction.COOLING, 50.0)


class Estimator(Linear):
    """Forecasts 2 s for each °C, with an interval of half and double, and records the start temperatures."""

    def __init__(self, starts: list[float]) -> None:
        super().__init__(Limits())
        self.starts = starts

    def forecast(self, start: float, goal: Goal) -> Estimate | None:
        self.starts.append(start)
        eta = 2.0 * abs(goal.threshold - start)
        return Estimate(eta, eta / 2, 2 * eta)


@pytest.mark.parametrize(("start", "goal"), [(21.5, UP), (140.0, UP), (208.5, UP), (199.0, DOWN), (51.0, DOWN)])
def test_what_lies_between_two_forecasts_is_interpolated(start: float, goal: Goal):
    found = ForecastTable().estimate("tool", HeaterKind.TOOL, lambda: Estimator([]), start, goal)
    assert found is not None
    eta = 2.0 * abs(goal.threshold - start)
    assert (found.eta, found.low, found.high) == pytest.approx((eta, eta / 2, 2 * eta))


def test_a_heat_up_needs_few_forecasts_and_the_next_one_none():
    starts: list[float] = []
    table = ForecastTable()
    for _ in range(2):
        for celsius in range(20, 209):
            table.estimate("tool", HeaterKind.TOOL, lambda: Estimator(starts), float(celsius), UP)
    assert len(starts) <= 21
    table.estimate("another", HeaterKind.TOOL, lambda: Estimator(starts), 25.0, UP)
    assert starts[-2:] == [20.0, 30.0]
    table.clear()
    table.estimate("tool", HeaterKind.TOOL, lambda: Estimator(starts), 25.0, UP)
    assert len(starts) <= 25


def test_a_method_without_forecasts_has_none():
    table = ForecastTable()
    assert table.estimate("tool", HeaterKind.TOOL, lambda: Linear(Limits()), 25.0, UP) is None


def test_the_number_of_kept_forecasts_is_bounded():
    table = ForecastTable()
    starts: list[float] = []
    for target in range(2 * MOST):
        goal = Goal(Direction.HEATING, 100.0 + target / 10)
        table.estimate("tool", HeaterKind.TOOL, lambda: Estimator(starts), 25.0, goal)
    assert len(table._known) <= MOST


@pytest.mark.parametrize(("kind", "goal"), [(HeaterKind.TOOL, UP), (HeaterKind.BED, Goal(Direction.HEATING, 60.0))])
def test_the_model_is_close_to_a_line_between_two_forecasts(kind: HeaterKind, goal: Goal):
    table = ForecastTable()
    model = make_estimator("model", kind, Limits(), None)
    for start in (22.0, 35.0, goal.threshold - 15.0, goal.threshold - 3.0):
        found = table.estimate(str(kind), kind, lambda: model, start, goal)
        exact = model.forecast(start, goal)
        assert found is not None
        assert exact is not None
        assert found.eta == pytest.approx(exact.eta, rel=0.03, abs=1.0)
