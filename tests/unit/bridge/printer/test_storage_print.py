"""A print from the printer's storage that goes on without OctoPrint: what is sent, asked and refused meanwhile."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from octoprint_temp_eta.bridge.printer.storage_print import (
    ANSWER_S,
    ASK,
    ASK_S,
    GIVEN_UP,
    SILENT_S,
    STORAGE_PRINT,
)
from octoprint_temp_eta.bridge.protocol.effects import Log, Save, SetTarget
from octoprint_temp_eta.bridge.protocol.script_effects import (
    DropLines,
    ReadConnectCommands,
    ReleaseJobs,
    SendLine,
    SendLines,
    TerminateScript,
)
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    ConnectCommandsRead,
    PrinterGone,
    ScriptEnded,
    ScriptLine,
    ScriptReturned,
    StorageReported,
)
from octoprint_temp_eta.bridge.scripts.commands import STORAGE_PRINTS
from tests.support.script_bridge_driver import RUN_1, ScriptBridgeDriver

GOES_ON, NONE = StorageReported(printing=True), StorageReported(printing=False)
HOME = SendLines(("G28",))
NOT_SENT = Log(
    logging.WARNING,
    "Script on_connect: its on-connect commands are not sent, as the printer prints from its storage (SD card), or has"
    " not reported the end of that print",
)


def refusal(driver: ScriptBridgeDriver) -> str | None:
    (reply,) = driver.start()
    return None if reply["status"] == "accepted" else f"{reply['error']['code']}: {reply['error']['message']}"


REFUSED = f"printer_not_ready: {STORAGE_PRINTS}"


def restarted(*, stored: bool = True) -> ScriptBridgeDriver:
    """Return a driver that has connected after a restart; `stored`: whether the printer was printing before."""
    driver = ScriptBridgeDriver(remembered={STORAGE_PRINT: stored})
    driver.handle(ConnectCommandsRead("on_connect", ("G28",)))
    return driver


def connected_again() -> ScriptBridgeDriver:
    """Return a driver that was disconnected during a print from the storage, and is connected again."""
    driver = ScriptBridgeDriver()
    driver.printer(state="PRINTING", printing=True)
    driver.handle(GOES_ON)
    driver.printer(state="OFFLINE", connected=False)
    driver.printer()
    driver.handle(ConnectCommandsRead("on_connect", ("G28",), request=driver.of(ReadConnectCommands)[-1].request))
    return driver


def test_no_script_starts_while_the_printer_prints_on_its_own() -> None:
    driver = ScriptBridgeDriver()
    driver.handle(GOES_ON)
    assert refusal(driver) == REFUSED
    driver.handle(NONE)
    assert refusal(driver) is None


@pytest.mark.parametrize(
    ("command", "body", "code"),
    [("job/start", {"file": "lid.gcode"}, "printer_not_ready"), ("target", {"heater": "bed", "target": 60}, "busy")],
)
def test_nothing_else_is_printed_or_heated_while_the_printer_prints_on_its_own(
    command: str, body: dict[str, Any], code: str
) -> None:
    driver = ScriptBridgeDriver(allow_job_start=True, allow_target=True)
    driver.handle(GOES_ON)
    (reply,) = driver.command(command, body)
    assert (reply["status"], reply["error"]["code"]) == ("rejected", code)
    driver.handle(NONE)
    assert "error" not in str(driver.command(command, body))


def test_on_connect_commands_are_not_sent_into_a_print_from_the_storage_nor_after_it() -> None:
    driver = ScriptBridgeDriver()
    driver.handle(GOES_ON)
    driver.handle(ConnectCommandsRead("on_connect", ("G28",)))
    driver.advance(1.0)
    driver.handle(NONE)
    driver.advance(1.0)
    assert driver.of(SendLines) == []
    assert NOT_SENT in driver.of(Log)


@pytest.mark.parametrize("stored", [False, True])
def test_only_a_printer_that_was_printing_is_asked_at_the_connect(*, stored: bool) -> None:
    assert restarted(stored=stored).of(SendLines) == ([ASK] if stored else [HOME])


@pytest.mark.parametrize("again", [restarted, connected_again])
@pytest.mark.parametrize(("answer", "sent"), [(NONE, [ASK, HOME]), (GOES_ON, [ASK])])
def test_on_connect_commands_wait_for_the_answer(again: Any, answer: StorageReported, sent: list[SendLines]) -> None:
    driver = again()
    driver.advance(ANSWER_S - 1)
    assert driver.of(SendLines) == [ASK]
    driver.handle(answer)
    driver.advance(1.0)
    assert driver.of(SendLines) == sent
    assert (NOT_SENT in driver.of(Log)) is answer.printing


def test_without_an_answer_on_connect_commands_are_left_out_and_scripts_wait() -> None:
    driver = restarted()
    driver.advance(ANSWER_S + 1)
    assert NOT_SENT in driver.of(Log)
    assert refusal(driver) == REFUSED
    driver.advance(SILENT_S)
    assert driver.of(SendLines) == [ASK] * int(SILENT_S / ASK_S)
    assert Log(logging.WARNING, GIVEN_UP) in driver.of(Log)
    assert refusal(driver) is None


def test_a_printer_that_does_not_report_on_its_own_is_asked_again() -> None:
    driver = ScriptBridgeDriver()
    driver.handle(GOES_ON)
    for _ in range(3):
        driver.advance(ASK_S - 1)
        assert driver.of(SendLines) == []
        driver.handle(GOES_ON)
    driver.advance(ASK_S)
    assert driver.of(SendLines) == [ASK]


def test_a_print_that_octoprint_knows_ends_with_it() -> None:
    """Its last report may be of a print: OctoPrint asks for the position while it cancels."""
    driver = ScriptBridgeDriver()
    driver.printer(state="PRINTING", printing=True)
    driver.handle(GOES_ON)
    driver.advance(2 * ASK_S)
    driver.printer()
    assert refusal(driver) is None
    assert ASK not in driver.of(SendLines)


def test_a_reset_of_the_firmware_ends_it() -> None:
    driver = ScriptBridgeDriver()
    driver.handle(GOES_ON)
    driver.handle(PrinterGone("the printer was disconnected"))
    assert refusal(driver) == REFUSED
    driver.handle(PrinterGone("the firmware was reset", reset=True))
    assert refusal(driver) is None


def test_it_is_stored_when_it_begins_and_when_it_ends() -> None:
    driver = ScriptBridgeDriver()
    for report in (GOES_ON, GOES_ON, NONE, NONE):
        driver.handle(report)
    saved = [each.value for each in driver.of(Save) if each.name == STORAGE_PRINT]
    assert saved == [True, False]


def sent_until_the_end(driver: ScriptBridgeDriver) -> list[Any]:
    """Let the run's process end; return the lines and targets of the whole run, with those after the process."""
    driver.handle(ScriptEnded(RUN_1, 0, "ended with status 0"))
    driver.advance(60.0)
    return [each for each in driver.effects if isinstance(each, SendLine | SetTarget)]


