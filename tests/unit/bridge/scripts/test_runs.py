"""The bridge's side of a script's run: how it is cancelled, and everything that can go wrong."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.protocol.effects import Page, SetTarget
from octoprint_temp_eta.bridge.protocol.inputs import Stopping
from octoprint_temp_eta.bridge.protocol.script_effects import (
    AwaitLines,
    BreakHeatWait,
    DropLines,
    HoldJobs,
    KillScript,
    RejectLine,
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
    LineSuppressed,
    PrinterGone,
    ScriptEnded,
    ScriptLine,
    ScriptReturned,
)
from octoprint_temp_eta.bridge.scripts.reports import USER_AWAITED
from octoprint_temp_eta.core.gcode.motion import Modes
from octoprint_temp_eta.core.scripts.runner import SETTLE_ATTEMPTS
from tests.support.script_bridge_driver import COMMON, RUN_1, RUN_2, ScriptBridgeDriver

# Cancelling


def test_cancelling() -> None:
    driver = ScriptBridgeDriver()
    driver.run(transaction="t")
    (reply,) = driver.command("script/cancel", b"PRESS")
    assert (reply["status"], reply["run_id"]) == ("completed", RUN_1)
    assert driver.of(TerminateScript) == [TerminateScript()]
    assert driver.state("script")["state"] == "cancelling"
    driver.handle_all(ScriptEnded(RUN_1, 0, "ended"))
    assert driver.reported[-2:] == [
        {"event_type": "cancelled", "event": "AutomationScriptCancelled", **COMMON},
        {"transaction": "t", "command": "script/start", "status": "cancelled", "run_id": RUN_1},
    ]
    assert driver.state("script")["state"] == "cancelling"
    assert driver.of(ReleaseJobs) == []
    driver.ack(f"{RUN_1}.end", "G90")
    assert driver.state("script")["state"] == "idle"
    assert driver.of(ReleaseJobs) == [ReleaseJobs()]


def test_cancelling_twice_is_one_cancel() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.command("script/cancel", b"PRESS")
    (reply,) = driver.command("script/cancel", b"PRESS")
    assert reply["status"] == "completed"
    assert len(driver.of(TerminateScript)) == 1


@pytest.mark.parametrize("body", [{}, {"run_id": RUN_1}])
def test_nothing_to_cancel(body: dict[str, Any]) -> None:
    (reply,) = ScriptBridgeDriver().command("script/cancel", body)
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "not_running")


def test_another_run_than_the_one_meant_goes_on() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    (reply,) = driver.command("script/cancel", {"run_id": RUN_2})
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "not_running")
    assert driver.of(TerminateScript) == []


def test_a_process_that_does_not_listen_is_killed() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.command("script/cancel", b"PRESS")
    driver.advance(1.5)
    assert driver.of(KillScript) == []
    driver.advance(1)
    assert driver.of(KillScript) == [KillScript()]


def test_lines_of_a_run_that_is_ending_are_refused() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.command("script/cancel", b"PRESS")
    assert driver.handle_all(ScriptLine(RUN_1, 1, "G28")) == [RejectLine(1, "the run is ending")]


@pytest.mark.parametrize(
    ("after", "bed", "targets"),
    [
        ("restored", 60.0, [SetTarget("bed", 60.0)]),
        ("off", 0.0, [SetTarget("bed", 0.0)]),
        ("left", 90.0, []),
    ],
)
def test_the_heaters_after_a_cancelled_run(after: str, bed: float, targets: list[SetTarget]) -> None:
    driver = ScriptBridgeDriver(script_heaters_after=after)
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M190 S90"))
    driver.command("script/cancel", b"PRESS")
    driver.end(bed=(41.0, bed))
    assert driver.of(SetTarget) == targets


def test_the_heaters_get_their_targets_back_also_where_nothing_is_estimated() -> None:
    driver = ScriptBridgeDriver(enabled=False)
    driver.run()
    driver.read(tool0=(25.0, 200.0), bed=(41.0, 90.0))
    driver.handle_all(ScriptLine(RUN_1, 1, "M190 S90"), ScriptLine(RUN_1, 2, "M104 S200"))
    driver.command("script/cancel", b"PRESS")
    driver.end(tool0=(25.0, 0.0), bed=(41.0, 60.0))
    assert driver.of(SetTarget) == [SetTarget("tool0", 0.0), SetTarget("bed", 60.0)]


@pytest.mark.parametrize("bed", [40.0, 400.0])
def test_a_heater_that_a_macro_has_switched_on_is_off_after_a_cancel_before_the_next_report(bed: float) -> None:
    """A bed at 400 °C has a loose sensor: the whole report is doubted."""
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "HEATUP"))
    driver.ack(f"{RUN_1}.1", "HEATUP")
    driver.command("script/cancel", b"PRESS")
    ended = driver.handle_all(ScriptEnded(RUN_1, -15, "was ended by SIGTERM"))
    asked = [effect.line for effect in ended if isinstance(effect, SendLine)]
    assert (asked, driver.of(SetTarget)) == (["M105", "G90"], [])
    driver.ack(f"{RUN_1}.ask1", "M105")
    for _ in range(3):
        driver.read(tool0=(25.0, 0.0), bed=(40.0, 60.0))
        driver.skip(2.0)
    driver.read(tool0=(25.0, 200.0), bed=(bed, 60.0))
    driver.ack(f"{RUN_1}.end", "G90")
    assert driver.of(SetTarget) == [SetTarget("tool0", 0.0)]
    assert driver.state("script")["state"] == "cancelling"
    driver.read(tool0=(25.0, 0.0), bed=(40.0, 60.0))
    driver.ack(f"{RUN_1}.ask2", "M105")
    driver.ack(f"{RUN_1}.end", "G90")
    assert driver.state("script")["state"] == "idle"


def test_a_heater_that_stays_on_is_named_in_the_log_of_the_run() -> None:
    """On the page and on the broker too, where nobody sees OctoPrint's log."""
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M104 S200"))
    driver.read(tool0=(25.0, 200.0))
    driver.command("script/cancel", b"PRESS")
    driver.end()
    for _ in range(SETTLE_ATTEMPTS - 1):
        assert driver.state("script")["state"] == "cancelling"
        driver.ack(f"{RUN_1}.end", "G90")
    assert driver.of(SetTarget) == [SetTarget("tool0", 0.0)] * SETTLE_ATTEMPTS
    assert driver.state("script")["state"] == "idle"
    (line,) = driver.bodies("script_log")
    assert (line["run_id"], line["level"]) == (RUN_1, "warning")
    assert line["message"] == "the heaters could not be set back and may be on: tool0"


