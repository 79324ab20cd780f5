"""Which heaters there are, how they come and go, and when their readings are stale."""

from __future__ import annotations

import math

import pytest

from octoprint_temp_eta.bridge.heaters.heaters import MISSING_READINGS, STALE_S
from octoprint_temp_eta.bridge.protocol.effects import Save
from tests.support import curves
from tests.support.bridge_driver import BridgeDriver, connected

# What is a heater


@pytest.mark.parametrize(
    ("name", "reading", "is_one"),
    [
        ("tool0", (22.0, None), True),
        ("tool11", (22.0, 0.0), True),
        ("bed", (None, 60.0), True),
        ("bed", (None, None), False),
        ("bed", (None, 0.0), False),
        ("chamber", (22.0, None), True),
        ("P", (22.0, 0.0), False),
        ("P", (22.0, None), False),
        ("W", (3.0, None), False),
        ("time", (None, None), False),
        ("a b", (22.0, 0.0), False),
        ("ä", (22.0, 0.0), False),
        ("x" * 65, (22.0, 0.0), False),
        ("", (22.0, 0.0), False),
        ("command", (22.0, 0.0), False),
    ],
)
def test_what_is_a_heater_without_a_profile(name: str, reading: tuple[object, object], is_one: bool):
    driver = connected()
    driver.read(**{name: reading})
    assert driver.heaters == ([name] if is_one else [])


def test_a_custom_heater_stays_one_without_a_target():
    driver = connected(extra_heaters="P")
    driver.read(P=(22.0, 0.0))
    driver.advance(1)
    driver.read(P=(40.0, None))
    driver.advance(5)
    assert driver.eta("P")["actual"] == 40.0


@pytest.mark.parametrize("odd", [None, math.nan, math.inf, "21", True, 1e9, -200.0, [1]])
def test_odd_values_do_no_harm(odd: object):
    driver = connected()
    driver.heat("bed", curves.resting(60.0, 60.0, lasting=5))
    for reading in ((odd, 60.0), (60.0, odd), (odd, odd)):
        driver.advance(1)
        driver.read(bed=reading)
    driver.advance(2)
    assert (driver.eta()["state"], driver.eta()["actual"], driver.eta()["target"]) == ("at_target", 60.0, 60.0)


def test_a_negative_target_is_none():
    driver = connected()
    driver.heat("bed", curves.resting(60.0, 60.0, lasting=5))
    driver.read(bed=(60.0, -1.0))
    assert driver.eta()["state"] == "at_target"


def test_a_reading_without_heaters_changes_nothing():
    driver = connected()
    driver.read(bed=(22.0, 60.0))
    for _ in range(3 * MISSING_READINGS):
        driver.read()
    assert driver.heaters == ["bed"]


# Heaters come and go


def test_a_tool_change_keeps_both_tools():
    driver = connected()
    driver.read(tool0=(200.0, 200.0), tool1=(22.0, 0.0))
    for _ in range(MISSING_READINGS - 1):
        driver.advance(1)
        driver.read(tool0=(200.0, 0.0))
    driver.read(tool0=(190.0, 0.0), tool1=(30.0, 210.0))
    assert (driver.eta("tool0")["state"], driver.eta("tool1")["state"]) == ("cooling", "heating")


def test_a_heater_that_disappears_is_erased_and_forgotten():
    driver = connected()
    driver.read(bed=(22.0, 60.0), tool1=(22.0, 0.0))
    driver.advance(1)
    assert driver.of(Save)[-1].value == ["tool1", "bed"]
    for _ in range(MISSING_READINGS):
        driver.advance(1)
        driver.read(bed=(22.0, 60.0))
    assert driver.heaters == ["bed"]
    driver.advance(1)
    assert [save.value for save in driver.of(Save) if save.name == "heaters"][-1] == ["bed"]
    driver.lose()
    driver.retained[driver.topic("eta", heater="tool1")] = b"stale"
    driver.connect()
    assert driver.heaters == ["bed"], "a broker that was away is cleared, too"


def test_a_returning_heater_starts_again():
    driver = connected()
    driver.read(bed=(22.0, 60.0), tool1=(22.0, 0.0))
    for _ in range(MISSING_READINGS):
        driver.read(bed=(22.0, 60.0))
    driver.read(bed=(22.0, 60.0), tool1=(30.0, 200.0))
    assert driver.eta("tool1")["state"] == "heating"


def test_stored_heaters_are_unknown_after_a_start():
    driver = BridgeDriver(remembered={"heaters": ["tool0", "bed", 7, "a/b"]})
    driver.connect()
    assert driver.heaters == ["bed", "tool0"]
    assert driver.eta()["state"] == "unknown"


@pytest.mark.parametrize("damaged", [None, "bed", 7, {"bed": 1}, [None, []]])
def test_a_damaged_memory_is_none(damaged: object):
    driver = BridgeDriver(remembered={"heaters": damaged, "learned": damaged, "announced": damaged})
    driver.connect()
    assert driver.heaters == []


# Silence and connections


def test_two_minutes_of_silence_make_a_heater_unknown():
    driver = connected()
    driver.read(bed=(40.0, 60.0))
    driver.advance(STALE_S)
    assert driver.eta()["state"] == "heating"
    driver.advance(1)
    body = driver.eta()
    assert (body["state"], body["actual"], body["target"], body["eta_seconds"]) == ("unknown", None, None, None)
    assert driver.bodies("state_change")[-1]["state"] == "unknown"
    driver.read(bed=(60.0, 60.0))
    assert driver.eta()["state"] == "at_target"


def test_without_a_printer_nothing_is_known():
    driver = connected()
    driver.read(bed=(40.0, 60.0))
    driver.printer(connected=False, state="OFFLINE")
    assert driver.eta()["state"] == "unknown"
    assert driver.state("printer") | {"seq": 0, "timestamp": 0, "boot_id": ""} == {
        "status": "offline", "ready": False, "extrapolated": False,
        "connected": False, "state": "OFFLINE", "printing": False, "ready_at": None, "eta_seconds": None,
        "waiting_for": [], "seq": 0, "timestamp": 0, "boot_id": "",
    }  # fmt: skip
    driver.read(bed=(40.0, 60.0))
    assert driver.eta()["state"] == "unknown", "a reading that came late belongs to the connection before"
    driver.printer()
    driver.read(bed=(58.0, 60.0))
    assert driver.eta()["state"] == "at_target"
