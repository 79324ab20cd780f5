"""The messages about runs: status, events and log lines."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest

from octoprint_temp_eta.bridge.protocol.effects import Log
from octoprint_temp_eta.bridge.protocol.inputs import Delivered, Stopping
from octoprint_temp_eta.bridge.protocol.script_effects import FireEvent, ReleaseJobs
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    JobsHeld,
    PrinterGone,
    ScriptEnded,
    ScriptInput,
    ScriptLine,
    ScriptLogged,
    ScriptRaised,
    ScriptReturned,
    ScriptRunning,
    ScriptStatus,
)
from octoprint_temp_eta.bridge.scripts.reports import RunReports
from octoprint_temp_eta.script_child.channel.log import BURST
from tests.support.script_bridge_driver import COMMON, RUN_1, RUN_2, ScriptBridgeDriver


def test_events_wait_for_the_broker_in_order() -> None:
    driver = ScriptBridgeDriver()
    driver.lose()
    for number in (1, 2):
        driver.call("script/start", {"id": "steps"})
        run_id = f"4f1b9c02-{number}"
        driver.handle_all(JobsHeld(run_id), ScriptRunning(run_id), ScriptReturned(run_id, True, {}))
        driver.end(run_id)
    driver.skip(600)
    driver.connect()
    events = [(body["run_id"], body["event_type"]) for body in driver.bodies("script_event")]
    assert events == [(RUN_1, "started"), (RUN_1, "finished"), (RUN_2, "started"), (RUN_2, "finished")]


def test_a_burst_of_log_lines_reaches_a_slow_broker() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.acknowledges = False
    logged = [f"line {number}" for number in range(BURST)]
    for line in logged:
        driver.handle(ScriptLogged(RUN_1, "warning", line))
    assert len(driver.bodies("script_log")) < BURST
    driver.acknowledges = True
    driver.skip(2.0)
    for _, publish in list(driver.sent):
        driver.handle(Delivered(driver.link, publish.token))
    lines = driver.bodies("script_log")
    assert [line["message"] for line in lines] == logged
    assert {line["level"] for line in lines} == {"warning"}
    assert [log.text for log in driver.of(Log) if log.level == logging.WARNING][-BURST:] == [
        f"Script: {line}" for line in logged
    ]


def test_log_lines_are_dropped_without_a_connection() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.lose()
    driver.handle(ScriptLogged(RUN_1, "info", "lost"))
    driver.connect()
    assert driver.bodies("script_log") == []


@pytest.mark.parametrize(
    ("level", "published", "logged"),
    [("WARNING", "warning", logging.WARNING), ("notset", "info", logging.INFO), ("loud", "info", logging.INFO)],
)
def test_a_log_line_has_a_known_level_and_no_control_characters(level: str, published: str, logged: int) -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle(ScriptLogged(RUN_1, level, "a\n2026 - forged\x00\x1b[31m\u2028b"))
    assert driver.bodies("script_log")[-1]["level"] == published
    assert driver.of(Log)[-1] == Log(logged, "Script: a 2026 - forged  [31m b")


def test_the_reason_of_a_failed_run_is_one_line_of_the_log() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle(ScriptReturned(RUN_1, False, {}, "bent\nforged"))
    driver.end()
    assert [log.text for log in driver.of(Log) if "bent" in log.text] == ["Script 'Steps' failed: bent forged"]


def statuses(driver: ScriptBridgeDriver) -> list[str]:
    """Return the statuses of the published events."""
    events = driver.bodies("script_event")
    return [event["status"] for event in events if event["event_type"] == "status_changed"]


def test_of_many_statuses_one_event_per_ten_seconds_is_published_and_the_state_has_the_newest() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    fired = len(driver.of(FireEvent))
    for second in range(25):
        driver.handle(ScriptStatus(RUN_1, f"step {second}"))
        assert driver.state("script")["status"] == f"step {second}"
        driver.advance(1)
    assert statuses(driver) == ["step 0", "step 9", "step 19"]
    assert len(driver.of(FireEvent)) == fired + 25


def test_the_first_status_of_the_next_run_is_published_at_once() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle(ScriptStatus(RUN_1, "first"))
    driver.handle(ScriptReturned(RUN_1, True, {}))
    driver.end()
    driver.run()
    driver.handle(ScriptStatus(RUN_2, "second"))
    assert statuses(driver) == ["first", "second"]


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ((True, "flat"), {"success_message": "flat"}),
        ((True, None), {"success_message": ""}),
        ((False, "bent"), {"failure_reason": "bent", "error": "bent"}),
        ((False, None), {"failure_reason": "", "error": "the script reported no success"}),
    ],
)
def test_events_carry_the_keys_of_automation_scripts(
    returned: tuple[bool, str | None], expected: dict[str, str]
) -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    success, message = returned
    driver.handle(ScriptReturned(RUN_1, success, {}, message))
    driver.end()
    *_, event = driver.of(FireEvent)
    assert event.name == ("AutomationScriptFinished" if success else "AutomationScriptFailed")
    assert event.payload == {**COMMON, "result": {}, **expected}


@pytest.mark.parametrize(
    ("how", "name"), [(ScriptRaised(RUN_1, "boom"), "Error"), (None, "Cancelled")], ids=["error", "cancelled"]
)
def test_octoprint_is_told_of_an_end_when_the_printer_is_free_and_mqtt_at_once(
    how: ScriptInput | None, name: str
) -> None:
    """Others react to the event with movements, which are refused while a script has the printer."""
    driver = ScriptBridgeDriver()
    driver.run()
    if how is None:
        driver.command("script/cancel", {})
    else:
        driver.handle(how)
    driver.handle(ScriptEnded(RUN_1, 0, "ended"))
    assert driver.bodies("script_event")[-1]["event"] == f"AutomationScript{name}"
    assert [each.name for each in driver.of(FireEvent)] == ["AutomationScriptStarted"]
    *_, released, told = driver.ack(f"{RUN_1}.end", "G90")
    assert released == ReleaseJobs()
    assert told.name == f"AutomationScript{name}"


@pytest.mark.parametrize("event", [Stopping(), PrinterGone("the printer was disconnected")], ids=["stop", "disconnect"])
def test_octoprint_is_told_of_an_end_although_the_printer_never_follows(event: Stopping | PrinterGone) -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    driver.command("script/cancel", {})
    driver.handle(ScriptEnded(RUN_1, 0, "ended"))
    driver.handle(event)
    assert [each.name for each in driver.of(FireEvent)] == ["AutomationScriptStarted", "AutomationScriptCancelled"]


@pytest.mark.parametrize("fault", ["report", "publish"])
def test_the_printer_is_released_although_the_end_cannot_be_reported(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RecursionError("a fault of ours")

    driver = ScriptBridgeDriver()
    driver.run()
    driver.handle_all(ScriptReturned(RUN_1, True, {}, None))
    monkeypatch.setattr(RunReports, fault, fails)
    driver.handle_all(ScriptEnded(RUN_1, 0, "ended"))
    driver.ack(f"{RUN_1}.end", "G90")
    assert driver.of(ReleaseJobs) == [ReleaseJobs()]
    assert logging.ERROR in [each.level for each in driver.of(Log)]


def test_a_clock_that_is_set_during_a_run_corrects_its_start() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    started = datetime.fromisoformat(driver.state("script")["started_at"])
    driver.set_wall(driver.now.wall + 86_400.0)
    driver.advance(1)
    assert datetime.fromisoformat(driver.state("script")["started_at"]) - started == timedelta(days=1)


def test_late_messages_of_another_run_are_ignored() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    late = (
        ScriptRunning(RUN_2),
        ScriptLine(RUN_2, 1, "G28"),
        ScriptStatus(RUN_2, "x"),
        ScriptLogged(RUN_2, "info", "left behind"),
        ScriptReturned(RUN_2, True, {}),
        ScriptEnded(RUN_2, 0, "ended"),
        JobsHeld(RUN_2, "not ready"),
    )
    assert driver.handle_all(*late) == []
    assert driver.state("script")["state"] == "running"
