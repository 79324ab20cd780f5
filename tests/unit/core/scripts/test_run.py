"""The state table of a run."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.scripts.run import MOVES, STATES, Code, Event, Outcome, Phase, RunResult, State


def reachable(phase: Phase) -> set[Phase]:
    found, waiting = {phase}, [phase]
    while waiting:
        new = set(MOVES[waiting.pop()].values()) - found
        found |= new
        waiting += new
    return found


def test_each_phase_has_its_moves_and_its_state() -> None:
    assert set(MOVES) == set(STATES) == set(Phase)


@pytest.mark.parametrize("phase", list(Phase))
def test_each_phase_is_reached_by_a_start_and_ends(phase: Phase) -> None:
    assert phase in reachable(Phase.IDLE)
    assert Phase.IDLE in reachable(phase)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.IDLE])
def test_octoprint_can_shut_down_in_every_phase(phase: Phase) -> None:
    assert MOVES[phase][Event.SHUT_DOWN] is Phase.IDLE


def test_only_an_idle_runner_accepts_a_start() -> None:
    assert [phase for phase in Phase if Event.START_ACCEPTED in MOVES[phase]] == [Phase.IDLE]
    assert [phase for phase in Phase if STATES[phase] is State.IDLE] == [Phase.IDLE]


def test_a_result_from_an_error_stores_nothing() -> None:
    assert RunResult.from_error("gone", Code.GONE) == RunResult(Outcome.ERROR, None, "gone", Code.GONE, None)
