"""Heaters that are estimated by a method with known results."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.heaters import heaters
from octoprint_temp_eta.core.estimation.estimator import Estimate, Goal, HeaterKind, LearnedState
from octoprint_temp_eta.core.estimation.linear import Limits, Linear


class FixedRate(Linear):
    """Heats at 0.5 °C/s, ± 10 %, from the start; unless it has learned to be slower."""

    name = "fixed"

    def __init__(self, limits: Limits, rate: float) -> None:
        super().__init__(limits)
        self._rate = rate

    def forecast(self, start: float, goal: Goal) -> Estimate | None:
        eta = abs(goal.threshold - start) / self._rate
        return None if eta > 1000 else Estimate(eta, 0.9 * eta, 1.1 * eta)


@pytest.fixture
def fixed_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all heaters be estimated with a fixed rate."""

    def make(_: str, __: HeaterKind, limits: Limits, learned: LearnedState | None) -> FixedRate:
        return FixedRate(limits, learned["rate"] if learned else 0.5)

    monkeypatch.setattr(heaters, "make_estimator", make)
