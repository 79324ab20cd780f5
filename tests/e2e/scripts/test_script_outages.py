"""A run, and its commands, while the broker is out of reach or OctoPrint itself is down."""

from __future__ import annotations

import json

from tests.support.scripts import alive
from tests.support.waiting import eventually
from tests.support.workshop import CANCEL, EVENT, RESPONSE, SCRIPT, SCRIPTS, START, Workshop


def test_no_event_is_lost_while_the_broker_is_out_of_reach(workshop: Workshop) -> None:
    run_id = workshop.start("steps", settings={"count": 1})
    workshop.end(run_id)
    workshop.gate.close()
    eventually(lambda: not workshop.rest()["mqtt"]["connected"], "the bridge to notice")
    since, runs = workshop.observer.mark(), []
    for count in (1, 2):
        status, reply = workshop.octoprint.request(
            "POST", "/api/plugin/temp_eta", {"command": "script/start", "id": "steps", "settings": {"count": count}}
        )
        assert (status, reply["status"]) == (202, "accepted")
        runs.append(reply["run_id"])
        eventually(
            lambda run=reply["run_id"]: (workshop.rest()["script"]["last"] or {})["run_id"] == run, "the run to end"
        )
    workshop.gate.open()
    workshop.since = since
    workshop.wait(EVENT, lambda m: m.json["run_id"] == reply["run_id"] and m.json["event_type"] == "finished")
    # An event of the run before, which the broker has not acknowledged in time, may come once more.
    events = [m.json for m in workshop.observer.messages[since:] if m.topic == EVENT and m.json["run_id"] in runs]
    kinds = [event["event_type"] for event in events]
    assert kinds == ["started", "status_changed", "finished", "started", *["status_changed"] * 2, "finished"]


def test_a_broker_that_restarts_in_the_middle_of_a_run(workshop: Workshop) -> None:
    run_id = workshop.start("sleeps")
    workshop.event("status_changed")
    workshop.since = workshop.observer.mark()
    workshop.broker.restart()
    state = workshop.wait(SCRIPT).json
    assert (state["state"], state["run_id"], state["status"]) == ("running", run_id, "asleep")
    workshop.observer.publish(CANCEL, "PRESS")
    assert workshop.end(run_id)["status"] == "cancelled"


def test_a_retained_start_is_refused(workshop: Workshop) -> None:
    workshop.gate.close()
    workshop.observer.publish(START, json.dumps({"id": "sleeps", "transaction": "retained"}), retain=True)
    workshop.gate.open()
    try:
        refusal = workshop.wait(RESPONSE, lambda m: m.json["transaction"] == "retained").json
        assert (refusal["status"], refusal["error"]["code"]) == ("rejected", "retained_command")
    finally:
        workshop.observer.publish(START, "", retain=True)
    assert workshop.rest()["script"]["state"] == "idle"


def test_a_start_that_was_sent_while_octoprint_was_down_never_runs(workshop: Workshop) -> None:
    assert workshop.octoprint.stop()
    workshop.observer.publish(START, json.dumps({"id": "sleeps", "transaction": "while down"}))
    since = workshop.observer.mark()
    workshop.octoprint.start()
    workshop.observer.wait_for(SCRIPTS, lambda m: m.json, since=since, timeout=40)
    workshop.end(workshop.start("steps"))
    assert not [m for m in workshop.observer.messages[since:] if m.topic == EVENT and m.json["id"] == "sleeps"]


def test_octoprint_that_is_killed_leaves_no_script_behind(workshop: Workshop) -> None:
    workshop.start("tells")
    pid = int(workshop.event("status_changed")["status"])
    assert alive(pid)
    workshop.octoprint.kill()
    eventually(lambda: not alive(pid), "the script to end")


def test_octoprint_that_shuts_down_tells_the_end_of_the_run(workshop: Workshop) -> None:
    run_id = workshop.start("sleeps")
    workshop.event("status_changed")
    assert workshop.octoprint.stop()
    event = workshop.event("error")
    assert (event["run_id"], event["error"]) == (run_id, "OctoPrint shuts down")
