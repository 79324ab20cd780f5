"""Buttons, targets and refused commands."""

from __future__ import annotations

import json
from typing import Any

import jinja2
import pytest

from octoprint_temp_eta.home_assistant.entities.parts import Offer
from octoprint_temp_eta.messages.contract.catalogue import MESSAGES
from tests.support.announced_printer import OFFER, TOPICS, components
from tests.support.contract import examples
from tests.support.simulated_recorder import render


def test_a_command_that_is_not_permitted_has_no_button():
    allowed = set(components())
    bare = set(components(Offer(heaters=OFFER.heaters, scripts=OFFER.scripts, highest_targets=OFFER.highest_targets)))
    gone = {"reset", "cancel_script", "start_probe_bed", "tool0_target", "bed_target"}
    job = {"job_pause", "job_resume", "job_cancel", "printer_connect", "printer_disconnect", "printer_emergency_stop"}
    assert allowed - bare == gone | job | {"forecast_pla", "forecast_abs"}


def test_a_target_that_is_set_is_a_valid_command():
    number = components()["bed_target"]
    for value in (0, 60, 62.5):
        payload = jinja2.Template(number["command_template"]).render(value=value)
        MESSAGES["command_target"].validate(json.loads(payload))
        assert json.loads(payload) == {"heater": "bed", "target": value}
    assert (number["min"], number["max"], number["unit_of_measurement"]) == (0, 110, "°C")


def test_a_press_starts_the_script():
    button = components()["start_probe_bed"]
    MESSAGES["command_script_start"].validate(json.loads(button["payload_press"]))
    assert (button["name"], json.loads(button["payload_press"])) == ("Start Probe the bed", {"id": "probe_bed"})


def available(key: str, **messages: Any) -> bool:
    """Return whether an entity is available with these states: by message, its JSON; the bridge is online."""
    payloads = {TOPICS.of(name): json.dumps(body) for name, body in messages.items()}
    payloads[TOPICS.of("status")] = "online"
    return all(
        render(topic.get("value_template", "{{ value }}"), payloads.get(topic["topic"], "")) == "online"
        for topic in components()[key]["availability"]
    )


IDLE, RUNNING = {"state": "idle"}, {"state": "running"}
READY = {"connected": True, "state": "OPERATIONAL"}


@pytest.mark.parametrize(
    ("printer", "script", "start", "cancel"),
    [
        (READY, IDLE, True, False),
        (READY, RUNNING, False, True),
        (READY, {"state": "starting"}, False, True),
        (READY, {"state": "cancelling"}, False, False),
        (READY | {"state": "PRINTING"}, IDLE, False, False),
        ({"connected": False, "state": "OFFLINE"}, IDLE, False, False),
    ],
)
def test_script_buttons_are_available_while_a_press_is_accepted(
    printer: dict[str, Any], script: dict[str, Any], start: bool, cancel: bool
):
    assert available("start_probe_bed", printer=printer, script=script) is start
    assert available("cancel_script", printer=printer, script=script) is cancel


@pytest.mark.parametrize(("command", "status"), [("target", "rejected"), ("job/start", "failed")])
def test_a_command_that_is_not_executed_is_an_event_with_command_and_reason(command: str, status: str):
    event = components()["command_refused"]
    assert (event["platform"], event["event_types"]) == ("event", ["rejected"])
    refused = {"command": command, "status": status, "error": {"code": "busy", "message": "A job's printed."}}
    assert json.loads(render(event["value_template"], json.dumps(refused))) == {
        "event_type": "rejected",
        "command": command,
        "code": "busy",
        "reason": "A job's printed.",
    }


def test_every_other_reply_is_a_refusal_or_no_event():
    event = components()["command_refused"]
    rendered = {
        json.loads(example.text)["status"]: render(event["value_template"], example.text)
        for example in examples("response")
        if example.valid
    }
    assert {status for status, text in rendered.items() if text} == {"rejected"}
    assert set(rendered) >= {"accepted", "completed", "failed"}
    assert json.loads(rendered["rejected"])["reason"]
