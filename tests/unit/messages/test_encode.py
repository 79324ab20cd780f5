"""From values of the domain to payloads."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Estimate
from octoprint_temp_eta.core.heating.state_machine.states import State, Transition
from octoprint_temp_eta.core.heating.track import HeaterView
from octoprint_temp_eta.messages import encode, script
from octoprint_temp_eta.messages.decode import Command, CommandError
from tests.support.contract import MESSAGES

WALL = 1_795_188_600.0
STAMPS = {"seq": 1, "boot_id": "b0", "timestamp": WALL}


def heating(heater: str = "bed", *, eta: float | None = 100.4, ready_at: float | None = WALL + 100.4) -> HeaterView:
    return HeaterView(
        heater,
        State.HEATING,
        target=60.04,
        actual=41.26,
        direction=Direction.HEATING,
        eta=eta,
        low=90.2,
        high=120.7,
        ready_at=ready_at,
        rate=0.51239,
        progress=0.50012,
        method="linear",
    )


def test_json_is_compact_utf_8_and_plain_text_is_itself():
    assert encode.encode({"a": [1, "é"], "b": None}) == '{"a":[1,"é"],"b":null}'.encode()
    assert encode.encode("online") == b"online"


def test_text_that_is_not_utf_8_is_replaced():
    assert encode.encode({"a": "\ud800"}) == b'{"a":"?"}'
    assert encode.encode("\ud800").decode() == "?"


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_no_json_is_not_encoded(number: float):
    with pytest.raises(ValueError, match="JSON"):
        encode.encode({"a": number})


def test_an_instant_is_rfc_3339_with_offset_to_the_second():
    text = encode.instant(WALL + 0.6)
    assert text is not None
    assert datetime.fromisoformat(text).timestamp() == WALL + 1
    assert datetime.fromisoformat(text).utcoffset() is not None
    assert encode.instant(None) is None


@pytest.mark.parametrize(
    ("value", "digits", "rounded"), [(None, 0, None), (1.6, 0, 2), (1.26, 1, 1.3), (-0.04, 1, 0.0), (0.4999, 0, 0)]
)
def test_numbers_are_rounded(value: float | None, digits: int, rounded: float | None):
    found = encode.rounded(value, digits)
    assert found == rounded
    assert json.dumps(found) != "-0.0"


def test_a_heater_has_all_keys():
    body = encode.eta(heating())
    assert body == {
        "heater": "bed",
        "state": "heating",
        "target": 60.0,
        "actual": 41.3,
        "cooldown_target": None,
        "eta_seconds": 100,
        "eta_kind": "heating",
        "eta_low": 90,
        "eta_high": 121,
        "ready_at": encode.instant(WALL + 100.4),
        "cool_at": None,
        "rate": 0.512,
        "progress": 0.5,
        "method": "linear",
        "state_since": None,
        "extrapolated": False,
    }
    MESSAGES["eta"].validate(body | STAMPS)
    MESSAGES["eta"].validate(encode.eta(HeaterView("P", State.UNKNOWN)) | STAMPS)


def test_a_change_of_state_names_both():
    body = encode.state_change(heating(), Transition(State.OFF, State.HEATING))
    assert (body["previous_state"], body["state"]) == ("off", "heating")
    MESSAGES["state_change"].validate(body | {"timestamp": WALL})


@pytest.mark.parametrize(
    ("views", "waiting", "eta", "ready_at"),
    [
        ([], [], None, None),
        ([HeaterView("bed", State.AT_TARGET, 60.0, 60.0)], [], None, None),
        ([HeaterView("bed", State.COOLING, 0.0, 60.0, eta=50.0, cool_at=WALL)], [], None, None),
        ([heating("tool0"), heating("bed", eta=300.0, ready_at=WALL + 300)], ["tool0", "bed"], 300, WALL + 300),
        ([heating("tool0"), heating("bed", eta=None, ready_at=None)], ["tool0", "bed"], None, None),
        ([heating("tool0"), HeaterView("bed", State.STALLED, 60.0, 30.0)], ["tool0", "bed"], None, None),
    ],
)
def test_the_printer_is_ready_when_the_last_heater_is(
    views: list[HeaterView], waiting: list[str], eta: float | None, ready_at: float | None
):
    body = encode.printer(views, connected=True, state="OPERATIONAL", printing=False)
    assert (body["waiting_for"], body["eta_seconds"], body["ready_at"]) == (waiting, eta, encode.instant(ready_at))
    MESSAGES["printer"].validate(body | STAMPS)


@pytest.mark.parametrize(
    ("states", "printer", "status", "ready"),
    [
        ("", (True, "OPERATIONAL", False), "idle", True),
        ("off", (True, "OPERATIONAL", False), "idle", True),
        ("cooled_down off", (True, "OPERATIONAL", False), "idle", True),
        ("heating at_target", (True, "OPERATIONAL", False), "heating", False),
        ("stalled cooling", (True, "OPERATIONAL", False), "heating", False),
        ("at_target off", (True, "OPERATIONAL", False), "ready", True),
        ("cooling off", (True, "OPERATIONAL", False), "cooling", True),
        ("at_target", (True, "PRINTING", True), "printing", True),
        ("heating", (True, "PAUSED", True), "paused", False),
        ("unknown", (False, "OFFLINE", False), "offline", False),
        ("cooling", (False, None, False), "offline", False),
        ("unknown", (False, "CLOSED_WITH_ERROR", False), "error", False),
    ],
)
def test_the_printer_has_one_status(states: str, printer: tuple[bool, str | None, bool], status: str, ready: bool):
    views = [HeaterView(f"tool{number}", State(state)) for number, state in enumerate(states.split())]
    connected, state, printing = printer
    body = encode.printer(views, connected=connected, state=state, printing=printing)
    assert (body["status"], body["ready"]) == (status, ready)
    MESSAGES["printer"].validate(body | STAMPS)


def test_a_printer_waits_for_a_heater_with_a_target_but_no_temperature():
    views = [HeaterView("tool0", State.AT_TARGET, 200.0, 200.0), HeaterView("bed", State.UNKNOWN, unread=True)]
    body = encode.printer(views, connected=True, state="OPERATIONAL", printing=False)
    assert (body["status"], body["ready"], body["waiting_for"], body["ready_at"]) == ("heating", False, ["bed"], None)


def test_an_estimate_is_in_seconds():
    assert encode.estimate(Estimate(1.6, None, 3.2)) == {"eta_seconds": 2, "eta_low": None, "eta_high": 3}


COMMAND = Command("reset", {}, "t1")


@pytest.mark.parametrize(
    "reply",
    [
        encode.accepted(Command("script/start", {}, 7), run_id="r1"),
        encode.completed(COMMAND),
        encode.rejected("reset", CommandError("invalid_command", "No.", "/heater", "t1")),
        encode.rejected(None, CommandError("rate_limited", "No.")),
    ],
)
def test_a_reply_keeps_the_contract(reply: dict[str, Any]):
    MESSAGES["response"].validate(reply | {"timestamp": WALL})


def test_a_reply_carries_the_transaction_and_a_result_only_where_there_is_one():
    assert encode.completed(COMMAND) == {"transaction": "t1", "command": "reset", "status": "completed"}
    assert encode.completed(COMMAND, {"a": 1})["result"] == {"a": 1}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("the bed is bent", "The bed is bent."),
        ("Too cold!", "Too cold!"),
        ("run() must return something", "run() must return something."),
        ("ValueError: too cold (line 3)", "ValueError: too cold (line 3)."),
    ],
)
def test_an_error_becomes_a_sentence_and_names_stay_as_they_are(words: str, sentence: str):
    assert script.sentence(words) == sentence
