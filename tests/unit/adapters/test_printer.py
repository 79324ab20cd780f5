"""The printer as the bridge uses it: what is called, in which order, and what the hooks hand on."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from octoprint_temp_eta.adapters.line_tags import TAGS
from octoprint_temp_eta.bridge.protocol.effects import SetTarget
from octoprint_temp_eta.bridge.protocol.script_effects import (
    BreakHeatWait,
    FakeOk,
    HoldJobs,
    ReleaseJobs,
    SendLine,
    SendLines,
)
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    JobsHeld,
    LineQueued,
    LineReceived,
    LineSending,
    LineSent,
    MotionRefused,
    OthersLineQueued,
    PrinterGone,
)
from octoprint_temp_eta.core.gcode.motion import Modes
from octoprint_temp_eta.core.gcode.targets import Asked
from tests.support.octoprint_printer import FakeOctoPrint, pass_over


def test_the_jobs_are_held_before_the_printer_is_looked_at() -> None:
    octoprint = FakeOctoPrint()
    assert octoprint.do(HoldJobs("r1")) == [JobsHeld("r1")]
    assert octoprint.printer.calls == [("hold", True), "ready?"]


@pytest.mark.parametrize(("line", "gcode", "late"), [("HELLO", None, True), ("M117 hello", "M117", False)])
def test_a_line_just_before_a_run_may_still_be_acknowledged(line: str, gcode: str | None, late: bool) -> None:
    octoprint = FakeOctoPrint()
    octoprint.hooks.hook_sending(None, "sending", line, None, gcode)
    assert octoprint.do(HoldJobs("r1")) == [JobsHeld("r1", late_ok=late)]


def test_a_run_knows_whether_octoprint_ignores_errors_of_the_firmware() -> None:
    octoprint = FakeOctoPrint(ignoreErrorsFromFirmware=True)
    assert octoprint.do(HoldJobs("r1")) == [JobsHeld("r1", ignores_errors=True)]


def test_a_run_begins_with_the_targets_that_the_printer_may_not_have_reported() -> None:
    octoprint = FakeOctoPrint()
    for line in ("M140 S60", "M140 S0", "M117 hello"):
        octoprint.printer.queue(line, {"source:api"})
    octoprint.hooks.hook_sending(None, "sending", "M140 S60", None, "M140", tags={"source:api"})
    [held] = octoprint.do(HoldJobs("r1"))
    assert isinstance(held, JobsHeld)
    assert held.targets == (Asked("bed", 60.0), Asked("bed", 0.0))
    octoprint.do(ReleaseJobs())
    octoprint.hooks.reset_modes()
    assert octoprint.do(HoldJobs("r2")) == [JobsHeld("r2")]


def test_what_a_run_has_set_is_what_the_next_one_begins_with() -> None:
    """Else the bed would be heated again after the second run."""
    octoprint = FakeOctoPrint()
    octoprint.printer.queue("M140 S60", {"source:api"})
    octoprint.do(HoldJobs("r1"))
    octoprint.do(SendLine("r1.1", "M140 S0"), ReleaseJobs())
    [held] = octoprint.do(HoldJobs("r2"))
    assert isinstance(held, JobsHeld)
    assert held.targets == (Asked("bed", 60.0), Asked("bed", 0.0))


def test_a_printer_that_is_not_ready_is_let_go() -> None:
    octoprint = FakeOctoPrint()
    octoprint.printer.ready = False
    assert octoprint.do(HoldJobs("r1")) == [JobsHeld("r1", "the printer is not ready: Printing")]
    assert octoprint.printer.calls == [("hold", True), "ready?", ("hold", False)]


def test_a_connection_without_a_hold_is_refused() -> None:
    octoprint = FakeOctoPrint()
    octoprint.printer.can_hold = False
    [held] = octoprint.do(HoldJobs("r1"))
    assert held == JobsHeld("r1", "OctoPrint cannot hold print jobs on this connection; scripts need a serial one")
    assert pass_over(octoprint, "G28", "G28") == []


def test_a_printer_that_is_not_there() -> None:
    octoprint = FakeOctoPrint()
    octoprint.printer.connected = False
    assert octoprint.do(HoldJobs("r1")) == [JobsHeld("r1", "the printer is not connected")]
    assert octoprint.do(ReleaseJobs()) == []


def test_a_connection_that_closes_while_octoprint_holds_jobs_is_a_refusal() -> None:
    """OctoPrint looks first, and then calls a method of its connection."""
    octoprint = FakeOctoPrint()
    octoprint.printer.set_job_on_hold = lambda _: None.set_job_on_hold  # type: ignore[assignment, attr-defined]
    assert octoprint.do(HoldJobs("r1")) == [JobsHeld("r1", "the printer is not connected")]
    assert octoprint.do(ReleaseJobs()) == []


def test_a_connection_that_goes_while_octoprint_looks_is_a_refusal() -> None:
    octoprint = FakeOctoPrint()

    def goes() -> bool:
        octoprint.printer.connected = False
        raise AttributeError("'NoneType' object has no attribute 'isBusy'")

    octoprint.printer.is_ready = goes  # type: ignore[method-assign]
    [held] = octoprint.do(HoldJobs("r1"))
    assert isinstance(held, JobsHeld)
    assert held.refusal
    assert pass_over(octoprint, "G28", "G28") == []


def test_several_commands_in_flight_are_reported() -> None:
    assert FakeOctoPrint(ackMax=2).do(HoldJobs("r1")) == [JobsHeld("r1", window=2)]


@pytest.mark.parametrize(("made", "counts"), [(None, [1]), (["G1 X1", "G1 X2"], [1, 2])])
def test_what_octoprint_makes_of_a_line(made: list[str] | None, counts: list[int]) -> None:
    octoprint = FakeOctoPrint()
    if made is not None:
        octoprint.printer.made["G1"] = made
    octoprint.do(HoldJobs("r1"))
    assert octoprint.do(SendLine("r1.1", "G1")) == [LineQueued("r1.1", parts) for parts in counts]


def test_lines_that_belong_to_no_run() -> None:
    octoprint = FakeOctoPrint()
    assert octoprint.do(SendLines(("G21", "G90"))) == []
    assert octoprint.printer.calls == [(["G21"], False), (["G90"], False)]


def test_lines_that_belong_to_no_run_are_not_sent_into_a_print() -> None:
    """The bridge may not know yet that one has begun."""
    octoprint = FakeOctoPrint()
    octoprint.printer.prints = True
    assert octoprint.do(SendLines(("G28",))) == []
    assert octoprint.printer.calls == []


def test_a_heat_wait_is_interrupted_outside_the_queue() -> None:
    octoprint = FakeOctoPrint()
    octoprint.do(BreakHeatWait())
    assert octoprint.printer.calls == [(["M108"], True)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("M112", "there was an emergency stop (M112)"),
        ("M28 a.gco", "a file is being written to the printer's SD card"),
    ],
)
def test_what_ends_a_run_is_reported_and_passes(line: str, reason: str) -> None:
    octoprint, gcode = FakeOctoPrint(), line.split(" ", 1)[0]
    octoprint.hooks.hook_queuing(None, "queuing", line, None, gcode, tags={"source:api"})
    octoprint.do(HoldJobs("r1"))
    octoprint.hooks.hook_queuing(None, "queuing", "M105", None, "M105", subcode=None, tags=None)
    assert octoprint.published() == []
    assert octoprint.hooks.hook_queuing(None, "queuing", line, None, gcode, tags={"source:api"}) is None
    assert octoprint.published() == [PrinterGone(reason)]


def test_the_hooks_report_lines_during_a_run() -> None:
    octoprint = FakeOctoPrint()
    assert pass_over(octoprint, "G28", "G28") == []
    octoprint.do(HoldJobs("r1"))
    ours, received = {"other", "temp_eta:script:r1.1"}, LineReceived("ok\n")
    assert pass_over(octoprint, "G28", "G28", ours) == [LineSending("r1.1", "G28", True), received]
    others = [LineSending(None, "G28", True), LineSent(None, "G28", True), received]
    assert pass_over(octoprint, "G28", "G28", {"other"}) == others
    octoprint.do(ReleaseJobs())
    assert pass_over(octoprint, "G28", "G28", ours) == []


def test_others_may_move_the_printer_before_they_get_the_event_of_the_end() -> None:
    """The event follows at once, though OctoPrint may still be busy with an earlier call."""
    octoprint, free = FakeOctoPrint(), threading.Event()
    octoprint.do(HoldJobs("r1"))
    octoprint.printer.fake_ack = lambda: free.wait(10)  # type: ignore[assignment, method-assign, return-value]
    octoprint.hooks.performers[FakeOk](FakeOk())
    assert octoprint.hooks.hook_queuing(None, "queuing", "G28", None, "G28", tags={"other"}) == (None,)
    octoprint.hooks.performers[ReleaseJobs](ReleaseJobs())
    assert octoprint.hooks.hook_queuing(None, "queuing", "G28", None, "G28", tags={"other"}) is None
    free.set()


@pytest.mark.parametrize(
    ("serial", "firmware", "expected"),
    [
        ({}, "Marlin", False),
        ({"unknownCommandsNeedAck": True}, "Marlin", True),
        ({"firmwareDetection": True}, "Klipper", True),
        ({"firmwareDetection": True}, "Prusa-Firmware 3.14", True),
        ({"firmwareDetection": False}, "Klipper", False),
        ({"firmwareDetection": True}, None, False),
    ],
)
def test_whether_octoprint_expects_an_ok_for_what_is_no_gcode(
    serial: dict[str, Any], firmware: str | None, expected: bool
) -> None:
    octoprint = FakeOctoPrint(**serial)
    octoprint.printer.firmware_info = None if firmware is None else {"name": firmware}
    octoprint.do(HoldJobs("r1"))
    first = pass_over(octoprint, "START_PRINT", None, {"temp_eta:script:r1.1"})[0]
    assert first == LineSending("r1.1", "START_PRINT", expected)


def test_the_tool_in_use_at_the_start_of_a_run_is_reported() -> None:
    octoprint = FakeOctoPrint()
    octoprint.printer.queue("T1", API)
    assert octoprint.do(HoldJobs("r1")) == [JobsHeld("r1", modes=Modes(tool="T1"))]


@pytest.mark.parametrize(("firmware", "first"), [("Repetier_1.0.5", True), ("Marlin", False)])
def test_whether_the_firmware_acknowledges_lines_before_it_executes_them(firmware: str, first: bool) -> None:
    octoprint = FakeOctoPrint()
    octoprint.printer.firmware_info = {"name": firmware}
    assert octoprint.do(HoldJobs("r1")) == [JobsHeld("r1", ok_first=first)]


def test_a_mode_in_lower_case_is_a_mode() -> None:
    octoprint = octoprint_with_a_run(allow_motion=True)
    octoprint.do(SendLine("r1.1", "G1 X1"))
    octoprint.hooks.hook_queued(None, "queued", "g91", None, None, tags=API)
    octoprint.printer.queued.clear()
    octoprint.do(SendLine("r1.2", "G1 X1"))
    assert octoprint.printer.queued == ["G90", "G1 X1"]


def test_what_the_bridge_asks_for_in_an_order_is_done_in_that_order():
    octoprint = FakeOctoPrint()
    octoprint.do(HoldJobs("run"))
    octoprint.do(SetTarget("tool0", 40.0), SendLine("run.end", "G90"), SetTarget("bed", 0.0))
    assert octoprint.printer.calls[2:] == [("tool0", 40.0), (["G90"], False), ("bed", 0.0)]


API = {"source:api"}
JOG = {"source:api", "trigger:printer.jog"}


def octoprint_with_a_run(*, allow_motion: bool = False) -> FakeOctoPrint:
    octoprint = FakeOctoPrint()
    octoprint.do(HoldJobs("r1", allow_motion))
    return octoprint


@pytest.mark.parametrize("line", ["G1 X5", "G28", "G92 X0", "T1", "M84", "M600"])
def test_motion_of_others_is_refused_while_a_script_runs(line: str) -> None:
    octoprint = octoprint_with_a_run()
    assert octoprint.printer.queue(line, API) == []
    assert octoprint.published() == [MotionRefused(line)]
    octoprint.do(ReleaseJobs())
    assert octoprint.printer.queue(line, API) == [line]


@pytest.mark.parametrize(
    "line", ["M104 S200", "M104 T1 S200", "M140 S60", "M105", "M112", "M117 G28", "M106 S255", "FOO"]
)
def test_all_else_of_others_passes(line: str) -> None:
    octoprint = octoprint_with_a_run()
    assert octoprint.printer.queue(line, API) == [line]


def test_a_refused_jog_changes_no_mode() -> None:
    octoprint = octoprint_with_a_run()
    octoprint.do(SendLine("r1.1", "G91"))
    assert [octoprint.printer.queue(line, JOG) for line in ("G91", "G0 X1", "G90")] == [[], [], []]
    octoprint.do(SendLine("r1.2", "G1 Z-1"))
    assert octoprint.printer.queued == ["G91", "G1 Z-1"]


@pytest.mark.parametrize(
    ("script", "others", "restored"),
    [
        (["G91"], ["G90"], ["G91"]),
        (["G91", "M83"], ["G90"], ["G91", "M83"]),
        (["G91"], ["M82"], ["G91"]),
        (["G90"], ["G91", "G90"], []),
        (["G20", "T1"], ["G21", "T0"], ["T1", "G20"]),
        ([], ["G91"], ["G90"]),
        (["M104 T1 S200"], [], []),
    ],
)
def test_a_mode_that_others_change_is_followed_by_the_scripts_own(
    script: list[str], others: list[str], restored: list[str]
) -> None:
    octoprint = octoprint_with_a_run(allow_motion=True)
    for number, line in enumerate(script):
        octoprint.do(SendLine(f"r1.{number}", line))
    for line in others:
        assert octoprint.printer.queue(line, API) == [line]
    octoprint.printer.queued.clear()
    octoprint.do(SendLine("r1.7", "G1 Z-1"), SendLine("r1.8", "G1 Z-1"))
    assert octoprint.printer.queued == [*restored, "G1 Z-1", "G1 Z-1"]


def test_the_modes_at_the_start_of_a_run_are_those_of_before() -> None:
    octoprint = FakeOctoPrint()
    octoprint.printer.queue("G91", API)
    octoprint.do(HoldJobs("r1"))
    octoprint.printer.queue("G90", API)
    octoprint.do(SendLine("r1.1", "G1 X1"))
    assert octoprint.printer.queued == ["G91", "G1 X1"]


@pytest.mark.parametrize("caller", [API, TAGS], ids=["by OctoPrint's button", "by our command"])
def test_a_waiting_print_that_is_cancelled_does_not_end_the_scripts_heat_wait(caller: set[str]) -> None:
    octoprint = octoprint_with_a_run()
    assert octoprint.printer.queue("M108", {*caller, "trigger:cancel", "trigger:abort_heatup"}) == []
    assert octoprint.printer.queue("M108", API) == ["M108"]
    assert octoprint.published() == [OthersLineQueued("M108")]
