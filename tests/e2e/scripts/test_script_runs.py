"""A script from its start to its end, as who sent the command sees it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.support.contract import PROJECT
from tests.support.script_server import CANCEL, EVENT, LOG, RESPONSE, SCRIPT, SCRIPTS, START, ScriptServer
from tests.support.scripts import add_script
from tests.support.waiting import eventually
from tests.support.web_client import WebClient

EXAMPLES = PROJECT / "docs" / "examples" / "scripts"


def test_a_script_from_its_start_to_its_result(script_server: ScriptServer) -> None:
    stored = {"command": "save_script_settings", "id": "steps", "settings": {"count": 3}}
    script_server.octoprint.post("/api/plugin/temp_eta", stored)
    before = len(script_server.sent())
    publish = [
        "mosquitto_pub",
        "-h",
        script_server.broker.host,
        "-p",
        str(script_server.broker.port),
        "-t",
        START,
        "-m",
        "steps",
    ]
    subprocess.run(publish, check=True)
    run_id = script_server.wait(RESPONSE, lambda m: m.json["status"] == "accepted").json["run_id"]
    reply = script_server.end(run_id)

    received = [m for m in script_server.observer.messages[script_server.since :] if m.topic in (RESPONSE, EVENT)]
    assert [m.json.get("event_type") or m.json["status"] for m in received] == [
        "accepted",
        "started",
        "status_changed",
        "finished",
        "completed",
    ]
    assert [m.json["status"] for m in received if m.json.get("event_type") == "status_changed"] == ["step 0"]
    statuses = [m.json["status"] for m in script_server.observer.messages[script_server.since :] if m.topic == SCRIPT]
    assert [status for status in dict.fromkeys(statuses) if status] == ["step 0", "step 1", "step 2"]
    assert reply["result"] == {"count": 3, "x": 0.0}
    lines = ["M117 step 0", "M117 step 1", "M117 step 2"]
    # OctoPrint writes its log of lines in a thread of its own.
    eventually(lambda: script_server.sent()[before:] == [*lines, "M114", "M400", "G90"], "the lines")
    assert script_server.wait(LOG, lambda m: m.json["message"] == "done").json["level"] == "info"
    assert script_server.observer.last(SCRIPT).json["last"]["outcome"] == "finished"


def test_its_events_reach_plugins_and_subscriptions(script_server: ScriptServer) -> None:
    run_id = script_server.start("steps", settings={"count": 1})
    script_server.end(run_id)
    common = {"id": "steps", "title": "The steps", "run_id": run_id}
    expected = [
        ["AutomationScriptStarted", common],
        ["AutomationScriptStatusChanged", {**common, "status": "step 0"}],
        ["AutomationScriptFinished", {**common, "result": {"count": 1, "x": 0.0}, "success_message": ""}],
    ]

    events = script_server.folder / "events.txt"

    def seen() -> bool:
        lines = events.read_text().splitlines() if events.exists() else []
        return [event for event in map(json.loads, lines) if event[1]["run_id"] == run_id] == expected

    eventually(seen, "the plugin to see the events")
    subscription = script_server.folder / "subscription.txt"
    eventually(
        lambda: subscription.exists() and f"finished steps {run_id}" in subscription.read_text(),
        "the subscription to run",
    )


def test_its_events_reach_web_clients(script_server: ScriptServer) -> None:
    with WebClient(script_server.octoprint) as client:
        run_id = script_server.start("steps", settings={"count": 1})
        script_server.end(run_id)
        finished = client.wait_for_event("AutomationScriptFinished")
    assert finished == {
        "id": "steps",
        "title": "The steps",
        "run_id": run_id,
        "result": {"count": 1, "x": 0.0},
        "success_message": "",
    }


def test_a_user_who_may_not_read_gets_no_event_of_a_run(script_server: ScriptServer) -> None:
    script_server.octoprint.add_user("looks", ["STATUS"])
    with WebClient(script_server.octoprint, "looks") as client:
        script_server.end(script_server.start("steps", settings={"count": 1}))
        script_server.octoprint.post("/api/printerprofiles", {"profile": {"id": "after", "name": "After"}})
        client.wait_for_event("PrinterProfileAdded")
        seen = [message["event"]["type"] for message in client.messages if "event" in message]
    assert not [event for event in seen if event.startswith("AutomationScript")]


def test_what_a_run_returned_is_what_the_next_one_starts_with(script_server: ScriptServer) -> None:
    script_server.end(script_server.start("steps", settings={"count": 2}))
    reply = script_server.end(script_server.start("steps"))
    assert reply["result"]["count"] == 2
    stored = script_server.octoprint.base / "data" / "temp_eta" / "scripts.json"

    def count() -> object:
        settings = json.loads(stored.read_text())["settings"] if stored.exists() else {}
        return settings.get("steps", {}).get("count")

    eventually(lambda: count() == 2, "it to be stored")


@pytest.mark.parametrize(
    ("script_id", "event", "code", "error"),
    [
        ("unsuccessful", "failed", "script_failed", "the bed is bent"),
        ("raises", "error", "script_error", r"ValueError: too cold \(line \d+\)"),
        ("exits", "error", "script_error", r"the script ended itself: sys.exit\(3\)"),
        ("crashes", "error", "script_error", "its process was ended by SIGSEGV"),
    ],
)
def test_a_script_that_fails(script_server: ScriptServer, script_id: str, event: str, code: str, error: str) -> None:
    run_id = script_server.start(script_id)
    reply = script_server.end(run_id)
    assert reply["status"] == "failed"
    assert reply["error"]["code"] == code
    assert re.fullmatch(error, script_server.event(event)["error"])
    eventually(lambda: script_server.sent()[-1] == "G90", "the last line")


@pytest.mark.parametrize("script_id", ["heats", "sleeps", "loops", "deaf", "long"])
def test_cancelling(script_server: ScriptServer, script_id: str) -> None:
    run_id = script_server.start(script_id)
    script_server.event("started")
    if script_id == "heats":
        eventually(lambda: script_server.sent()[-1] == "M109 S80", "the printer to heat")
    script_server.observer.publish(CANCEL, "PRESS")
    script_server.event("cancelled", timeout=10)
    assert script_server.end(run_id)["status"] == "cancelled"
    states = [m.json["state"] for m in script_server.observer.on(SCRIPT)]
    assert states[-2:] == ["cancelling", "idle"]
    eventually(lambda: script_server.sent()[-1] == "G90", "the last line")


def test_a_script_that_does_not_exist_or_cannot_be_loaded(script_server: ScriptServer) -> None:
    assert script_server.refused({"id": "nothing"}) == "unknown_script"
    assert script_server.refused({"id": "broken.py"}) == "broken_script"
    assert script_server.refused({"id": "steps", "settings": {"count": "many"}}) == "invalid_settings"
    assert script_server.refused({"id": "steps", "settings": {"other": 1}}) == "invalid_settings"
    entry = next(entry for entry in script_server.observer.last(SCRIPTS).json if entry["id"] == "broken.py")
    assert entry["error"].startswith("SyntaxError")


def test_a_new_file_is_noticed(script_server: ScriptServer) -> None:
    add_script(script_server.folder, "new", "pass")
    script_server.wait(SCRIPTS, lambda m: "new" in [entry["id"] for entry in m.json])
    script_server.end(script_server.start("new"))


def test_the_id_of_a_script_is_a_rest_command(script_server: ScriptServer) -> None:
    path = add_script(script_server.folder, "takes-extras", "return True, extra")
    path.write_text(path.read_text().replace("def run(self)", "def run(self, **extra)"))
    script_server.wait(SCRIPTS, lambda m: "takes_extras" in [entry["id"] for entry in m.json])
    for command in ("takes-extras", "takes_extras"):
        body = {"command": command, "number": 3, "texts": ["a"]}
        status, reply = script_server.octoprint.request("POST", "/api/plugin/temp_eta", body)
        assert (status, reply["status"]) == (202, "accepted")
        last = script_server.wait(SCRIPT, lambda m, run=reply["run_id"]: (m.json["last"] or {}).get("run_id") == run)
        assert last.json["last"]["result"] == {"number": 3, "texts": ["a"]}
        script_server.wait(SCRIPT, lambda m: m.json["state"] == "idle")
    refused = {"command": "takes_extras", "text": "x\nM104 S250"}
    status, reply = script_server.octoprint.request("POST", "/api/plugin/temp_eta", refused)
    assert (status, reply["error"]["path"]) == (400, "/arguments/text")
    run_id = script_server.start("sleeps")
    script_server.event("status_changed")
    script_server.octoprint.post("/api/plugin/temp_eta", {"command": "cancel"})
    assert script_server.end(run_id)["status"] == "cancelled"


def test_the_same_start_twice_starts_once(script_server: ScriptServer) -> None:
    run_id = script_server.start("steps", transaction="twice")
    script_server.observer.publish(START, json.dumps({"id": "steps", "transaction": "twice"}))
    script_server.end(run_id)
    replies = [m.json for m in script_server.observer.messages[script_server.since :] if m.topic == RESPONSE]
    assert {reply["run_id"] for reply in replies} == {run_id}
    assert len([m for m in script_server.observer.on(EVENT) if m.json["event_type"] == "started"]) == 1


@pytest.mark.parametrize(
    ("script_id", "settings", "outcome"),
    [
        ("warm_up_and_home", {"bed": 30, "hotend": 40, "soak": 1}, "finished"),
        ("purge_and_wipe", {"hotend": 40, "purge": 10.0}, "finished"),
        ("bed_flatness", {}, "finished"),
        ("bed_flatness", {"tolerance": 0.01}, "failed"),
    ],
)
def test_the_examples(script_server: ScriptServer, script_id: str, settings: dict[str, Any], outcome: str) -> None:
    if not (script_server.folder / f"{script_id}.py").exists():
        shutil.copy(EXAMPLES / f"{script_id}.py", script_server.folder)
        script_server.wait(SCRIPTS, lambda m: script_id in [entry["id"] for entry in m.json])
    script_server.end(script_server.start(script_id, settings=settings))
    last = script_server.observer.last(SCRIPT).json["last"]
    assert (last["id"], last["outcome"]) == (script_id, outcome), last
    if script_id == "bed_flatness":
        assert 0 < last["result"]["flatness"] < 0.4
    script_server.octoprint.gcode("M104 S0", "M140 S0")
