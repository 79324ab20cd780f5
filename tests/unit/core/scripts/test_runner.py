"""The run's table, and what the runner has done at each of its moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.scripts.run import (
    MOVES,
    STATES,
    Code,
    Decision,
    Hold,
    Kill,
    Launch,
    Outcome,
    Phase,
    Release,
    RunEnded,
    RunStarted,
    Settle,
    State,
    StillOn,
    Terminate,
    UserAwaited,
)
from octoprint_temp_eta.core.scripts.runner import GRACE_S, LOADING_S, SETTLE_ATTEMPTS, Runner
from tests.support.runner_phases import CLEANLY, LIMITED, RUN, at, ended_run

INPUTS: dict[str, Callable[[Runner], list[Decision]]] = {
    "start": lambda runner: runner.start(RUN),
    "held": lambda runner: runner.held(None, 0, 2000),
    "not held": lambda runner: runner.held("it prints", 0, 2000),
    "runs": lambda runner: runner.run_started(0),
    "returned": lambda runner: runner.returned(True, {"a": 1}, None, 0),
    "failed": lambda runner: runner.returned(False, {}, None, 0),
    "raised": lambda runner: runner.raised("boom", 0),
    "cancel": lambda runner: runner.cancel(0),
    "lost": lambda runner: runner.lose_printer("disconnected", 0, 2000, {}),
    "reset": lambda runner: runner.reset_printer("the firmware was reset", 0),
    "ended": lambda runner: runner.process_ended("was ended by SIGKILL", 2000, {}),
    "shut down": lambda runner: runner.shut_down(2000, {}),
    "settled": lambda runner: runner.settled(True, 2000, {}),
}
CANCELLED, RESTORE = ended_run(Outcome.CANCELLED), Settle({})
END_NOW = (Terminate(), Kill(), Settle({}, ask=False))
KILLED = ended_run(Outcome.ERROR, error="its process was ended by SIGKILL", code=Code.ERROR)
FINISHED = ended_run(Outcome.FINISHED, storage={"a": 1})
SHUT_DOWN = ended_run(Outcome.ERROR, error="OctoPrint shuts down", code=Code.SHUTDOWN)
#: By phase and input: what is decided and where it leads. What is not here changes nothing.
TABLE: dict[tuple[Phase, str], tuple[list[Decision], Phase]] = {
    (Phase.IDLE, "start"): ([Hold()], Phase.HOLDING),
    (Phase.HOLDING, "held"): ([Launch()], Phase.LOADING),
    (Phase.HOLDING, "not held"): ([ended_run(Outcome.ERROR, error="it prints", code=Code.NOT_READY)], Phase.IDLE),
    (Phase.HOLDING, "reset"): ([], Phase.ABORTING),
    (Phase.HOLDING, "shut down"): ([Kill(), SHUT_DOWN], Phase.IDLE),
    (Phase.ABORTING, "shut down"): ([Kill(), CANCELLED], Phase.IDLE),
    (Phase.LOADING, "reset"): ([Terminate()], Phase.STOPPING),
    (Phase.LOADING, "shut down"): ([*END_NOW, SHUT_DOWN], Phase.IDLE),
    (Phase.RUNNING, "reset"): ([Terminate()], Phase.STOPPING),
    (Phase.RUNNING, "shut down"): ([*END_NOW, SHUT_DOWN], Phase.IDLE),
    (Phase.CLOSING, "shut down"): ([Kill(), Settle({}, ask=False, unfinished=False), FINISHED], Phase.IDLE),
    (Phase.STOPPING, "shut down"): ([*END_NOW, CANCELLED], Phase.IDLE),
    (Phase.SETTLING, "shut down"): ([Kill()], Phase.IDLE),
    (Phase.HOLDING, "cancel"): ([], Phase.ABORTING),
    (Phase.HOLDING, "lost"): ([], Phase.ABORTING),
    (Phase.ABORTING, "held"): ([Release(), CANCELLED], Phase.IDLE),
    (Phase.ABORTING, "not held"): ([CANCELLED], Phase.IDLE),
    (Phase.LOADING, "runs"): ([RunStarted(RUN)], Phase.RUNNING),
    (Phase.LOADING, "raised"): ([], Phase.CLOSING),
    (Phase.LOADING, "cancel"): ([Terminate()], Phase.STOPPING),
    (Phase.LOADING, "lost"): ([Terminate()], Phase.STOPPING),
    (Phase.LOADING, "ended"): ([KILLED, RESTORE], Phase.SETTLING),
    (Phase.RUNNING, "returned"): ([], Phase.CLOSING),
    (Phase.RUNNING, "failed"): ([], Phase.CLOSING),
    (Phase.RUNNING, "raised"): ([], Phase.CLOSING),
    (Phase.RUNNING, "cancel"): ([Terminate()], Phase.STOPPING),
    (Phase.RUNNING, "lost"): ([Terminate()], Phase.STOPPING),
    (Phase.RUNNING, "ended"): ([KILLED, RESTORE], Phase.SETTLING),
    (Phase.CLOSING, "ended"): ([Settle({}, ask=False, unfinished=False)], Phase.SETTLING),
    (Phase.STOPPING, "ended"): ([CANCELLED, RESTORE], Phase.SETTLING),
    (Phase.SETTLING, "settled"): ([Release()], Phase.IDLE),
    (Phase.SETTLING, "lost"): ([Release()], Phase.IDLE),
}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("name", INPUTS)
def test_every_input_in_every_phase(phase: Phase, name: str) -> None:
    runner = at(phase)
    expected, after = TABLE.get((phase, name), ([], phase))
    assert INPUTS[name](runner) == expected
    assert runner.phase is after


def test_every_phase_has_its_row() -> None:
    assert set(MOVES) == set(Phase) == set(STATES)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ((True, {"a": 1}, None), ended_run(Outcome.FINISHED, storage={"a": 1})),
        ((True, {}, "flat"), ended_run(Outcome.FINISHED, storage={}, message="flat")),
        (
            (False, {}, None),
            ended_run(Outcome.FAILED, storage={}, error="the script reported no success", code=Code.FAILED),
        ),
        ((False, {}, "bent"), ended_run(Outcome.FAILED, storage={}, error="bent", code=Code.FAILED, message="bent")),
    ],
)
def test_a_result_is_reported_after_the_last_acknowledgement(
    result: tuple[bool, dict, str | None], expected: RunEnded
) -> None:
    runner = at(Phase.RUNNING)
    runner.returned(*result, 0)
    assert runner.state is State.RUNNING
    assert runner.process_ended(CLEANLY, 1999, {}) == [Settle({}, ask=not result[0], unfinished=not result[0])]
    assert runner.state is State.RUNNING
    assert runner.settled(True, 2000, {}) == [Release(), expected]
    assert (runner.state, runner.run, runner.last) == (State.IDLE, None, expected.completed)


def test_a_script_error_is_reported_at_once() -> None:
    runner = at(Phase.RUNNING)
    runner.raised("ValueError: too cold (line 3)", 0)
    assert runner.process_ended(CLEANLY, 2000, {})[0] == ended_run(
        Outcome.ERROR, error="ValueError: too cold (line 3)", code=Code.ERROR
    )
    assert runner.state is State.CANCELLING


def test_a_cancelled_run_keeps_the_runner_until_the_printer_has_followed() -> None:
    runner = at(Phase.SETTLING)
    assert runner.state is State.CANCELLING
    assert runner.start(RUN) == []
    assert runner.settled(True, 9999, {}) == [Release()]
    assert runner.last == CANCELLED.completed


def test_a_result_that_comes_after_the_cancel_does_not_count() -> None:
    runner = at(Phase.STOPPING)
    runner.returned(True, {}, None, 0)
    runner.raised("KeyboardInterrupt", 0)
    assert runner.process_ended(CLEANLY, 2000, {})[0] == CANCELLED


def test_a_run_without_a_printer_ends_with_its_process() -> None:
    runner = at(Phase.RUNNING)
    assert runner.lose_printer("the printer was disconnected", 0, 0, {}) == [Terminate()]
    error = ended_run(Outcome.ERROR, error="the printer was disconnected", code=Code.GONE)
    assert runner.process_ended(CLEANLY, 2000, {}) == [Release(), error]
    assert runner.phase is Phase.IDLE


def test_a_hold_that_was_set_although_the_printer_is_gone_is_released() -> None:
    runner = at(Phase.HOLDING)
    runner.lose_printer("the printer was disconnected", 0, 0, {})
    gone = ended_run(Outcome.ERROR, error="the printer was disconnected", code=Code.GONE)
    assert runner.held(None, 0, 2000) == [Release(), gone]


def test_a_result_counts_also_when_the_printer_goes_before_the_process() -> None:
    runner = at(Phase.CLOSING)
    assert runner.lose_printer("the printer was disconnected", 0, 0, {}) == []
    assert runner.process_ended(CLEANLY, 2000, {}) == [Release(), FINISHED]


def test_a_printer_that_goes_while_it_should_follow_ends_the_run() -> None:
    runner = at(Phase.CLOSING)
    runner.process_ended(CLEANLY, 1999, {})
    assert runner.lose_printer("the printer was disconnected", 0, 2000, {}) == [Release(), FINISHED]


def test_what_a_macro_has_switched_on_is_named_when_the_printer_is_gone() -> None:
    runner = at(Phase.RUNNING)
    runner.script_sent("START_PRINT")
    runner.lose_printer("it was unplugged", 1, 1, {**RUN.targets, "tool0": 200.0})
    error = "it was unplugged. Heaters that were set during the run may still be on: tool0"
    assert runner.process_ended(CLEANLY, 2000, {})[-1] == ended_run(Outcome.ERROR, error=error, code=Code.GONE)


def test_a_printer_that_is_lost_before_its_heaters_were_set_back_is_reported() -> None:
    runner = at(Phase.RUNNING)
    runner.script_sent("M140 S90")
    runner.cancel(0)
    runner.process_ended(CLEANLY, 0, RUN.targets)
    assert runner.lose_printer("the printer was disconnected", 1, 1, {})[0] == StillOn("r1", ("bed",))


@pytest.mark.parametrize("name", ["cancel", "raised", "failed"])
def test_a_printer_that_is_lost_while_the_stopped_process_still_ends_is_reported_once(name: str) -> None:
    runner = at(Phase.RUNNING)
    runner.script_sent("M140 S90")
    INPUTS[name](runner)
    assert runner.lose_printer("the printer was disconnected", 1, 1, {}) == [StillOn("r1", ("bed",))]
    assert runner.lose_printer("the printer was disconnected", 1, 1, {}) == []
    assert runner.take_ignored() == []
    assert not [each for each in runner.process_ended(CLEANLY, 2000, {}) if isinstance(each, StillOn)]


def test_the_next_run_has_a_printer_again() -> None:
    runner = at(Phase.RUNNING)
    runner.lose_printer("the printer was disconnected", 0, 0, {})
    runner.process_ended(CLEANLY, 0, {})
    runner.start(RUN)
    runner.held(None, 0, 0)
    assert runner.process_ended(CLEANLY, 2000, {})[-1] == Settle({})


@pytest.mark.parametrize("phase", [Phase.STOPPING, Phase.CLOSING])
def test_a_process_that_does_not_end_is_killed_once(phase: Phase) -> None:
    runner = at(phase)
    assert runner.tick(GRACE_S - 0.1) == []
    assert runner.tick(GRACE_S) == [Kill()]
    assert runner.tick(GRACE_S + 9) == []


def test_a_time_limit_ends_a_run_as_an_error() -> None:
    runner = at(Phase.RUNNING, LIMITED)
    assert runner.tick(89) == []
    assert runner.tick(90) == [Terminate()]
    assert runner.process_ended(CLEANLY, 2000, {})[0] == ended_run(
        Outcome.ERROR, LIMITED, error="it took 90 s and that is its limit", code=Code.TIMEOUT
    )


def test_without_a_limit_a_run_may_take_any_time() -> None:
    assert at(Phase.RUNNING).tick(1e9) == []


def test_a_script_that_is_never_loaded_is_given_up() -> None:
    runner = at(Phase.LOADING)
    assert runner.tick(LOADING_S) == [Terminate()]
    assert runner.process_ended(CLEANLY, 2000, {})[0] == ended_run(
        Outcome.ERROR, error="it took 30 s to be loaded", code=Code.TIMEOUT
    )


def test_a_g90_without_an_reply_is_sent_again() -> None:
    runner = at(Phase.SETTLING)
    for _ in range(SETTLE_ATTEMPTS - 1):
        assert runner.settled(False, 2000, {}) == [Settle({})]
    assert runner.settled(False, 2000, {}) == [Release()]


class World:
    """What does what the runner decides, and checks that it makes sense."""

    def __init__(self) -> None:
        self.runner = Runner()
        self.process = self.linked = self.settling = self.holding = False
        self.holds = 0
        self.reported: list[RunEnded] = []

    def do(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            match decision:
                case Hold():
                    assert not self.holds
                    self.holding = True
                case Launch():
                    assert self.holds == 1
                    assert not self.process
                    self.process = True
                case Terminate() | Kill():
                    assert self.process
                case Settle():
                    assert not self.process
                    assert self.linked
                    self.settling = True
                case Release():
                    assert not self.process
                    self.holds = 0
                case RunEnded():
                    assert not self.process
                    self.reported.append(decision)


@given(
    st.lists(st.sampled_from(["held", "busy", "runs", "returns", "raises", "cancel", "dies", "acks", "unlink", "tick"]))
)
def test_every_run_is_reported_once_and_ends(events: list[str]) -> None:
    world = World()
    runner, clock = world.runner, 0.0
    world.linked = True
    world.do(runner.start(LIMITED))
    # At the end everything that has to happen does.
    for event in [*events, "held", "cancel", "dies", "acks"]:
        clock += 1
        if event in ("held", "busy") and world.holding:
            world.holding = False
            ready = event == "held" and world.linked
            world.holds = int(ready)
            world.do(runner.held(None if ready else "not ready", clock, clock))
        elif event == "runs" and world.process:
            world.do(runner.run_started(clock))
        elif event in ("returns", "raises") and world.process:
            returned = event == "returns"
            world.do(runner.returned(True, {}, None, clock) if returned else runner.raised("boom", clock))
        elif event == "cancel":
            world.do(runner.cancel(clock))
        elif event == "dies" and world.process:
            world.process = False
            world.do(runner.process_ended(CLEANLY, clock, {}))
        elif event == "acks" and world.settling:
            world.settling = False
            world.do(runner.settled(True, clock, {}))
        elif event == "unlink" and world.linked:
            world.linked = world.settling = False
            world.holds = 0
            world.do(runner.lose_printer("disconnected", clock, clock, {}))
        elif event == "tick":
            world.do(runner.tick(clock))
    assert runner.phase is Phase.IDLE
    assert len(world.reported) == 1
    assert world.holds == 0


def test_an_event_without_a_row_is_reported_with_its_phase():
    runner = Runner()
    runner.start(RUN)
    runner.returned(True, {}, None, 0)
    assert runner.take_ignored() == ["event run() returned in phase print jobs on hold"]
    assert runner.take_ignored() == []
    assert runner.phase is Phase.HOLDING


def test_the_times_of_the_runs_move_with_a_clock_that_is_set():
    runner = at(Phase.SETTLING)
    runner.settled(True, 2000, {})
    runner.start(replace(RUN, run_id="r2", started_at=2100.0))
    runner.clock_set(500.0)
    assert runner.run is not None
    assert runner.last is not None
    assert (runner.last.run.started_at, runner.last.ended_at, runner.run.started_at) == (1500.0, 2500.0, 2600.0)


def test_a_printer_that_waits_for_its_user_while_a_run_ends_is_reported_once() -> None:
    for phase in Phase:
        runner = at(phase)
        expected: list[Decision] = [UserAwaited("r1")] if phase is Phase.SETTLING else []
        assert [*runner.waits_for_user(), *runner.waits_for_user()] == expected
        assert runner.phase is phase
