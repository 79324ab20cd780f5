"""Which readings are believed."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.estimation.estimator import HeaterKind, Sample
from octoprint_temp_eta.core.heating.state_machine.belief import LAST, STEADY, Belief
from octoprint_temp_eta.core.heating.state_machine.states import State
from tests.support.heater_driver import HeaterDriver

NEWEST = Sample(at=10.0, actual=60.0, target=60.0)


@pytest.mark.parametrize(
    ("actual", "target", "doubted"),
    [
        (59.0, 60.0, False),
        (21.3, 0.0, True),
        (57.0, 0.0, False),
        (21.3, 60.0, False),
        (200.0, 60.0, True),
        (None, 0.0, False),
        (21.3, None, False),
    ],
)
def test_a_jump_is_doubted_and_sooner_with_a_new_target(actual: float | None, target: float | None, doubted: bool):
    assert Belief(HeaterKind.BED).doubts(NEWEST, 11.0, actual, target) is doubted


@pytest.mark.parametrize(("kind", "doubted"), [(HeaterKind.TOOL, False), (HeaterKind.BED, True)])
def test_a_tool_may_jump_further_than_a_bed(kind: HeaterKind, doubted: bool):
    assert Belief(kind).doubts(NEWEST, 11.0, 80.0, 200.0) is doubted


def test_the_first_reading_and_one_out_of_order_are_not_doubted():
    belief = Belief(HeaterKind.BED)
    assert not belief.doubts(None, 11.0, 400.0, 0.0)
    assert not belief.doubts(NEWEST, 10.0, 400.0, 0.0)


def test_a_doubted_reading_is_confirmed_by_the_next_one():
    belief = Belief(HeaterKind.BED)
    belief.hold(21.3, 0.0)
    assert not belief.doubts(NEWEST, 12.0, 22.0, 0.0)
    assert belief.doubts(NEWEST, 12.0, 22.0, 45.0), "another target confirms nothing"
    assert belief.accept()
    assert not belief.accept()


def test_a_target_that_changes_at_each_reading_is_used_once_it_is_repeated():
    belief = Belief(HeaterKind.TOOL)
    used = [belief.target(target) for target in (200.0, 0.0, 200.0, 0.0, 200.0, 0.0, 0.0)]
    assert used == [200.0, 0.0, 200.0, None, None, None, 0.0]


def test_two_changes_of_the_target_in_a_row_are_used_at_once():
    belief = Belief(HeaterKind.TOOL)
    assert [belief.target(target) for target in (0.0, 220.0, 200.0)] == [0.0, 220.0, 200.0]
    assert not belief.restless
    belief.target(230.0)
    assert belief.restless
    for _ in range(LAST):
        belief.target(230.0)
    assert not belief.restless


@pytest.mark.parametrize("step", [1.0, -1.0])
def test_each_target_of_a_ramp_is_used(step: float):
    belief = Belief(HeaterKind.BED)
    ramp = [100.0 + step * reading for reading in range(60)]
    assert [belief.target(target) for target in ramp] == ramp
    assert not belief.restless


@pytest.mark.parametrize("each", [2, 3, 4])
def test_a_target_that_keeps_each_value_for_some_readings_is_used_once_it_stays(each: int):
    belief = Belief(HeaterKind.TOOL)
    used = [belief.target((200.0, 0.0)[reading // each % 2]) for reading in range(40 * each)]
    assert used[10 * each :] == [None] * 30 * each
    assert [belief.target(180.0) for _ in range(STEADY + 1)] == [None] * (STEADY - 1) + [180.0] * 2


def test_a_lone_outlier_changes_nothing():
    bed = HeaterDriver()
    bed.hold(60.0, 60.0, 5)
    bed.read(0.0, 60.0)
    bed.hold(60.0, 60.0, 5)
    assert bed.states == [State.AT_TARGET]
    assert bed.heater.actual == 60.0


def test_the_target_that_comes_with_an_outlier_is_not_believed():
    bed = HeaterDriver("tool0")
    bed.hold(230.0, 230.0, 10)
    for _ in range(6):
        bed.read(21.3, 0.0)
        bed.hold(230.0, 230.0, 10)
    assert bed.states == [State.AT_TARGET]
    assert bed.heater.target == 230.0


def test_a_confirmed_outlier_brings_its_target():
    bed = HeaterDriver("tool0")
    bed.hold(230.0, 230.0, 10)
    bed.read(21.3, 0.0)
    assert bed.heater.state is State.AT_TARGET
    bed.read(21.4, 0.0)
    assert (bed.heater.state, bed.heater.target, bed.heater.actual) == (State.OFF, 0.0, 21.4)
