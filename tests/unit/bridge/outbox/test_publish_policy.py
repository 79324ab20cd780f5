"""When a changed state is published."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.outbox.publish_policy import Gate, Policy, policy_of
from octoprint_temp_eta.messages.catalogue import MESSAGES

ETA, PRINTER = policy_of("eta"), policy_of("printer")
#: Of both messages that have a policy.
BOTH = Policy(ETA.now | PRINTER.now, ETA.changed | PRINTER.changed, {**ETA.deadbands, **PRINTER.deadbands})

BODY = {
    "state": "heating",
    "target": 60.0,
    "actual": 30.0,
    "eta_seconds": 60,
    "eta_kind": "heating",
    "ready_at": "12:00",
    "cool_at": None,
    "rate": 0.5,
    "progress": 0.2,
}


def passes(*steps: tuple[float, dict[str, Any]], interval: float = 10.0) -> list[bool]:
    """Return whether the gate passes each body (what differs from `BODY`) at its time."""
    gate = Gate(BOTH)
    return [gate.passes(BODY | changed, at, interval) for at, changed in steps]


def test_the_first_is_published_and_the_same_never_again():
    assert passes((0, {}), (5, {}), (11, {}), (999, {})) == [True, False, False, False]


@pytest.mark.parametrize(
    "changed",
    [{"state": "stalled"}, {"target": 61.0}, {"eta_kind": None}, {"connected": False}, {"printing": True},
     {"waiting_for": ["bed"]}],
)  # fmt: skip
def test_what_matters_passes_at_once(changed: dict[str, Any]):
    assert passes((0, {}), (0.1, changed)) == [True, True]


@pytest.mark.parametrize("changed", [{"actual": 31.0}, {"eta_seconds": 50}, {"ready_at": "12:05"}, {"cool_at": "1"}])
def test_numbers_and_times_wait_for_the_interval(changed: dict[str, Any]):
    assert passes((0, {}), (9.9, changed), (10.0, changed), (10.1, {})) == [True, False, True, False]


@pytest.mark.parametrize(
    ("changed", "passed"),
    [
        ({"actual": 30.4}, False),
        ({"actual": 29.5}, True),
        ({"actual": None}, True),
        ({"eta_seconds": 60.5}, False),
        ({"eta_seconds": None}, True),
        ({"rate": 0.51, "progress": 0.3}, False),
        ({"rate": 0.3}, True),
        ({"rate": None}, True),
    ],
)
def test_only_what_leaves_its_deadband_passes(changed: dict[str, Any], passed: bool):
    assert passes((0, {}), (60, changed)) == [True, passed]


def test_a_deadband_is_measured_from_the_last_message():
    drift = [(10.0 * step, {"actual": 30.0 + 0.2 * step}) for step in range(7)]
    assert passes(*drift) == [True, False, False, True, False, False, True]


def test_what_is_published_at_once_restarts_the_interval():
    assert passes((0, {}), (9, {"target": 80.0}), (12, {"target": 80.0, "actual": 40.0})) == [True, True, False]


@pytest.mark.parametrize("message", ["eta", "printer"])
def test_each_key_of_the_schema_has_a_policy(message: str):
    keys = MESSAGES[message].schema["properties"]
    for key in keys.keys() - {"seq", "boot_id", "timestamp"}:
        assert keys[key].get("x-publish") in ("now", "changed", "deadband", "never"), key
        assert ("x-deadband" in keys[key]) == (keys[key]["x-publish"] == "deadband"), key
