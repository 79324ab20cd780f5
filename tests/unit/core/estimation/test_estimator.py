"""Goals, and which kind of heater a name belongs to."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, HeaterKind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tool0", HeaterKind.TOOL),
        ("tool12", HeaterKind.TOOL),
        ("bed", HeaterKind.BED),
        ("chamber", HeaterKind.CHAMBER),
        ("bed2", HeaterKind.CHAMBER),
        ("dryer", HeaterKind.CHAMBER),
    ],
)
def test_a_custom_heater_counts_as_a_chamber(name: str, kind: HeaterKind) -> None:
    assert HeaterKind.of(name) is kind


@pytest.mark.parametrize(
    ("direction", "actual", "reached"),
    [
        (Direction.HEATING, 58.9, False),
        (Direction.HEATING, 59.0, True),
        (Direction.COOLING, 60.1, False),
        (Direction.COOLING, 60.0, True),
    ],
)
def test_a_heat_up_arrives_within_its_tolerance_and_a_cool_down_at_its_goal(
    direction: Direction, actual: float, reached: bool
) -> None:
    assert Goal(direction, 60.0).reached(actual) is reached
