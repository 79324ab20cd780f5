"""The bridge's side of a script's run: how it is cancelled, and everything that can go wrong."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.protocol.effects import SetTarget
from octoprint_temp_eta.bridge.protocol.inputs import Stopping
from octoprint_temp_eta.bridge.protocol.script_effects import (
    BreakHeatWait,
    FakeOk,
    KillScript,
    RefuseLine,
    ReleaseJobs,
    SendLine,
    TerminateScript,
)
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    EmergencyParser,
    JobsHeld,
    LineQueued,
    LineReceived,
    LineSending,
    PrinterGone,
    ScriptEnded,
    ScriptLine,
    ScriptReturned,
    ScriptRunning,
    ScriptStatus,
)
from octoprint_temp_eta.bridge.scripts.runs import LONGEST_LINE
from tests.support.script_bench import COMMON, RUN_1, RUN_2, Bench

# Cancelling


def test_cancelling() -> None:
    bench = Bench()
    bench.run(transaction="t")
    (reply,) = bench.command("script/cancel", b"PRESS")
    assert (reply["status"], reply["run_id"]) == ("completed", RUN_1)
    assert bench.of(TerminateScript) == [TerminateScript()]
    assert bench.level("script")["state"] == "cancelling"
    bench.tell(ScriptEnded(RUN_1, 0, "ended"))
    assert bench.told[-2:] == [
        {"event_type": "cancelled", "event": "AutomationScriptCancelled", **COMMON},
        {"transaction": "t", "command": "script/start", "status": "cancelled", "run_id": RUN_1},
    ]
    assert bench.level("script")["state"] == "cancelling"
    assert bench.of(ReleaseJobs) == []
    bench.ack(f"{RUN_1}.end", "G90")
    assert bench.level("script")["state"] == "idle"
    assert bench.of(ReleaseJobs) == [ReleaseJobs()]


def test_cancelling_twice_is_one_cancel() -> None:
    bench = Bench()
    bench.run()
    bench.command("script/cancel", b"PRESS")
    (reply,) = bench.command("script/cancel", b"PRESS")
    assert reply["status"] == "completed"
    assert len(bench.of(TerminateScript)) == 1


@pytest.mark.parametrize("body", [{}, {"run_id": RUN_1}])
def test_nothing_to_cancel(body: dict[str, Any]) -> None:
    (reply,) = Bench().command("script/cancel", body)
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "not_running")


def test_another_run_than_the_one_meant_goes_on() -> None:
    bench = Bench()
    bench.run()
    (reply,) = bench.command("script/cancel", {"run_id": RUN_2})
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "not_running")
    assert bench.of(TerminateScript) == []


def test_a_process_that_does_not_listen_is_killed() -> None:
    bench = Bench()
    bench.run()
    bench.command("script/cancel", b"PRESS")
    bench.advance(1.5)
    assert bench.of(KillScript) == []
    bench.advance(1)
    assert bench.of(KillScript) == [KillScript()]


def test_lines_of_a_run_that_is_ending_are_refused() -> None:
    bench = Bench()
    bench.run()
    bench.command("script/cancel", b"PRESS")
    assert bench.tell(ScriptLine(RUN_1, 1, "G28")) == [RefuseLine(1, "the run is being ended")]


@pytest.mark.parametrize("present", [True, False])
def test_a_wait_for_a_temperature_is_broken_where_the_firmware_can(present: bool) -> None:
    bench = Bench()
    bench.handle(EmergencyParser(present))
    bench.run()
    bench.tell(ScriptLine(RUN_1, 1, "M109 S200"), LineSending(f"{RUN_1}.1", "M109 S200", acknowledged=True))
    bench.command("script/cancel", b"PRESS")
    assert bench.of(BreakHeatWait) == [BreakHeatWait()] * present


@pytest.mark.parametrize(
    ("after", "targets"),
    [
        ("restored", [SetTarget("bed", 60.0)]),
        ("off", [SetTarget("bed", 0.0)]),
        ("left", []),
    ],
)
def test_the_heaters_after_a_cancelled_run(after: str, targets: list[SetTarget]) -> None:
    bench = Bench(script_heaters_after=after)
    bench.run()
    bench.tell(ScriptLine(RUN_1, 1, "M190 S90"))
    bench.command("script/cancel", b"PRESS")
    assert bench.end()[-len(targets) - 2 : -2] == targets if targets else SetTarget not in map(type, bench.end())
    assert bench.of(SetTarget) == targets


def test_the_heaters_get_their_targets_back_also_where_nothing_is_estimated() -> None:
    bench = Bench(enabled=False)
    bench.run()
    bench.read(tool0=(25.0, 200.0), bed=(41.0, 90.0))
    bench.tell(ScriptLine(RUN_1, 1, "M190 S90"), ScriptLine(RUN_1, 2, "M104 S200"))
    bench.command("script/cancel", b"PRESS")
    bench.end()
    assert bench.of(SetTarget) == [SetTarget("tool0", 0.0), SetTarget("bed", 60.0)]


def test_targets_of_the_printer_before_mean_nothing_and_what_is_not_known_is_switched_off() -> None:
    bench = Bench()
    bench.printer(connected=False, state="OFFLINE")
    bench.printer()
    bench.read(bed=(30.0, 50.0), tool0=(None, None))
    bench.run()
    bench.tell(ScriptLine(RUN_1, 1, "M190 S90"), ScriptLine(RUN_1, 2, "M104 S200"))
    bench.command("script/cancel", b"PRESS")
    bench.end()
    assert bench.of(SetTarget) == [SetTarget("bed", 50.0), SetTarget("tool0", 0.0)]


# What goes wrong


def test_a_line_that_nobody_should_send() -> None:
    bench = Bench()
    bench.run()
    for line in ("G28\nM112", "G28\x00", "M117 " + "x" * LONGEST_LINE):
        (refusal,) = bench.tell(ScriptLine(RUN_1, 1, line))
        assert isinstance(refusal, RefuseLine)


def test_a_line_that_octoprint_does_not_send() -> None:
    bench = Bench()
    bench.run()
    bench.tell(ScriptLine(RUN_1, 4, "M0"))
    (refusal,) = bench.tell(LineQueued(f"{RUN_1}.4", 0))
    assert isinstance(refusal, RefuseLine)
    assert refusal.seq == 4


def test_a_lost_ok_makes_octoprint_go_on() -> None:
    bench = Bench()
    bench.run()
    bench.tell(ScriptLine(RUN_1, 4, "G28"), LineQueued(f"{RUN_1}.4", 1), LineSending(f"{RUN_1}.4", "G28", True))
    bench.skip(3)
    assert bench.tell(LineReceived("wait\n")) == [RefuseLine(4, "its ok got lost"), FakeOk()]


def test_a_run_that_takes_too_long() -> None:
    bench = Bench(script_time_limit=30)
    bench.run()
    bench.advance(31)
    assert bench.of(TerminateScript) == [TerminateScript()]
    assert bench.level("script")["state"] == "cancelling"
    bench.end()
    assert bench.bodies("response")[-1]["error"]["code"] == "timeout"


def test_a_printer_that_never_follows_does_not_keep_the_runner_for_ever() -> None:
    bench = Bench()
    bench.run()
    bench.tell(ScriptReturned(RUN_1, True, {}), ScriptEnded(RUN_1, 0, "ended"))
    for _ in range(3):
        bench.tell(LineSending(f"{RUN_1}.end", "G90", True))
        bench.advance(301)
    assert bench.level("script")["state"] == "idle"
    assert bench.of(FakeOk)


def test_a_g90_that_gets_no_answer_is_sent_again() -> None:
    bench = Bench()
    bench.run()
    bench.tell(ScriptReturned(RUN_1, True, {}), ScriptEnded(RUN_1, 0, "ended"))
    assert bench.tell(LineQueued(f"{RUN_1}.end", 0)) == [SendLine(f"{RUN_1}.end", "G90")]
    bench.ack(f"{RUN_1}.end", "G90")
    assert bench.level("script")["state"] == "idle"


def test_a_printer_that_goes_away() -> None:
    bench = Bench()
    bench.run(transaction="t")
    bench.tell(ScriptLine(RUN_1, 4, "G28"))
    assert bench.tell(PrinterGone("the printer was disconnected")) == [
        TerminateScript(),
        RefuseLine(4, "the printer was disconnected"),
    ]
    bench.tell(ScriptEnded(RUN_1, 0, "ended"))
    reply = bench.bodies("response")[-1]
    error = {"code": "printer_gone", "message": "The printer was disconnected.", "path": None}
    assert (reply["status"], reply["error"]) == ("failed", error)
    assert bench.level("script")["state"] == "idle"
    assert bench.of(ReleaseJobs) == [ReleaseJobs(held=False)]


def test_a_firmware_that_begins_anew_lets_the_jobs_go_on() -> None:
    bench = Bench()
    bench.run()
    assert bench.tell(PrinterGone("the firmware was reset", reset=True)) == [TerminateScript()]
    assert bench.end()[-1] == ReleaseJobs()
    assert bench.level("script")["last"]["error"] == "the firmware was reset"


def test_a_printer_that_goes_away_without_a_run_is_nothing() -> None:
    assert Bench().tell(PrinterGone("the printer was disconnected")) == []


def test_what_another_run_says_late_means_nothing() -> None:
    bench = Bench()
    bench.run()
    late = (
        ScriptRunning(RUN_2),
        ScriptLine(RUN_2, 1, "G28"),
        ScriptStatus(RUN_2, "x"),
        ScriptReturned(RUN_2, True, {}),
        ScriptEnded(RUN_2, 0, "ended"),
        JobsHeld(RUN_2, "not ready"),
    )
    assert bench.tell(*late) == []
    assert bench.level("script")["state"] == "running"


def test_a_hold_that_comes_too_late_is_let_go() -> None:
    assert Bench().tell(JobsHeld(RUN_1)) == [ReleaseJobs()]


def test_a_shutdown_tells_the_end_before_the_good_bye() -> None:
    bench = Bench()
    bench.run(transaction="t")
    bench.handle(Stopping())
    assert bench.of(KillScript) == [KillScript()]
    assert [body["status"] for body in bench.bodies("response")] == ["accepted", "failed"]
    assert bench.bodies("response")[-1]["error"]["code"] == "shutdown"
    assert bench.bodies("script_event")[-1]["error"] == "OctoPrint shuts down"


def test_a_shutdown_gives_the_heaters_their_targets_back() -> None:
    bench = Bench()
    bench.handle(EmergencyParser(True))
    bench.run()
    bench.tell(ScriptLine(RUN_1, 1, "M190 S90"), LineSending(f"{RUN_1}.1", "M190 S90", acknowledged=True))
    effects = bench.tell(Stopping())
    assert effects[:5] == [
        TerminateScript(),
        BreakHeatWait(),
        KillScript(),
        SetTarget("bed", 60.0),
        SendLine("", "G90"),
    ]


def test_a_shutdown_without_a_printer_sends_nothing() -> None:
    bench = Bench()
    bench.run()
    bench.tell(ScriptLine(RUN_1, 1, "M190 S90"), PrinterGone("the printer was disconnected"))
    assert not [effect for effect in bench.tell(Stopping()) if isinstance(effect, SetTarget | SendLine)]
