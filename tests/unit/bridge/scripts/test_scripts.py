"""The bridge's side of scripts: the catalogue, how a run is started, and what is told of it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoprint_temp_eta.bridge.protocol.effects import Log, Page, Publish, Save
from octoprint_temp_eta.bridge.protocol.inputs import Delivered, MessageArrived
from octoprint_temp_eta.bridge.protocol.script_effects import (
    AnswerLine,
    AskCommands,
    FireEvent,
    HoldJobs,
    ReleaseJobs,
    ScanScripts,
    SendLine,
    SendLines,
    StartScript,
)
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    CommandsTold,
    JobsHeld,
    ScriptEnded,
    ScriptLine,
    ScriptLogged,
    ScriptReturned,
    ScriptRunning,
    ScriptsFound,
    ScriptStatus,
)
from octoprint_temp_eta.bridge.scripts.scripts import SCAN_S
from octoprint_temp_eta.script_child.log import BURST
from tests.support.bridge_driver import BridgeDriver
from tests.support.script_bench import BROKEN, COMMON, GREETS, RUN_1, RUN_2, STEPS, Bench

# The catalogue


def test_the_catalogue_is_told_with_its_errors() -> None:
    assert Bench().level("scripts") == [
        {"id": "steps", "title": "Steps", "settings": {"count": 3, "name": "x"}, "error": None},
        {"id": "greets", "title": "Greets", "settings": {}, "error": None},
        {"id": "broken.py", "title": "broken.py", "settings": {}, "error": BROKEN.error},
    ]


def test_a_broken_script_is_logged_once() -> None:
    bench = Bench()
    bench.handle(ScriptsFound((STEPS, GREETS, BROKEN)))
    bench.handle(ScriptsFound((STEPS, BROKEN)))
    warnings = [log.text for log in bench.of(Log) if log.level == logging.WARNING]
    assert warnings == [f"Script broken.py: {BROKEN.error}"]


def test_the_folder_is_looked_at_again_when_it_was_looked_at() -> None:
    bench = BridgeDriver(script_folder="/scripts", scripts=None)
    bench.advance(60)
    assert bench.of(ScanScripts) == [ScanScripts("/scripts")]
    bench.handle(ScriptsFound(()))
    bench.advance(SCAN_S)
    assert len(bench.of(ScanScripts)) == 2


def test_another_folder_is_looked_at_at_once() -> None:
    bench = Bench(script_folder="/scripts")
    bench.change_settings(script_folder="/others")
    bench.advance(0.5)
    assert bench.of(ScanScripts)[-1] == ScanScripts("/others")


def test_scripts_greet_a_printer_that_was_connected() -> None:
    stored = {"version": 1, "settings": {"greets": {"a": 1}}}
    bench = Bench(remembered={"scripts": stored}, script_folder="/s")
    ask = AskCommands("/s", "greets.py", "greets", {"a": 1})
    assert bench.of(AskCommands) == [ask]
    bench.printer()
    assert bench.of(AskCommands) == [ask]
    bench.printer(connected=False, state="OFFLINE")
    bench.printer()
    assert bench.of(AskCommands) == [ask, ask]
    assert bench.tell(CommandsTold("greets", ("M117 hello",))) == [SendLines(("M117 hello",))]
    assert bench.tell(CommandsTold("greets", error="no")) == []


def test_a_greeting_waits_for_the_end_of_a_run() -> None:
    bench = Bench()
    bench.run()
    assert bench.tell(CommandsTold("greets", ("M117 hello",))) == []
    bench.end()
    bench.advance(0.5)
    assert bench.of(SendLines) == [SendLines(("M117 hello",))]
    bench.advance(5.0)
    assert len(bench.of(SendLines)) == 1


def test_a_greeting_waits_until_the_printer_is_ready_and_goes_before_a_script() -> None:
    bench = Bench()
    bench.printer(printing=True, state="PRINTING")
    assert bench.tell(CommandsTold("greets", ("M117 hello",))) == []
    bench.advance(5.0)
    assert bench.of(SendLines) == []
    bench.printer()
    effects = bench.tell(MessageArrived(bench.topic("command/script/start"), b'{"id": "steps"}'))
    assert effects == [SendLines(("M117 hello",)), HoldJobs(RUN_1)]


def test_a_greeting_is_for_the_connection_that_it_was_meant_for() -> None:
    bench = Bench()
    bench.printer(printing=True, state="PRINTING")
    bench.tell(CommandsTold("greets", ("M117 hello",)))
    bench.printer(connected=False, state="OFFLINE")
    bench.tell(CommandsTold("greets", ("M117 hello",)))
    bench.printer()
    bench.advance(5.0)
    assert bench.of(SendLines) == []


# Starting


def test_a_run_from_its_start_to_its_end() -> None:
    bench = Bench(script_folder="/s")
    effects = bench.handle(MessageArrived(bench.topic("command/script/start"), b'{"id": "steps", "transaction": "t"}'))
    assert [effect for effect in effects if not isinstance(effect, Publish | Page)] == [HoldJobs(RUN_1)]
    assert bench.level("script")["state"] == "starting"
    assert bench.tell(JobsHeld(RUN_1)) == [StartScript(RUN_1, "/s", "steps.py", {}, {})]
    assert bench.tell(ScriptRunning(RUN_1)) == [FireEvent("AutomationScriptStarted", COMMON)]
    assert bench.level("script")["state"] == "running"
    status = {**COMMON, "status": "counting"}
    assert bench.tell(ScriptStatus(RUN_1, "counting")) == [FireEvent("AutomationScriptStatusChanged", status)]
    assert bench.level("script")["status"] == "counting"

    assert bench.tell(ScriptLine(RUN_1, 7, "M114")) == [SendLine(f"{RUN_1}.7", "M114")]
    assert bench.ack(f"{RUN_1}.7", "M114", "X:1") == [AnswerLine(7, "X:1\nok\n")]

    assert bench.tell(ScriptReturned(RUN_1, True, {"count": 5})) == []
    assert bench.tell(ScriptEnded(RUN_1, 0, "ended")) == [SendLine(f"{RUN_1}.end", "G90")]
    assert bench.level("script")["state"] == "running"
    finished = {**COMMON, "result": {"count": 5}}
    assert bench.ack(f"{RUN_1}.end", "G90") == [
        ReleaseJobs(),
        FireEvent("AutomationScriptFinished", finished),
        Save("scripts", {"version": 1, "settings": {"steps": {"count": 5}}}),
    ]
    assert bench.told == [
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
    level = bench.level("script")
    assert (level["state"], level["last"]["outcome"], level["last"]["result"]) == ("idle", "finished", {"count": 5})


def test_what_was_stored_and_what_is_given_go_to_the_run() -> None:
    bench = Bench(remembered={"scripts": {"version": 1, "settings": {"steps": {"count": 9}}}}, script_folder="/s")
    (reply,) = bench.start(settings={"name": "y"})
    assert bench.tell(JobsHeld(reply["run_id"])) == [StartScript(RUN_1, "/s", "steps.py", {"count": 9}, {"name": "y"})]


@pytest.mark.parametrize("remembered", [None, [], {"version": 2}, {"version": 1, "settings": []}])
def test_a_damaged_memory_is_none(remembered: Any) -> None:
    bench = Bench(remembered={"scripts": remembered})
    bench.start()
    (start,) = bench.tell(JobsHeld(RUN_1))
    assert start.stored == {}


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"id": "none"}, "unknown_script", "/id"),
        ({"id": "broken.py"}, "broken_script", "/id"),
        ({"id": "steps", "settings": {"other": 1}}, "invalid_settings", "/settings/other"),
        ({"id": "steps", "settings": {"count": "3"}}, "invalid_settings", "/settings/count"),
        ({"id": "steps", "settings": {"count": True}}, "invalid_settings", "/settings/count"),
        ({"id": "steps", "settings": []}, "invalid_command", "/settings"),
        ({}, "invalid_command", "/id"),
    ],
)
def test_a_start_that_is_not_right(body: dict[str, Any], code: str, path: str) -> None:
    bench = Bench()
    (reply,) = bench.command("script/start", body)
    assert (reply["status"], reply["error"]["code"], reply["error"]["path"]) == ("rejected", code, path)
    assert bench.of(HoldJobs) == []


@pytest.mark.parametrize(
    ("printer", "code"),
    [
        ({"connected": False, "state": "OFFLINE"}, "printer_not_ready"),
        ({"printing": True, "state": "PRINTING"}, "printer_not_ready"),
        ({"state": "TRANSFERING_FILE"}, "printer_not_ready"),
    ],
)
def test_a_printer_that_is_not_ready(printer: dict[str, Any], code: str) -> None:
    bench = Bench()
    bench.printer(**printer)
    (reply,) = bench.start()
    assert (reply["status"], reply["error"]["code"]) == ("rejected", code)


def test_a_printer_that_was_not_ready_after_all() -> None:
    bench = Bench()
    bench.start(transaction="t")
    bench.handle(JobsHeld(RUN_1, "the printer is not ready: Printing"))
    reply = bench.bodies("response")[-1]
    error = {"code": "printer_not_ready", "message": "The printer is not ready: Printing.", "path": None}
    assert (reply["status"], reply["error"]) == ("failed", error)
    assert bench.level("script")["state"] == "idle"
    assert bench.of(StartScript) == []


def test_one_at_a_time() -> None:
    bench = Bench()
    bench.run()
    (reply,) = bench.start()
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "busy")


def test_a_start_that_is_switched_off() -> None:
    bench = Bench(allow_script_start=False)
    (reply,) = bench.start()
    assert reply["status"] == "rejected"
    assert bench.of(HoldJobs) == []


def test_the_same_transaction_starts_once_and_is_answered_the_same() -> None:
    bench = Bench()
    first = bench.start(transaction="t")
    assert bench.start(transaction="t") == first
    bench.tell(JobsHeld(RUN_1), ScriptRunning(RUN_1), ScriptReturned(RUN_1, True, {}))
    bench.end()
    assert [reply["status"] for reply in bench.start(transaction="t")] == ["accepted", "completed"]
    assert bench.of(HoldJobs) == [HoldJobs(RUN_1)]


def test_rest_gets_the_first_reply() -> None:
    (reply,) = Bench().call("script/start", {"id": "steps"})
    assert (reply["status"], reply["run_id"]) == ("accepted", RUN_1)


# What is told


def test_events_wait_for_the_broker_in_order() -> None:
    bench = Bench()
    bench.lose()
    for number in (1, 2):
        bench.call("script/start", {"id": "steps"})
        run_id = f"4f1b9c02-{number}"
        bench.tell(JobsHeld(run_id), ScriptRunning(run_id), ScriptReturned(run_id, True, {}))
        bench.end(run_id)
    bench.skip(600)
    bench.connect()
    events = [(body["run_id"], body["event_type"]) for body in bench.bodies("script_event")]
    assert events == [(RUN_1, "started"), (RUN_1, "finished"), (RUN_2, "started"), (RUN_2, "finished")]


def test_all_that_a_script_may_log_at_once_is_told_also_to_a_broker_that_takes_its_time() -> None:
    bench = Bench()
    bench.run()
    bench.acknowledges = False
    logged = [f"line {number}" for number in range(BURST)]
    for line in logged:
        bench.handle(ScriptLogged(RUN_1, "warning", line))
    assert len(bench.bodies("script_log")) < BURST
    bench.acknowledges = True
    bench.skip(2.0)
    for _, publish in list(bench.sent):
        bench.handle(Delivered(bench.link, publish.token))
    lines = bench.bodies("script_log")
    assert [line["message"] for line in lines] == logged
    assert {line["level"] for line in lines} == {"warning"}
    assert [log.text for log in bench.of(Log) if log.level == logging.WARNING][-BURST:] == [
        f"Script: {line}" for line in logged
    ]


def test_log_lines_are_lost_while_the_broker_is_away() -> None:
    bench = Bench()
    bench.run()
    bench.lose()
    bench.handle(ScriptLogged(RUN_1, "info", "lost"))
    bench.connect()
    assert bench.bodies("script_log") == []


PAYLOADS = (
    st.binary(max_size=40)
    | st.sampled_from(["steps", "greets", "cancel", "broken.py", ""]).map(str.encode)
    | st.fixed_dictionaries(
        {"id": st.sampled_from(["steps", "greets", "none"]) | st.text(max_size=5)},
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


@settings(max_examples=300)
@given(PAYLOADS, st.booleans())
def test_nothing_starts_that_should_not_and_all_is_answered(payload: bytes, retained: bool) -> None:
    bench = Bench()
    replies = bench.command("script/start", payload, retained=retained)
    assert len(replies) == (1 if payload else 0)
    started = bool(bench.of(HoldJobs))
    assert started == (bool(replies) and replies[0]["status"] == "accepted")
    if not started:
        return
    assert not retained
    text = payload.decode().strip()
    body = json.loads(text) if text.startswith("{") else {"id": text}
    assert body["id"] in ("steps", "greets")
    assert set(body) <= {"id", "settings", "transaction", "expires_at"}
    kinds = {"count": int, "name": str} if body["id"] == "steps" else {}
    assert all(type(value) is kinds[key] for key, value in body.get("settings", {}).items())
