"""A heater that heats so much slower than usual that something must be wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.curves.curves import curves
from octoprint_temp_eta.core.estimation.thermal.curves.start import start_of
from octoprint_temp_eta.core.estimation.thermal.inference.prior import shipped_prior
from octoprint_temp_eta.core.estimation.thermal.model import ThermalModel
from octoprint_temp_eta.core.estimation.thermal.pace import Pace
from tests.support.learned_heaters import KINDS, heated, learned
from tests.support.thermal_heater import (
    Fault,
    SimulatedHeater,
    bed,
    cartridge_fails,
    door_is_opened,
    hotend,
    thermistor_comes_loose,
)

FAULTS = [cartridge_fails, thermistor_comes_loose, door_is_opened]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("kind", "make", "target", "fault_at", "within"),
    [
        (HeaterKind.TOOL, hotend, 215.0, 60.0, 20.0),
        (HeaterKind.TOOL, hotend, 215.0, 150.0, 20.0),
        (HeaterKind.BED, bed, 70.0, 35.0, 60.0),
        (HeaterKind.BED, bed, 70.0, 50.0, 60.0),
    ],
)
def test_a_fault_stalls_a_learned_heater_soon(
    kind: HeaterKind, make: Any, target: float, fault_at: float, within: float, fault: Fault
) -> None:
    heater: SimulatedHeater = make()
    state = learned(kind, heated(heater, target, target))
    assert state is not None
    model = ThermalModel(kind)
    model.restore(state)
    model.begin(Goal(Direction.HEATING, target), tuple(heater.run(20.0, 0.0)))
    failed_at = None
    for sample in heater.run(400.0, target):
        model.update(sample)
        if failed_at is None:
            assert not model.stalled
            if sample.actual >= fault_at:
                fault(heater)
                failed_at = sample.at
        elif model.stalled:
            assert sample.at - failed_at <= within
            return
    pytest.fail("the fault was not detected")


@pytest.mark.parametrize(("kind", "make", "targets"), KINDS)
def test_a_sound_heater_never_stalls(kind: HeaterKind, make: Any, targets: tuple[float, ...]) -> None:
    first, *others = heated(make(), *targets)
    state = learned(kind, [first])
    assert state is not None
    for episode in others:
        model = ThermalModel(kind)
        model.restore(state)
        model.begin(episode.goal, episode.before)
        for sample in episode.samples:
            model.update(sample)
            assert not model.stalled


def test_a_chamber_has_no_pace() -> None:
    """A slow one does not begin as what was learned of it tells: it was called stalled in each heat-up."""
    (episode,) = heated(bed(), 50.0)
    model = ThermalModel(HeaterKind.CHAMBER)
    state = learned(HeaterKind.CHAMBER, [episode])
    assert state is not None
    model.restore(state)
    model.begin(episode.goal, episode.before)
    for sample in episode.samples:
        model.update(Sample(sample.at, min(sample.actual, 35.0)))
        assert model.pace is None


def test_the_pace_of_a_usual_heat_up_is_1_and_of_a_stopped_one_0() -> None:
    goal = Goal(Direction.HEATING, 215.0)
    belief = shipped_prior()[goal.direction, HeaterKind.TOOL].heater
    start = start_of(goal, (), Sample(0.0, 25.0))
    usual = curves(HeaterKind.TOOL, goal, start, belief.mean[None]).at(np.arange(60.0))[0][0]
    pace = Pace(HeaterKind.TOOL, goal, start, belief)
    paces = [pace.update(float(time), float(actual)) for time, actual in enumerate(usual)]
    assert paces[0] is None
    assert paces[25] == pytest.approx(1.0, abs=0.05)
    stopped = [pace.update(60.0 + time, 120.0) for time in range(12)]
    assert stopped[-1] == 0.0


def test_there_is_no_pace_where_the_controller_limits_the_rate() -> None:
    goal = Goal(Direction.HEATING, 215.0)
    belief = shipped_prior()[goal.direction, HeaterKind.TOOL].heater
    pace = Pace(HeaterKind.TOOL, goal, start_of(goal, (), Sample(0.0, 25.0)), belief)
    assert [pace.update(100.0 + time, 205.0) for time in range(12)] == [None] * 12
