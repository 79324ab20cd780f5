"""A run that was going on when OctoPrint was killed."""

from __future__ import annotations

from typing import Any

from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.bridge.protocol.script_effects import FireEvent
from octoprint_temp_eta.bridge.protocol.script_inputs import ScriptEnded, ScriptReturned
from octoprint_temp_eta.bridge.scripts.interrupted import RUN
from octoprint_temp_eta.messages.stored import problem
from tests.support.bridge_driver import BridgeDriver
from tests.support.script_bridge_driver import RUN_1, ScriptBridgeDriver


def files(driver: BridgeDriver) -> dict[str, Any]:
    return {save.name: save.value for save in driver.of(Save)}


def test_a_run_that_a_killed_octoprint_has_left_is_reported_once():
    former = ScriptBridgeDriver()
    former.run(transaction="mine")
    stored = files(former)
    assert problem(RUN, stored[RUN]) is None

    driver = BridgeDriver(remembered=stored)
    driver.connect()
    [event] = driver.bodies("script_event")
    assert (event["event_type"], event["run_id"]) == ("error", RUN_1)
    assert "may still be on" in event["error"]
    [reply] = driver.bodies("response")
    assert (reply["status"], reply["transaction"], reply["error"]["code"]) == ("failed", "mine", "shutdown")
    assert driver.state("script")["last"]["run_id"] == RUN_1
    assert [effect.name for effect in driver.of(FireEvent)] == ["AutomationScriptError"]

    again = BridgeDriver(remembered=stored | files(driver))
    again.connect()
    assert again.bodies("script_event") == []


def test_a_run_that_has_ended_leaves_nothing():
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptReturned(RUN_1, True, {}))
    driver.end()
    assert files(driver)[RUN] is None
    assert problem(RUN, None) is None


def test_a_run_whose_end_was_reported_while_the_printer_finishes_leaves_nothing():
    driver = ScriptBridgeDriver()
    driver.run()
    driver.command("script/cancel", b"PRESS")
    driver.handle_all(ScriptEnded(RUN_1, 0, "ended"))
    assert driver.state("script")["state"] == "cancelling"
    assert files(driver)[RUN] is None


def test_a_damaged_file_is_set_aside():
    assert problem(RUN, {"run_id": "a"}) is not None
    assert problem(RUN, {"run_id": "a", "id": "b", "title": "c", "started_at": "d", "transaction": None}) is not None
