"""When a changed state is published."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.outbox.publish_policy import Gate, Policy, policy_of, shown
from octoprint_temp_eta.messages.contract.catalogue import MESSAGES

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
#: What differs while it neither moves nor counts down.
REST = {"rate": 0.0, "eta_seconds": None}


def passes(*steps: tuple[float, dict[str, Any]], interval: float = 10.0) -> list[bool]:
    """Return whether the gate passes each body (what differs from `BODY`) at its time."""
    gate = Gate(BOTH)
    return [gate.passes(BODY | changed, at, interval) for at, changed in steps]


def test_the_first_is_published_and_the_same_never_again():
    assert passes((0, REST), (5, REST), (11, REST), (999, REST)) == [True, False, False, False]


@pytest.mark.parametrize(
    "changed",
    [{"state": "stalled"}, {"target": 61.0}, {"eta_kind": None}, {"connected": False}, {"printing": True},
     {"waiting_for": ["bed"]}],
)  # fmt: skip
def test_what_matters_passes_at_once(changed: dict[str, Any]):
    assert passes((0, {}), (0.1, changed)) == [True, True]


@pytest.mark.parametrize("changed", [{"actual": 36.0}, {"eta_seconds": 30}, {"ready_at": "12:05"}, {"cool_at": "1"}])
def test_numbers_and_times_wait_for_the_interval(changed: dict[str, Any]):
    assert passes((0, {}), (7.9, changed), (8.0, changed), (8.1, {})) == [True, False, True, False]


def test_what_waits_is_noted_until_it_is_published():
    gate = Gate(BOTH)
    waits = []
    for at, actual in ((0, 30.0), (5, 30.1), (6, 40.0), (8, 40.0)):
        gate.passes(BODY | {"actual": actual, "rate": 0.0, "eta_seconds": None}, at, 10.0)
        waits.append(gate.waits)
    assert waits == [False, False, True, False]


@pytest.mark.parametrize(
    ("changed", "passed"),
    [
        ({"actual": 30.9}, False),
        ({"actual": 29.0}, True),
        ({"actual": None}, True),
        ({"eta_seconds": 62.9}, False),
        ({"eta_seconds": 57.0}, True),
        ({"eta_seconds": None}, True),
        ({"rate": 0.1, "progress": 0.3}, False),
        ({"rate": 0.3}, False),
        ({"rate": 0.4}, True),
        ({"rate": None}, True),
    ],
)
def test_only_what_leaves_its_deadband_passes(changed: dict[str, Any], passed: bool):
    before = REST | {"eta_seconds": 68}
    assert passes((0, before), (8, before | {"eta_seconds": 60} | changed)) == [True, passed]


def test_a_deadband_is_measured_from_the_last_message():
    drift = [(10.0 * step, REST | {"actual": 30.0 + 0.4 * step}) for step in range(7)]
    assert passes(*drift) == [True, False, False, True, False, False, True]


def test_what_is_published_at_once_restarts_the_interval():
    assert passes((0, {}), (9, {"target": 80.0}), (12, {"target": 80.0, "actual": 40.0})) == [True, True, False]


@pytest.mark.parametrize(
    ("at", "changed", "passed"),
    [
        (4, {"actual": 32.0, "eta_seconds": 56}, False),
        (8, {"actual": 34.0, "eta_seconds": 52}, False),
        (8, {"actual": 35.0, "eta_seconds": 52}, True),
        (8, {"actual": 34.0, "eta_seconds": 55}, True),
        (8, {"actual": 30.0, "eta_seconds": 52}, True),
        (10, {"actual": 35.0, "eta_seconds": 50}, True),
    ],
)
def test_what_a_reader_can_continue_is_not_published_but_every_ten_seconds(
    at: float, changed: dict[str, Any], passed: bool
):
    assert passes((0, {}), (at, changed), interval=1.0) == [True, passed]


@pytest.mark.parametrize(("rate", "passed"), [(0.2, True), (-0.2, True), (0.015, False), (None, False)])
def test_a_heater_that_rests_is_published_if_its_rate_says_that_it_moves(rate: float | None, passed: bool):
    """Else the rate of its arrival stays for hours, and is repeated at each heartbeat."""
    arrived = {"eta_seconds": None, "rate": rate}
    assert passes((0, arrived), (9, arrived | {"actual": 30.0 + 9 * (rate or 0)}), (999, arrived)) == [
        True,
        False,
        passed,
    ]


@pytest.mark.parametrize(("actual", "passed"), [(38.0, False), (38.2, True), (34.0, False), (33.8, True)])
def test_what_moves_fast_may_be_off_by_its_move_in_some_tenths_of_a_second(actual: float, passed: bool):
    fast = {"rate": 3.0, "eta_seconds": None}
    assert passes((0, fast), (2, fast | {"actual": actual}), interval=1.0) == [True, passed]


def test_a_countdown_that_a_reader_continues_ends_at_zero():
    late = {"eta_seconds": 0, "actual": 30.0, "rate": 0.0}
    assert passes((0, late | {"eta_seconds": 3}), (6, late), interval=1.0) == [True, False]


def test_pages_get_numbers_that_they_do_not_continue():
    gate = Gate(shown(ETA))
    assert [gate.passes(BODY | {"actual": actual}, at, 1.0) for at, actual in ((0, 30), (1, 30.5), (2, 30.6))] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("message", ["eta", "printer"])
def test_each_key_of_the_schema_has_a_policy(message: str):
    keys = MESSAGES[message].schema["properties"]
    for key in keys.keys() - {"seq", "boot_id", "timestamp"}:
        assert keys[key].get("x-publish") in ("now", "changed", "deadband", "never"), key
        assert ("x-deadband" in keys[key]) == (keys[key]["x-publish"] == "deadband"), key
        rate = keys[key].get("x-rate", 0)
        assert isinstance(rate, int | float) or rate in keys, key


def test_what_counts_down_passes_shortly_before_the_heartbeat_would_repeat_it_with_a_new_time():
    slow = {"rate": -0.001}
    steps = [(0, slow | {"eta_seconds": 4000}), (53, slow | {"eta_seconds": 3947}), (55, slow | {"eta_seconds": 3945})]
    assert passes(*steps) == [True, False, True]
