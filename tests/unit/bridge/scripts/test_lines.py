"""The lines of a script on their way to the printer and back."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.protocol.effects import SetTarget
from octoprint_temp_eta.bridge.protocol.script_effects import (
    BreakHeatWait,
    FakeOk,
    RejectLine,
    ReplyToLine,
    SendLine,
)
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    EmergencyParser,
    JobsHeld,
    LineQueued,
    LineReceived,
    LineSending,
    LineSuppressed,
    ScriptEnded,
    ScriptLine,
    ScriptReturned,
    ScriptRunning,
)
from octoprint_temp_eta.bridge.scripts.lines import LONGEST_LINE, MOST_WAITING
from octoprint_temp_eta.core.gcode.motion import Modes
from tests.support.script_bridge_driver import RUN_1, ScriptBridgeDriver


@pytest.mark.parametrize("present", [True, False])
def test_a_wait_for_a_temperature_is_broken_where_the_firmware_can(present: bool) -> None:
    driver = ScriptBridgeDriver()
    driver.handle(EmergencyParser(present))
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M109 S200"), LineSending(f"{RUN_1}.1", "M109 S200", acknowledged=True))
    driver.command("script/cancel", b"PRESS")
    assert driver.of(BreakHeatWait) == [BreakHeatWait()] * present


def test_a_macro_that_heats_for_minutes_is_waited_for() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    key, line = f"{RUN_1}.1", "START_PRINT BED=110"
    driver.handle_all(ScriptLine(RUN_1, 1, line), LineQueued(key, 1), LineSending(key, line, acknowledged=True))
    mark = len(driver.effects)
    for second in range(400):
        driver.handle(LineReceived(f"B:{24 + 86 * second / 400:.1f} /110.0 T0:24.0 /0.0\n"))
        driver.advance(1)
    assert [effect for effect in driver.effects[mark:] if isinstance(effect, FakeOk | SetTarget | SendLine)] == []
    assert driver.handle_all(LineReceived("ok\n")) == [ReplyToLine(1, "ok\n")]
    driver.handle_all(ScriptReturned(RUN_1, True, {}))
    driver.end()
    assert driver.state("script")["last"]["outcome"] == "finished"


def test_a_silent_printer_is_asked_before_its_heaters_are_switched_off() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    key = f"{RUN_1}.1"
    driver.handle_all(ScriptLine(RUN_1, 1, "G29"), LineQueued(key, 1), LineSending(key, "G29", acknowledged=True))
    driver.advance(301)
    assert driver.of(SendLine)[-1] == SendLine(f"{RUN_1}.ask1", "M105")
    assert driver.of(FakeOk) == [FakeOk()]
    driver.handle_all(LineSending(f"{RUN_1}.ask1", "M105", acknowledged=True))
    driver.advance(900)
    assert driver.state("script")["state"] == "running"
    assert driver.handle_all(LineReceived("ok\n")) == [ReplyToLine(1, "ok\n")]


def test_the_limit_for_a_line_is_a_setting() -> None:
    driver = ScriptBridgeDriver(script_line_timeout=400)
    driver.run()
    key = f"{RUN_1}.1"
    driver.handle_all(ScriptLine(RUN_1, 1, "G29"), LineQueued(key, 1), LineSending(key, "G29", acknowledged=True))
    driver.advance(402)
    assert driver.of(RejectLine) == [RejectLine(1, "the printer did not acknowledge it within 400 s")]


def test_a_line_that_is_rejected() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    for line in ("G28\nM112", "G28\x00", "M117 " + "x" * LONGEST_LINE):
        (refusal,) = driver.handle_all(ScriptLine(RUN_1, 1, line))
        assert isinstance(refusal, RejectLine)


def test_a_script_that_does_not_wait_for_replies_cannot_queue_any_number_of_lines() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    for number in range(MOST_WAITING):
        assert driver.of(RejectLine) == []
        driver.handle_all(ScriptLine(RUN_1, number, "M105"))
    (refusal,) = driver.handle_all(ScriptLine(RUN_1, MOST_WAITING, "M105"))
    assert refusal == RejectLine(MOST_WAITING, f"{MOST_WAITING} lines wait for the printer's reply already")


def test_a_line_that_octoprint_does_not_send() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 4, "M0"))
    (refusal,) = driver.handle_all(LineSuppressed(f"{RUN_1}.4", "it is blocked"))
    assert isinstance(refusal, RejectLine)
    assert refusal.seq == 4


def test_a_lost_ok_makes_octoprint_go_on() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 4, "G28"), LineQueued(f"{RUN_1}.4", 1), LineSending(f"{RUN_1}.4", "G28", True))
    driver.skip(3)
    assert driver.handle_all(LineReceived("wait\n")) == [RejectLine(4, "its ok was lost"), FakeOk()]


def test_a_printer_that_never_follows_does_not_keep_the_runner_for_ever() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptReturned(RUN_1, True, {}), ScriptEnded(RUN_1, 0, "ended"))
    for _ in range(3):
        driver.handle_all(LineSending(f"{RUN_1}.end", "G90", True))
        driver.advance(301)
    assert driver.state("script")["state"] == "idle"
    assert driver.of(FakeOk)


def test_a_g90_that_gets_no_reply_is_sent_again() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptReturned(RUN_1, True, {}), ScriptEnded(RUN_1, 0, "ended"))
    assert driver.handle_all(LineSuppressed(f"{RUN_1}.end", "it is blocked")) == [SendLine(f"{RUN_1}.end", "G90")]
    driver.ack(f"{RUN_1}.end", "G90")
    assert driver.state("script")["state"] == "idle"


@pytest.mark.parametrize(
    ("answer", "ended"), [("ok T:30.0 /60.0 B:20.0 /0.0", True), ('echo:Unknown command: "M1?5"', False)]
)
def test_only_a_report_after_the_question_shows_that_the_heaters_are_off(answer: str, ended: bool) -> None:
    """Noise may have hit the target and the question; OctoPrint shows the target that it has sent."""
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M140 S60"), ScriptEnded(RUN_1, 1, "ended with status 1"))
    driver.handle_all(LineReceived("T:30.0 /60.0 B:50.0 /60.0"))
    driver.handle_all(LineSending(f"{RUN_1}.ask1", "M105", True), LineReceived(answer), LineReceived("ok"))
    driver.handle_all(LineSending(f"{RUN_1}.end", "G90", True), LineReceived("ok"))
    assert (driver.state("script")["state"] == "idle") is ended
    assert len([each for each in driver.of(SetTarget) if each.heater == "bed"]) == 2 - ended


@pytest.mark.parametrize(
    ("before", "lines", "sent"),
    [
        ("G21", ["G20", "G1 X1"], ["G20", "G1 X1", "G21", "G90"]),
        ("G20", ["G21"], ["G21", "G20", "G90"]),
        ("G21", ["G20", "G21"], ["G20", "G21", "G90"]),
        ("G20", ["G91"], ["G91", "G90"]),
    ],
)
def test_the_units_after_a_run_are_those_before_it(before: str, lines: list[str], sent: list[str]) -> None:
    driver = ScriptBridgeDriver()
    [reply] = driver.start()
    driver.handle_all(JobsHeld(reply["run_id"], modes=Modes(units=before)), ScriptRunning(RUN_1))
    driver.handle_all(*(ScriptLine(RUN_1, number, line) for number, line in enumerate(lines)))
    driver.handle_all(ScriptReturned(RUN_1, True, {}), ScriptEnded(RUN_1, 0, "ended"))
    assert [effect.line for effect in driver.of(SendLine)] == sent


@pytest.mark.parametrize(
    ("lines", "finished", "off"),
    [
        (["M3 S10000", "G1 X5"], False, True),
        (["M4"], False, True),
        (["M3 S1", "M5"], False, False),
        (["M3 S10000"], True, False),
        (["M30", "M117 M3 on"], False, False),
    ],
)
def test_a_spindle_that_the_script_has_switched_on_is_off_after_an_unfinished_run(
    lines: list[str], finished: bool, off: bool
) -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(*(ScriptLine(RUN_1, number, line) for number, line in enumerate(lines)))
    if finished:
        driver.handle_all(ScriptReturned(RUN_1, True, {}))
    else:
        driver.command("script/cancel", b"PRESS")
    driver.handle_all(ScriptEnded(RUN_1, 0, "ended"))
    sent = [effect.line for effect in driver.of(SendLine)][len(lines) :]
    assert ("M5" in sent) is off
    assert sent[-1] == "G90"


def test_a_spindle_is_switched_off_again_if_the_printer_does_not_answer() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M3 S255"))
    driver.command("script/cancel", b"PRESS")
    driver.handle_all(ScriptEnded(RUN_1, 0, "ended"))
    driver.handle_all(LineSuppressed(f"{RUN_1}.end", "it is blocked"))
    assert [effect.line for effect in driver.of(SendLine)].count("M5") == 2


@pytest.mark.parametrize("reply", [True, False])
def test_a_line_that_the_firmware_answers_with_an_error_fails(reply: bool) -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle(ScriptLine(RUN_1, 1, "G1 X5", reply=reply))
    effects = driver.ack(f"{RUN_1}.1", "G1 X5", "!! Must home axis first")
    assert effects == [RejectLine(1, "the printer reports an error: Must home axis first")]


def test_an_error_that_octoprint_is_to_ignore_fails_no_line() -> None:
    driver = ScriptBridgeDriver()
    (started,) = driver.start()
    driver.handle_all(JobsHeld(started["run_id"], ignores_errors=True), ScriptRunning(RUN_1))
    driver.handle(ScriptLine(RUN_1, 1, "M118 x"))
    assert driver.ack(f"{RUN_1}.1", "M118 x", "Error:no error") == [ReplyToLine(1, "Error:no error\nok\n")]


def test_the_last_line_is_settled_although_a_klipper_that_has_shut_down_answers_it_with_an_error() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptReturned(RUN_1, True, {}), ScriptEnded(RUN_1, 0, "ended with status 0"))
    driver.ack(f"{RUN_1}.end", "G90", "!! Timer too close")
    assert driver.state("script")["state"] == "idle"