def test_who_cancels_during_a_filament_change_learns_that_the_printer_waits_for_its_button() -> None:
    driver = ScriptBridgeDriver()
    paused, key = LineReceived("echo:busy: paused for user\n"), f"{RUN_1}.1"
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M600"), LineSending(key, "M600", True), LineQueued(key, 1), paused)
    driver.command("script/cancel", b"PRESS")
    assert driver.bodies("script_log") == []
    driver.handle_all(ScriptEnded(RUN_1, -15, "was ended by SIGTERM"), paused, paused)
    line = {"run_id": RUN_1, "level": "warning", "message": USER_AWAITED}
    assert [{**body, "timestamp": 0} for body in driver.bodies("script_log")] == [{**line, "timestamp": 0}]
    assert [page.message["data"] for page in driver.of(Page) if page.message["type"] == "script_log"] == [line]
    assert driver.state("script")["state"] == "cancelling"
    driver.handle_all(LineReceived("ok\n"))
    driver.ack(f"{RUN_1}.ask1", "M105")
    driver.ack(f"{RUN_1}.end", "G90")
    assert driver.state("script")["state"] == "idle"


def test_a_heater_that_is_switched_off_at_the_printer_stays_off_after_a_cancel() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M190 S90"))
    for target in (90.0, 0.0):
        driver.read(tool0=(25.0, 0.0), bed=(40.0, target))
        driver.advance(2.0)
    driver.command("script/cancel", b"PRESS")
    driver.end()
    assert driver.of(SetTarget) == [SetTarget("bed", 0.0)]


def test_a_heater_that_was_off_before_the_first_line_stays_off_also_if_the_line_heats_it_at_once() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.read(tool0=(25.0, 0.0), bed=(40.0, 0.0))
    driver.handle_all(ScriptLine(RUN_1, 1, "M140 S90"), LineSending(f"{RUN_1}.1", "M140 S90", acknowledged=True))
    driver.read(tool0=(25.0, 0.0), bed=(40.0, 90.0))
    driver.advance(2.0)
    driver.command("script/cancel", b"PRESS")
    driver.end()
    assert driver.of(SetTarget) == [SetTarget("bed", 0.0)]


def test_a_target_without_a_tool_is_restored_for_the_tool_that_was_in_use() -> None:
    driver = ScriptBridgeDriver()
    [reply] = driver.start()
    driver.handle_all(JobsHeld(reply["run_id"], modes=Modes(tool="T1")), ScriptLine(RUN_1, 1, "M104 S0"))
    driver.handle_all(ScriptEnded(RUN_1, 1, "ended with status 1"))
    assert driver.of(SetTarget) == [SetTarget("tool1", 0.0)]


def test_targets_of_the_previous_printer_are_ignored_and_unknown_ones_are_switched_off() -> None:
    driver = ScriptBridgeDriver()
    driver.printer(connected=False, state="OFFLINE")
    driver.printer()
    driver.read(bed=(30.0, 50.0), tool0=(None, None))
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M190 S90"), ScriptLine(RUN_1, 2, "M104 S200"))
    driver.command("script/cancel", b"PRESS")
    driver.end()
    assert driver.of(SetTarget) == [SetTarget("bed", 50.0), SetTarget("tool0", 0.0)]


# Motion of others


