"""The method `exponential`: Newton's law, fitted to the last seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.estimation.estimator import Direction, Estimate, Goal, Sample
from octoprint_temp_eta.core.estimation.exponential import Exponential
from octoprint_temp_eta.core.estimation.linear import Limits
from tests.support import curves
from tests.support.curves import Reading

TO_60 = Goal(Direction.HEATING, 60.0)
TO_40 = Goal(Direction.COOLING, 40.0)


def estimates(goal: Goal, readings: Sequence[Reading], **limits: float) -> list[Estimate | None]:
    method = Exponential(Limits(**limits))
    method.begin(goal, [])
    return [method.update(Sample(at, actual, target)) for at, actual, target in readings]


def test_cooling_by_newtons_law_is_estimated_exactly():
    found = estimates(TO_40, curves.cooling(100.0, to=22.0, tau=300.0, lasting=60), ambient=22.0)
    truth = 300.0 * math.log((100.0 - 22.0) / (40.0 - 22.0))
    assert found[30] == Estimate(pytest.approx(truth - 60.0))


def test_exponential_heating_is_estimated_exactly():
    readings = [(float(t), 60.0 - 40.0 * math.exp(-t / 100.0), 60.0) for t in range(60)]
    assert estimates(TO_60, readings)[50] == Estimate(pytest.approx(100.0 * math.log(40.0) - 50.0))


def test_nothing_gets_cooler_than_its_ambient():
    readings = curves.cooling(100.0, to=22.0, tau=300.0, lasting=60)
    assert estimates(TO_40, readings, ambient=40.0)[30] is None
    assert estimates(TO_40, readings, ambient=45.0)[30] is None


def test_a_cooling_near_its_ambient_is_still_finite():
    readings = curves.cooling(23.0, to=22.0, tau=300.0, lasting=600)
    found = estimates(Goal(Direction.COOLING, 22.05), readings, ambient=22.0)
    assert all(estimate is None or 0.0 <= estimate.eta <= 3600.0 for estimate in found)


def test_the_limits_hold_as_for_linear():
    assert estimates(TO_60, curves.heating(60.0, rate=0.05))[30] is None
    assert estimates(TO_40, curves.cooling(60.0, tau=9000.0, lasting=60), ambient=22.0, max_eta=60.0)[30] is None
    assert estimates(TO_60, [(0.0, 59.5, 60.0)]) == [Estimate(0.0)]


@given(readings=st.lists(st.floats(-50, 600), min_size=2, max_size=30), goal=st.sampled_from([TO_60, TO_40]))
def test_an_eta_is_finite_and_not_negative(readings: list[float], goal: Goal):
    for found in estimates(goal, [(float(t), actual, goal.temperature) for t, actual in enumerate(readings)]):
        assert found is None or 0.0 <= found.eta <= 3600.0


def test_the_shape_goes_from_the_newest_reading_to_the_goal_and_slows_down():
    method = Exponential(Limits(ambient=22.0))
    method.begin(TO_40, [])
    for at, actual, target in curves.cooling(100.0, to=22.0, tau=300.0, lasting=60):
        method.update(Sample(at, actual, target))
    shape = method.shape()
    assert [share for share, _ in shape] == sorted({share for share, _ in shape})
    assert (shape[0][0], shape[-1]) == (0.0, (1.0, pytest.approx(40.0)))
    falls = [before - after for (_, before), (_, after) in pairwise(shape)]
    assert falls == sorted(falls, reverse=True)


def test_without_a_goal_there_is_no_shape():
    assert Exponential(Limits()).shape() == ()
