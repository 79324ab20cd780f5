"""The measured accuracy of estimates, and the comparison of what was predicted with what was real."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Episode, Estimate, Goal, Sample
from octoprint_temp_eta.core.heating.accuracy import Comparison, compare

GOAL = Goal(Direction.HEATING, 60.0)
SAMPLES = (Sample(100.0, 22.04, 60.0), Sample(102.0, 23.0, 60.0), Sample(180.0, 59.5, 60.0))


def episode(reached_at: float | None = 179.0) -> Episode:
    return Episode(GOAL, (), SAMPLES, reached_at)


def test_the_first_estimate_is_compared_from_the_start_of_the_heat_up() -> None:
    estimates = [(102.0, Estimate(70.0, 60.0, 85.0)), (150.0, Estimate(20.0, 10.0, 30.0))]
    assert compare(episode(), estimates) == Comparison("heating", 22.0, 60.0, 72.0, 62.0, 87.0, 79.0)


def test_a_method_without_an_interval_has_none() -> None:
    found = compare(episode(), [(102.0, Estimate(70.0))])
    assert found is not None
    assert (found.low, found.high) == (None, None)


def test_without_an_arrival_or_an_estimate_there_is_no_comparison() -> None:
    assert compare(episode(reached_at=None), [(102.0, Estimate(70.0))]) is None
    assert compare(episode(), []) is None


def test_a_comparison_survives_storing() -> None:
    found = Comparison("cooling", 80.0, 40.0, 600.0, None, None, 580.0)
    assert Comparison.from_json(found.as_json()) == found


@pytest.mark.parametrize(
    "changes",
    [{"direction": "sideways"}, {"real": None}, {"real": "long"}, {"predicted": float("nan")}, {"more": 1}],
)
def test_a_damaged_comparison_is_none(changes: dict[str, Any]) -> None:
    stored = Comparison("heating", 22.0, 60.0, 72.0, 62.0, 87.0, 79.0).as_json()
    assert Comparison.from_json({**stored, **changes}) is None


@pytest.mark.parametrize("stored", [None, 7, [], {}])
def test_anything_else_is_no_comparison(stored: object) -> None:
    assert Comparison.from_json(stored) is None
