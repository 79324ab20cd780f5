"""A run that was going on when OctoPrint was killed."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.bridge.protocol.inputs import Stopping
from octoprint_temp_eta.bridge.protocol.script_effects import AwaitLines, FireEvent
from octoprint_temp_eta.bridge.protocol.script_inputs import ScriptEnded, ScriptLine, ScriptReturned
from octoprint_temp_eta.bridge.scripts.interrupted import REASON, RUN
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


@pytest.mark.parametrize(("cancelled", "killed"), [(False, False), (True, False), (True, True)])
def test_a_run_whose_last_lines_were_not_seen_is_reported_at_the_next_start(cancelled: bool, killed: bool) -> None:
    """Its end is reported before, and the command is replied to; what the printer has done of it is unknown.

    OctoPrint's stop waits for those lines. It may be killed before, as the printer may wait for a heater for minutes.
    """
    former = ScriptBridgeDriver()
    former.run(transaction="mine")
    former.handle_all(ScriptLine(RUN_1, 1, "M104 S60"))
    if cancelled:
        former.command("script/cancel", b"PRESS")
        former.handle_all(ScriptEnded(RUN_1, 0, "ended"))
    if not killed:
        former.handle(Stopping())
    stored = files(former)
    assert problem(RUN, stored[RUN]) is None
    assert len(former.bodies("response")) == (3 if cancelled else 2)

    driver = BridgeDriver(remembered=stored)
    driver.connect()
    [event] = driver.bodies("script_event")
    assert (event["event_type"], event["run_id"]) == ("error", RUN_1)
    assert event["error"].startswith(f"{REASON}. OctoPrint has not seen these switched off or set back: tool0. ")
    assert driver.bodies("response") == []
    assert files(driver)[RUN] is None


def test_a_damaged_file_is_set_aside():
    assert problem(RUN, {"run_id": "a"}) is not None
    assert problem(RUN, {"run_id": "a", "id": "b", "title": "c", "started_at": "d", "transaction": None}) is not None


def awaited_at_stop(driver: ScriptBridgeDriver) -> list[str]:
    """Stop OctoPrint, and return what may be on if the printer does not follow in time."""
    awaited = AwaitLines() in driver.handle_all(Stopping())
    may_be_on = (files(driver)[RUN] or {}).get("may_be_on", [])
    assert awaited is bool(may_be_on)
    return list(may_be_on)


def test_a_shutdown_waits_for_a_spindle_that_is_on() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "M3 S1000"))
    assert awaited_at_stop(driver) == ["the spindle or laser"]


@pytest.mark.parametrize("line", ["M104 S60", "M3 S1000"])
@pytest.mark.parametrize("end", ["cancelled", "finished", "settled"])
def test_a_shutdown_waits_for_a_cancelled_run_that_the_printer_has_not_followed(line: str, end: str) -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, line))
    if end == "finished":
        driver.handle_all(ScriptReturned(RUN_1, True, {}))
    else:
        driver.command("script/cancel", b"PRESS")
    if end == "settled":
        driver.end()
        for key in ("spindle", "ask1", "end"):
            driver.ack(f"{RUN_1}.{key}", "G90")
    else:
        driver.handle_all(ScriptEnded(RUN_1, 0, "ended"))
    assert driver.state("script")["state"] == {"settled": "idle", "cancelled": "cancelling"}.get(end, "running")
    assert bool(awaited_at_stop(driver)) is (end == "cancelled")


def test_a_shutdown_waits_for_no_run_that_has_switched_nothing_on() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "G28"))
    assert awaited_at_stop(driver) == []
    assert driver.bodies("script_event")[-1]["error"] == "OctoPrint shuts down"