def test_a_print_that_is_started_at_the_printer_ends_a_run_whose_lines_would_get_into_it() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle(ScriptLine(RUN_1, 1, "M140 S90", reply=False))
    driver.read(bed=(40.0, 90.0), tool0=(21.0, 0.0))
    driver.handle(NONE)
    mark = len(driver.effects)
    driver.handle(GOES_ON)
    assert [DropLines(), TerminateScript()] == driver.effects[mark : mark + 2]
    driver.read(bed=(40.0, 60.0), tool0=(21.0, 210.0))
    assert sent_until_the_end(driver)[1:] == [], "nothing but the script's own line"
    assert driver.of(ReleaseJobs)
    end = driver.reported[-1]
    assert (end["status"], end["error"]["code"]) == ("failed", "printer_gone")
    heaters = "Heaters that were set during the run may still be on: bed"
    assert end["error"]["message"] == f"A print from the printer's storage (SD card) has begun. {heaters}."
    assert refusal(driver) == REFUSED


@pytest.mark.parametrize("line", ["M24", "m32 lid.gco", "SDCARD_PRINT_FILE FILENAME=lid.gcode"])
@pytest.mark.parametrize("ends", [False, True])
def test_a_print_that_the_script_has_started_does_not_end_the_run_and_gets_no_lines_of_its_end(
    line: str, *, ends: bool
) -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle(ScriptLine(RUN_1, 1, line, reply=False))
    driver.handle(GOES_ON)
    assert driver.of(TerminateScript) == []
    if ends:
        driver.handle(NONE)
    driver.handle(ScriptReturned(RUN_1, True, {}))
    assert [each.line for each in sent_until_the_end(driver)[1:]] == (["G90"] if ends else [])
    if not ends:
        assert driver.reported[-1]["status"] == "completed"


def test_what_a_cancelled_script_has_heated_is_named_if_it_has_started_a_print() -> None:
    """That print may need it, or have ended without a report."""
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle(ScriptLine(RUN_1, 1, "M140 S90", reply=False))
    driver.handle(ScriptLine(RUN_1, 2, "M24", reply=False))
    driver.command("script/cancel", {})
    assert sent_until_the_end(driver)[2:] == []
    assert [log for log in driver.of(Log) if log.level == logging.WARNING and log.text.endswith("bed")]
