"""Every move of the table of a heater's states."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from octoprint_temp_eta.core.heating.state_machine.heater import SAG_S
from octoprint_temp_eta.core.heating.state_machine.progress import STUCK_S
from octoprint_temp_eta.core.heating.state_machine.states import MOVES, Condition, State, Transition
from octoprint_temp_eta.core.heating.state_machine.trend import FALL_C
from tests.support.heater_driver import COOLED_AT, HeaterDriver

#: How a heater gets into each state; it is then at `actual` with `target`.
INTO: dict[State, Callable[[HeaterDriver], object]] = {
    State.UNKNOWN: lambda bed: None,
    State.OFF: lambda bed: bed.read(30.0, 0.0),
    State.HEATING: lambda bed: (bed.read(30.0, 0.0), bed.read(30.0, 35.0)),
    State.STALLED: lambda bed: (bed.read(30.0, 0.0), bed.hold(30.0, 35.0, STUCK_S[bed.heater.kind] + 2)),
    State.AT_TARGET: lambda bed: bed.read(35.0, 35.0),
    State.COOLING: lambda bed: bed.read(39.0, 35.0),
    State.COOLED_DOWN: lambda bed: (bed.read(45.0, 45.0), bed.read(45.0, 0.0), bed.hold(38.0, 0.0, 5)),
}


def find_hot(bed: HeaterDriver) -> None:
    """Let a heater be above its cool-down target for the first time."""
    if bed.heater.state is State.UNKNOWN:
        bed.read(60.0, 0.0)
        return
    bed.heater.cooled_at = 70.0
    bed.hold(60.0, 0.0, 3)
    bed.heater.cooled_at = COOLED_AT
    bed.read(60.0, 0.0)


def fall(bed: HeaterDriver) -> None:
    """Let a heater at 30 °C be found above its cool-down target, and fall."""
    bed.heater.cooled_at = 20.0
    bed.read(30.0, 0.0)
    bed.read(29.9 - FALL_C, 0.0)


def lower_threshold(bed: HeaterDriver) -> None:
    """Lower the cool-down target below 38 °C."""
    bed.heater.cooled_at = 30.0
    bed.read(38.0, 0.0)


def resume_warm(bed: HeaterDriver) -> None:
    """Let the first reading after an extrapolation be a warm one."""
    bed.heater.resume()
    bed.read(COOLED_AT + 5.0, 0.0)


def rise(bed: HeaterDriver) -> None:
    """Heat it from 50 to 65 °C without a target."""
    bed.heater.cooled_at = 50.0
    for actual in range(50, 66):
        bed.read(float(actual), 0.0)
    bed.hold(65.0, 0.0, 9)


def keep_hot(bed: HeaterDriver) -> None:
    """Let a heater be found hot that does not fall."""
    bed.heater.lose()
    bed.heater.read(bed.at, 60.0, 0.0)
    bed.hold(60.0, 0.0, 610)


def level_off(bed: HeaterDriver) -> None:
    """Stay near 35 °C; a stalled heater creeps there."""
    if bed.heater.state is State.STALLED:
        for second in range(600):
            bed.read(30.0 + 0.005 * second, 35.0)
    bed.hold(37.9 if bed.heater.state is State.COOLING else 33.0, 35.0, 610)


#: How each condition is met, from any state that has a row for it.
PROVOKE: dict[Condition, Callable[[HeaterDriver], object]] = {
    Condition.TARGET_ABOVE: lambda bed: bed.read(None if bed.heater.actual else 30.0, 100.0),
    Condition.TARGET_BELOW: lambda bed: bed.read(None if bed.heater.actual else 30.0, 10.0),
    Condition.SWITCHED_OFF_WARM: lambda bed: bed.hold(60.0, 0.0, 2),
    Condition.SWITCHED_OFF_COOL: lambda bed: bed.read(None if bed.heater.actual else 30.0, 0.0),
    Condition.FOUND_AT_TARGET: lambda bed: bed.read(37.0, 35.0),
    Condition.ARRIVED: lambda bed: bed.hold(34.5, bed.heater.target, 4),
    Condition.FOUND_HOT: find_hot,
    Condition.FOUND_AT_REST: lambda bed: bed.read(45.0, 0.0),
    Condition.FALLING: fall,
    Condition.THRESHOLD_LOWERED: lower_threshold,
    Condition.STILL_WARM: resume_warm,
    Condition.PLATEAU: level_off,
    Condition.SETTLED: lambda bed: bed.hold(45.0, 0.0, 610),
    Condition.KEPT_HOT: keep_hot,
    Condition.RISEN: rise,
    Condition.COOLED: lambda bed: (bed.hold(50.0, 0.0, 2), bed.hold(COOLED_AT, 0.0, 4)),
    # a cooling heater passes the tolerance first: only a leap goes so far below at once
    Condition.SAGGED: lambda bed: (bed.read(31.0, 35.0), bed.read(31.0, 35.0, after=SAG_S)),
    Condition.STUCK: lambda bed: bed.hold(30.0, 35.0, STUCK_S[bed.heater.kind] + 1),
    Condition.GAINING: lambda bed: [bed.read(30.0 + second / 10.0, 35.0) for second in range(20)],
}


EVERY_MOVE = [(state, condition) for state, moves in MOVES.items() for condition in moves]


@pytest.mark.parametrize("state", State)
def test_each_state_can_be_reached(state: State):
    bed = HeaterDriver()
    INTO[state](bed)
    assert bed.heater.state is state


@pytest.mark.parametrize(("state", "condition"), EVERY_MOVE, ids=str)
def test_every_move_of_the_table(state: State, condition: Condition):
    bed = HeaterDriver()
    INTO[state](bed)
    before = len(bed.moves)
    PROVOKE[condition](bed)
    wanted = MOVES[state][condition]
    assert bed.moves[before:][:1] == ([] if wanted is state else [Transition(state, wanted)])
    assert (bed.heater.state is wanted) or condition is Condition.COOLED


@pytest.mark.parametrize("state", State)
def test_the_table_has_a_row_for_each_state(state: State):
    assert set(MOVES[state].values()) <= set(State) - {State.UNKNOWN}
