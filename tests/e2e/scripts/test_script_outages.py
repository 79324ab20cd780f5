"""A run, and its commands, while the broker is out of reach or OctoPrint itself is down."""

from __future__ import annotations

import json

from tests.support.rest_scripts import last_run
from tests.support.script_server import CANCEL, EVENT, RESPONSE, SCRIPT, SCRIPTS, START, ScriptServer
from tests.support.scripts import alive
from tests.support.waiting import eventually


def test_no_event_is_lost_while_the_broker_is_out_of_reach(script_server: ScriptServer) -> None:
    run_id = script_server.start("steps", settings={"count": 1})
    script_server.end(run_id)
    script_server.proxy.close()
    eventually(lambda: not script_server.rest()["mqtt"]["connected"], "the bridge to notice")
    since, runs = script_server.observer.mark(), []
    for count in (1, 2):
        status, reply = script_server.octoprint.request(
            "POST", "/api/plugin/temp_eta", {"command": "script/start", "id": "steps", "settings": {"count": count}}
        )
        assert (status, reply["status"]) == (202, "accepted")
        runs.append(reply["run_id"])
        eventually(lambda run=reply["run_id"]: last_run(script_server.octoprint, run), "the run to end")
    script_server.proxy.open()
    script_server.since = since
    script_server.wait(EVENT, lambda m: m.json["run_id"] == reply["run_id"] and m.json["event_type"] == "finished")
    # An event of the run before, which the broker has not acknowledged in time, may come once more.
    events = [m.json for m in script_server.observer.messages[since:] if m.topic == EVENT and m.json["run_id"] in runs]
    kinds = [event["event_type"] for event in events]
    assert kinds == ["started", "status_changed", "finished", "started", "status_changed", "finished"]


def test_a_broker_that_restarts_in_the_middle_of_a_run(script_server: ScriptServer) -> None:
    run_id = script_server.start("sleeps")
    script_server.event("status_changed")
    script_server.since = script_server.observer.mark()
    script_server.broker.restart()
    state = script_server.wait(SCRIPT).json
    assert (state["state"], state["run_id"], state["status"]) == ("running", run_id, "asleep")
    script_server.observer.publish(CANCEL, "PRESS")
    assert script_server.end(run_id)["status"] == "cancelled"


def test_a_retained_start_is_refused(script_server: ScriptServer) -> None:
    script_server.proxy.close()
    script_server.observer.publish(START, json.dumps({"id": "sleeps", "transaction": "retained"}), retain=True)
    script_server.proxy.open()
    try:
        refusal = script_server.wait(RESPONSE, lambda m: m.json["transaction"] == "retained").json
        assert (refusal["status"], refusal["error"]["code"]) == ("rejected", "retained_command")
    finally:
        script_server.observer.publish(START, "", retain=True)
    assert script_server.rest()["script"]["state"] == "idle"


def test_a_start_that_was_sent_while_octoprint_was_down_never_runs(script_server: ScriptServer) -> None:
    assert script_server.octoprint.stop()
    script_server.observer.publish(START, json.dumps({"id": "sleeps", "transaction": "while down"}))
    since = script_server.observer.mark()
    script_server.octoprint.start()
    files = list(script_server.folder.glob("*.py"))
    script_server.observer.wait_for(SCRIPTS, lambda m: len(m.json) == len(files), since=since, timeout=40)
    script_server.end(script_server.start("steps"))
    assert not [m for m in script_server.observer.messages[since:] if m.topic == EVENT and m.json["id"] == "sleeps"]


def test_octoprint_that_is_killed_leaves_no_script_behind(script_server: ScriptServer) -> None:
    script_server.start("reports_pid")
    pid = int(script_server.event("status_changed")["status"])
    assert alive(pid)
    script_server.octoprint.kill()
    eventually(lambda: not alive(pid), "the script to end")


def test_a_shutdown_of_octoprint_publishes_the_end_of_the_run(script_server: ScriptServer) -> None:
    run_id = script_server.start("sleeps")
    script_server.event("status_changed")
    assert script_server.octoprint.stop()
    event = script_server.event("error")
    assert (event["run_id"], event["error"]) == (run_id, "OctoPrint shuts down")