@pytest.mark.parametrize("allowed", [False, True])
def test_whether_others_may_move_the_printer_is_a_setting(allowed: bool) -> None:
    driver = ScriptBridgeDriver(script_allow_motion=allowed)
    driver.run()
    assert driver.of(HoldJobs) == [HoldJobs(RUN_1, allow_motion=allowed)]


# What goes wrong


def test_a_run_that_exceeds_the_time_limit() -> None:
    driver = ScriptBridgeDriver(script_time_limit=30)
    driver.run()
    driver.advance(31)
    assert driver.of(TerminateScript) == [TerminateScript()]
    assert driver.state("script")["state"] == "cancelling"
    driver.end()
    assert driver.bodies("response")[-1]["error"]["code"] == "timeout"


def test_a_disconnect_ends_the_run() -> None:
    driver = ScriptBridgeDriver()
    driver.run(transaction="t")
    driver.handle_all(ScriptLine(RUN_1, 4, "G28"))
    assert driver.handle_all(PrinterGone("the printer was disconnected")) == [
        TerminateScript(),
        DropLines(),
        RejectLine(4, "the printer was disconnected"),
    ]
    driver.handle_all(ScriptEnded(RUN_1, 0, "ended"))
    reply = driver.bodies("response")[-1]
    error = {"code": "printer_gone", "message": "The printer was disconnected.", "path": None}
    assert (reply["status"], reply["error"]) == ("failed", error)
    assert driver.state("script")["state"] == "idle"
    assert driver.of(ReleaseJobs) == [ReleaseJobs()]


def test_the_last_line_outlasts_a_run_whose_printer_is_gone() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptReturned(RUN_1, True, {}), ScriptEnded(RUN_1, 0, "ended"))
    driver.handle_all(LineQueued(f"{RUN_1}.end", 1))
    driver.handle_all(PrinterGone("the printer was disconnected"))
    assert driver.state("script")["state"] == "idle"
    assert driver.of(SendLine) == [SendLine(f"{RUN_1}.end", "G90")]
    assert driver.handle_all(LineSuppressed(f"{RUN_1}.end", "the printer was disconnected meanwhile")) == []


def test_a_firmware_reset_releases_the_jobs() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    assert driver.handle_all(PrinterGone("the firmware was reset", reset=True)) == [TerminateScript(), DropLines()]
    *_, released, told = driver.end()
    assert released == ReleaseJobs()
    assert told.name == "AutomationScriptError"
    assert driver.state("script")["last"]["error"] == "the firmware was reset"


def test_a_disconnect_without_a_run_does_nothing() -> None:
    assert ScriptBridgeDriver().handle_all(PrinterGone("the printer was disconnected")) == []


def test_a_hold_that_comes_too_late_is_let_go() -> None:
    assert ScriptBridgeDriver().handle_all(JobsHeld(RUN_1)) == [ReleaseJobs()]


def test_a_shutdown_publishes_the_end_before_offline() -> None:
    driver = ScriptBridgeDriver()
    driver.run(transaction="t")
    driver.handle(Stopping())
    assert driver.of(KillScript) == [KillScript()]
    assert [body["status"] for body in driver.bodies("response")] == ["accepted", "failed"]
    assert driver.bodies("response")[-1]["error"]["code"] == "shutdown"
    assert driver.bodies("script_event")[-1]["error"] == "OctoPrint shuts down"


def test_a_shutdown_gives_the_heaters_their_targets_back() -> None:
    driver = ScriptBridgeDriver()
    driver.handle(EmergencyParser(True))
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M190 S90"), LineSending(f"{RUN_1}.1", "M190 S90", acknowledged=True))
    effects = driver.handle_all(Stopping())
    assert effects[:7] == [
        TerminateScript(),
        DropLines(),
        BreakHeatWait(),
        KillScript(),
        DropLines(),
        SetTarget("bed", 60.0),
        SendLine(f"{RUN_1}.end", "G90"),
    ]
    assert AwaitLines() in effects[5:]
    assert "heaters stay on: bed" in driver.bodies("script_event")[-1]["error"]


def test_a_process_that_is_killed_in_a_heat_wait_ends_it() -> None:
    """By systemd, which ends it together with OctoPrint, or by Linux when the memory is used up."""
    driver = ScriptBridgeDriver()
    driver.handle(EmergencyParser(True))
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M190 S90"), LineSending(f"{RUN_1}.1", "M190 S90", acknowledged=True))
    effects = driver.handle_all(ScriptEnded(RUN_1, -9, "was ended by SIGKILL"))
    assert [each for each in effects if isinstance(each, DropLines | BreakHeatWait | SetTarget)] == [
        DropLines(),
        BreakHeatWait(),
        SetTarget("bed", 60.0),
    ]


def test_a_shutdown_without_a_printer_sends_nothing() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M190 S90"), PrinterGone("the printer was disconnected"))
    assert not [effect for effect in driver.handle_all(Stopping()) if isinstance(effect, SetTarget | SendLine)]
