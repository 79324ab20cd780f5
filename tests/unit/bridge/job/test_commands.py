"""The commands about job and connection: accepted, refused, and their replies."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.job.commands import MOST_PENDING
from octoprint_temp_eta.bridge.printer.printer import OPENING_S
from octoprint_temp_eta.bridge.protocol.job_effects import PrinterAction
from octoprint_temp_eta.bridge.protocol.job_inputs import ActionDone
from octoprint_temp_eta.core.printer_commands import ACCEPTED_IN
from octoprint_temp_eta.settings.table import parse
from tests.support.bridge_driver import BridgeDriver, connected
from tests.support.script_bridge_driver import ScriptBridgeDriver

ACCEPTING = {
    "job/start": "OPERATIONAL",
    "job/pause": "PRINTING",
    "job/resume": "PAUSED",
    "job/cancel": "PAUSED",
    "printer/connect": "OFFLINE",
    "printer/disconnect": "OPERATIONAL",
    "printer/emergency_stop": "PRINTING",
}
BODIES: dict[str, dict[str, Any]] = {"job/start": {"file": "boxes/lid.gcode"}}
EACH = pytest.mark.parametrize("command", ACCEPTED_IN)


def in_state(state: str, **settings: Any) -> BridgeDriver:
    driver = connected(**{"allow_job_start": True, **settings})
    driver.carries_out = False
    driver.printer(state=state, connected=state != "OFFLINE", printing=state in ("PRINTING", "PAUSED"))
    return driver


def actions(driver: BridgeDriver) -> list[PrinterAction]:
    return driver.of(PrinterAction)  # type: ignore[arg-type]


@EACH
def test_octoprint_carries_it_out_and_the_reply_follows(command: str):
    driver = in_state(ACCEPTING[command])
    assert driver.command(command, {**BODIES.get(command, {}), "transaction": 7}) == []
    [action] = actions(driver)
    assert action.command == command
    mark = len(driver.sent)
    driver.handle(ActionDone(action.token))
    [reply] = driver.bodies("response", since=mark)
    assert (reply["command"], reply["status"], reply["transaction"]) == (command, "completed", 7)


@EACH
def test_a_refusal_of_octoprint_is_the_reply(command: str):
    driver = in_state(ACCEPTING[command])
    driver.command(command, BODIES.get(command, {}))
    mark = len(driver.sent)
    driver.handle(ActionDone(actions(driver)[0].token, ("unknown_file", "There is no file.")))
    [reply] = driver.bodies("response", since=mark)
    assert (reply["status"], reply["error"]["code"]) == ("failed", "unknown_file")


@EACH
def test_in_another_state_it_is_rejected(command: str):
    driver = in_state(
        "OPERATIONAL" if command in ("printer/connect", "job/resume", "job/pause", "job/cancel") else "OFFLINE"
    )
    [reply] = driver.command(command, BODIES.get(command, {}))
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "printer_not_ready")
    assert actions(driver) == []


def test_the_printer_is_connected_again_once_octoprint_could_not_open_the_port():
    driver = in_state("OPEN_SERIAL")
    [reply] = driver.command("printer/connect")
    assert (reply["error"]["code"], "opening the port" in reply["error"]["message"]) == ("printer_not_ready", True)
    driver.advance(OPENING_S)
    driver.command("printer/connect")
    assert [action.command for action in actions(driver)] == ["printer/connect"]


def test_a_printer_that_octoprint_is_connecting_to_is_not_called_connected():
    [reply] = in_state("CONNECTING").command("printer/connect")
    assert reply["error"]["message"] == "The printer's state is CONNECTING: OctoPrint is connecting."


@EACH
def test_each_can_be_switched_off(command: str):
    driver = in_state(ACCEPTING[command], **{f"allow_{command.replace('/', '_')}": False})
    [reply] = driver.command(command, BODIES.get(command, {}))
    assert reply["error"]["code"] == "disabled"
    assert command not in driver.state("info")["commands"]


def test_all_but_starting_a_print_are_permitted_by_default():
    settings = parse({})
    off = {command for command in ACCEPTED_IN if not getattr(settings, f"allow_{command.replace('/', '_')}")}
    assert off == {"job/start"}


def test_the_file_to_print_is_passed_on():
    driver = in_state("OPERATIONAL")
    driver.command("job/start", {"file": "LID~1.GCO", "origin": "sdcard"})
    assert [(each.file, each.origin) for each in actions(driver)] == [("LID~1.GCO", "sdcard")]


def test_a_retained_command_is_refused():
    driver = in_state("PRINTING")
    [reply] = driver.command("job/cancel", b"PRESS", retained=True)
    assert reply["error"]["code"] == "retained_command"
    assert actions(driver) == []


def test_a_print_that_waits_for_a_script_cannot_be_paused():
    driver = ScriptBridgeDriver()
    driver.run()
    driver.printer(printing=True, state="STARTING")
    [reply] = driver.command("job/pause")
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "printer_not_ready")
    assert "waits for a script" in reply["error"]["message"]


def test_the_printer_is_not_disconnected_while_a_script_runs():
    driver = ScriptBridgeDriver()
    driver.run()
    [reply] = driver.command("printer/disconnect")
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "busy")
    assert reply["error"]["message"] == "A script is running. Cancel it first."


def test_commands_that_octoprint_does_not_carry_out_do_not_pile_up():
    driver = in_state("PRINTING")
    for _ in range(MOST_PENDING):
        driver.command("job/pause")
        driver.advance(1)
    [reply] = driver.command("job/pause")
    assert reply["error"]["code"] == "busy"
    assert driver.command("printer/emergency_stop") == []
    assert actions(driver)[-1].command == "printer/emergency_stop"


def test_a_flood_does_not_keep_the_emergency_stop_out():
    driver = in_state("PRINTING")
    for _ in range(40):
        driver.command("snapshot")
    driver.command("printer/emergency_stop")
    assert [each.command for each in actions(driver)] == ["printer/emergency_stop"]
