"""The commands about scripts: starting a run, and everything that is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.bridge.protocol.effects import Page, Publish, Save
from octoprint_temp_eta.bridge.protocol.inputs import MessageArrived
from octoprint_temp_eta.bridge.protocol.script_effects import (
    FireEvent,
    HoldJobs,
    ReleaseJobs,
    ReplyToLine,
    SendLine,
    StartScript,
)
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    JobsHeld,
    ScriptEnded,
    ScriptLine,
    ScriptReturned,
    ScriptRunning,
    ScriptStatus,
)
from octoprint_temp_eta.core.scripts.catalogue import Script
from octoprint_temp_eta.core.scripts.run import Flow
from tests.support.script_bridge_driver import ASK, COMMON, RUN_1, ScriptBridgeDriver


def test_a_run_from_its_start_to_its_end() -> None:
    driver = ScriptBridgeDriver(script_folder="/s")
    effects = driver.handle(
        MessageArrived(driver.topic("command/script/start"), b'{"id": "steps", "transaction": "t"}')
    )
    assert [effect for effect in effects if not isinstance(effect, Publish | Page | Save)] == [HoldJobs(RUN_1)]
    assert driver.state("script")["state"] == "starting"
    assert driver.handle_all(JobsHeld(RUN_1)) == [ASK, StartScript(RUN_1, "/s", "steps.py", {}, {})]
    assert driver.handle_all(ScriptRunning(RUN_1)) == [FireEvent("AutomationScriptStarted", COMMON)]
    assert driver.state("script")["state"] == "running"
    status = {**COMMON, "status": "counting"}
    assert driver.handle_all(ScriptStatus(RUN_1, "counting")) == [FireEvent("AutomationScriptStatusChanged", status)]
    assert driver.state("script")["status"] == "counting"

    assert driver.handle_all(ScriptLine(RUN_1, 7, "M114")) == [SendLine(f"{RUN_1}.7", "M114")]
    assert driver.ack(f"{RUN_1}.7", "M114", "X:1") == [ReplyToLine(7, "X:1\nok\n")]

    assert driver.handle_all(ScriptReturned(RUN_1, True, {"count": 5})) == []
    assert driver.handle_all(ScriptEnded(RUN_1, 0, "ended")) == [SendLine(f"{RUN_1}.end", "G90")]
    assert driver.state("script")["state"] == "running"
    finished = {**COMMON, "result": {"count": 5}, "success_message": ""}
    assert driver.ack(f"{RUN_1}.end", "G90") == [
        ReleaseJobs(),
        Save("scripts", {"version": 1, "settings": {"steps": {"count": 5}}}),
        FireEvent("AutomationScriptFinished", finished),
    ]
    assert driver.reported == [
        {"transaction": "t", "command": "script/start", "status": "accepted", "run_id": RUN_1},
        {"event_type": "started", "event": "AutomationScriptStarted", **COMMON},
        {"event_type": "status_changed", "event": "AutomationScriptStatusChanged", **status},
        {"event_type": "finished", "event": "AutomationScriptFinished", **finished},
        {
            "transaction": "t",
            "command": "script/start",
            "status": "completed",
            "run_id": RUN_1,
            "result": {"count": 5},
        },
    ]
    level = driver.state("script")
    assert (level["state"], level["last"]["outcome"], level["last"]["result"]) == ("idle", "finished", {"count": 5})


def test_what_was_stored_and_what_is_given_go_to_the_run() -> None:
    driver = ScriptBridgeDriver(
        remembered={"scripts": {"version": 1, "settings": {"steps": {"count": 9}}}}, script_folder="/s"
    )
    (reply,) = driver.start(settings={"name": "y"})
    assert driver.handle_all(JobsHeld(reply["run_id"])) == [
        ASK,
        StartScript(RUN_1, "/s", "steps.py", {"count": 9}, {"name": "y"}),
    ]


@pytest.mark.parametrize("remembered", [None, [], {"version": 2}, {"version": 1, "settings": []}])
def test_a_damaged_memory_is_none(remembered: Any) -> None:
    driver = ScriptBridgeDriver(remembered={"scripts": remembered})
    driver.start()
    _, start = driver.handle_all(JobsHeld(RUN_1))
    assert start.stored == {}


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"id": "none"}, "unknown_script", "/id"),
        ({"id": "broken.py"}, "broken_script", "/id"),
        ({"id": "steps.py"}, "unknown_script", "/id"),
        ({"id": "steps", "settings": {"other": 1}}, "invalid_settings", "/settings/other"),
        ({"id": "steps", "settings": {"name": "x\nM104 S250"}}, "invalid_settings", "/settings/name"),
        ({"id": "steps", "settings": {"count": "3"}}, "invalid_settings", "/settings/count"),
        ({"id": "steps", "settings": {"count": True}}, "invalid_settings", "/settings/count"),
        ({"id": "steps", "settings": []}, "invalid_command", "/settings"),
        ({}, "invalid_command", "/id"),
    ],
)
def test_a_start_that_is_not_right(body: dict[str, Any], code: str, path: str) -> None:
    driver = ScriptBridgeDriver()
    (reply,) = driver.command("script/start", body)
    assert (reply["status"], reply["error"]["code"], reply["error"]["path"]) == ("rejected", code, path)
    assert driver.of(HoldJobs) == []


@pytest.mark.parametrize(
    ("printer", "code"),
    [
        ({"connected": False, "state": "OFFLINE"}, "printer_not_ready"),
        ({"printing": True, "state": "PRINTING"}, "printer_not_ready"),
        ({"state": "TRANSFERING_FILE"}, "printer_not_ready"),
    ],
)
def test_a_printer_that_is_not_ready(printer: dict[str, Any], code: str) -> None:
    driver = ScriptBridgeDriver()
    driver.printer(**printer)
    (reply,) = driver.start()
    assert (reply["status"], reply["error"]["code"]) == ("rejected", code)


def test_a_printer_that_was_not_ready_after_all() -> None:
    driver = ScriptBridgeDriver()
    driver.start(transaction="t")
    driver.handle(JobsHeld(RUN_1, "the printer is not ready: Printing"))
    reply = driver.bodies("response")[-1]
    error = {"code": "printer_not_ready", "message": "The printer is not ready: Printing.", "path": None}
    assert (reply["status"], reply["error"]) == ("failed", error)
    assert driver.state("script")["state"] == "idle"
    assert driver.of(StartScript) == []


def test_one_at_a_time() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    (reply,) = driver.start()
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "busy")


def test_a_start_that_is_switched_off() -> None:
    driver = ScriptBridgeDriver(allow_script_start=False)
    (reply,) = driver.start()
    assert reply["status"] == "rejected"
    assert driver.of(HoldJobs) == []


def test_the_same_transaction_starts_once_and_gets_the_same_reply() -> None:
    driver = ScriptBridgeDriver()
    first = driver.start(transaction="t")
    assert driver.start(transaction="t") == first
    driver.handle_all(JobsHeld(RUN_1), ScriptRunning(RUN_1), ScriptReturned(RUN_1, True, {}))
    driver.end()
    assert [reply["status"] for reply in driver.start(transaction="t")] == ["accepted", "completed"]
    assert driver.of(HoldJobs) == [HoldJobs(RUN_1)]


def test_rest_gets_the_first_reply() -> None:
    (reply,) = ScriptBridgeDriver().call("script/start", {"id": "steps"})
    assert (reply["status"], reply["run_id"]) == ("accepted", RUN_1)


PAYLOADS = (
    st.binary(max_size=40)
    | st.sampled_from(["steps", "on_connect", "cancel", "broken.py", ""]).map(str.encode)
    | st.fixed_dictionaries(
        {"id": st.sampled_from(["steps", "on_connect", "none"]) | st.text(max_size=5)},
        optional={
            "settings": st.dictionaries(
                st.sampled_from(["count", "name", "other"]),
                st.none() | st.booleans() | st.integers() | st.text(max_size=3),
            ),
            "transaction": st.text(max_size=3),
            "expires_at": st.sampled_from([0, 1e12]),
            "extra": st.none(),
        },
    ).map(lambda body: json.dumps(body).encode())
)


@given(PAYLOADS, st.booleans())
def test_refused_starts_start_nothing_and_get_a_reply(payload: bytes, retained: bool) -> None:
    driver = ScriptBridgeDriver()
    replies = driver.command("script/start", payload, retained=retained)
    assert len(replies) == (1 if payload else 0)
    started = bool(driver.of(HoldJobs))
    assert started == (bool(replies) and replies[0]["status"] == "accepted")
    if not started:
        return
    assert not retained
    text = payload.decode().strip()
    body = json.loads(text) if text.startswith("{") else {"id": text}
    assert body["id"] in ("steps", "on_connect")
    assert set(body) <= {"id", "settings", "transaction", "expires_at"}
    kinds = {"count": int, "name": str} if body["id"] == "steps" else {}
    assert all(type(value) is kinds[key] for key, value in body.get("settings", {}).items())


def test_arguments_for_run_are_accepted_over_rest_only() -> None:
    driver = ScriptBridgeDriver()
    (reply,) = driver.start(arguments={"a": 1})
    assert (reply["status"], reply["error"]["path"]) == ("rejected", "/arguments")
    (reply,) = driver.call("script/start", {"id": "steps", "arguments": {"a": "x\n"}})
    assert (reply["status"], reply["error"]["path"]) == ("rejected", "/arguments/a")
    (reply,) = driver.call("script/start", {"id": "steps", "arguments": {"a": 1}})
    assert reply["status"] == "accepted"
    _, start = driver.handle_all(JobsHeld(RUN_1))
    assert start.arguments == {"a": 1}


def test_a_run_gets_the_flow_of_the_settings() -> None:
    driver = ScriptBridgeDriver(script_layer_height=0.3, script_extrusion_width=0.6, script_filament_diameter=2.85)
    driver.start()
    _, start = driver.handle_all(JobsHeld(RUN_1))
    assert start.flow == Flow(0.3, 0.6, 2.85)


def test_a_script_is_found_by_its_id_before_the_conversion() -> None:
    driver = ScriptBridgeDriver(scripts=(Script("a.py", "A", "bed_level_it"),))
    (reply,) = driver.command("script/start", b"bed-level it")
    assert reply["status"] == "accepted"


def test_a_script_is_allowed_by_its_id_before_the_conversion() -> None:
    driver = ScriptBridgeDriver(scripts=(Script("a.py", "A", "warm_up"),), allow_scripts="warm-up")
    assert driver.command("script/start", {"id": "warm-up"})[0]["status"] == "accepted"


@pytest.mark.parametrize(("allowed", "status"), [("", "accepted"), ("other, steps", "accepted"), ("other", "rejected")])
def test_only_the_scripts_of_the_list_are_started(allowed: str, status: str) -> None:
    driver = ScriptBridgeDriver(allow_scripts=allowed)
    reply = driver.command("script/start", {"id": "steps"})[0]
    assert reply["status"] == status
    if status == "rejected":
        assert (reply["error"]["code"], reply["error"]["path"]) == ("not_permitted", "/id")
        assert "allow_scripts" in reply["error"]["message"]
