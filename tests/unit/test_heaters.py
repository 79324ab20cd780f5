"""The heaters: from OctoPrint's readings, as they come, to what the broker holds."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import Any

import pytest

from octoprint_temp_eta.bridge.effects import Learn, Save
from octoprint_temp_eta.bridge.heaters import MISSING_READINGS, STALE_S
from octoprint_temp_eta.bridge.inputs import JobBoundary, Profile
from octoprint_temp_eta.messages.entity_parts import HEARTBEAT_S
from tests.support import curves
from tests.support.bridge_driver import BridgeDriver


def connected(**settings: Any) -> BridgeDriver:
    driver = BridgeDriver(**settings)
    driver.connect()
    driver.printer()
    return driver


def eta(driver: BridgeDriver, heater: str = "bed") -> dict[str, Any]:
    body: dict[str, Any] = driver.level("eta", heater=heater)
    return body


def heaters(driver: BridgeDriver) -> list[str]:
    """Return the heaters of which the broker holds a state."""
    return sorted(topic.split("/")[-2] for topic in driver.retained if topic.endswith("/eta"))


# A whole session


def test_a_heat_up_with_overshoot_and_a_cool_down():
    driver = connected(cooldown_target_bed=40.0)
    assert driver.heat("bed", curves.resting(22.0, lasting=5)) == ["off"]
    up = curves.heating(60.0, rate=0.5, overshoot=4.0, ringing=60.0, hold=240.0)
    assert driver.heat("bed", up) == ["heating", "at_target"]
    down = curves.cooling(60.0, tau=200.0, lasting=600)
    assert driver.heat("bed", down) == ["cooling", "cooled_down"]
    changes = driver.bodies("state_change")
    assert [(change["previous_state"], change["state"]) for change in changes] == [
        ("unknown", "off"),
        ("off", "heating"),
        ("heating", "at_target"),
        ("at_target", "cooling"),
        ("cooling", "cooled_down"),
    ]


def test_the_eta_falls_as_the_heater_rises():
    driver = connected(mqtt_publish_interval=1)
    driver.heat("bed", curves.heating(60.0, rate=0.5, hold=10.0))
    told = [body["eta_seconds"] for body in driver.bodies("eta") if body["eta_seconds"] is not None]
    assert len(told) > 50
    assert all(after <= before for before, after in pairwise(told))
    assert told[-1] <= 10


def test_a_steady_heat_up_moves_ready_at_rarely():
    """Each change is a row in somebody's recorder."""
    noise = random.Random(1)
    driver = connected(mqtt_publish_interval=1)
    readings = [
        (second, actual + noise.gauss(0, 0.05), target)
        for second, actual, target in curves.heating(100.0, rate=0.3, hold=5.0, every=2.0)
    ]
    driver.heat("bed", readings)
    moments = [body["ready_at"] for body in driver.bodies("eta")]
    changes = sum(before != after for before, after in pairwise(moments))
    assert len(moments) > 100
    assert changes < 15


def test_a_whole_heat_up_is_handed_on_to_be_learned():
    driver = connected()
    driver.heat("bed", curves.heating(60.0, rate=0.5, hold=30.0))
    [learn] = driver.of(Learn)
    assert (learn.place, learn.kind, learn.state) == ("_default/bed", "bed", None)
    assert learn.episode.reached_at is not None
    driver.advance(61)
    assert driver.level("diagnostics")["accuracy"].keys() == {"bed"}


# One heater never delays another


def test_three_heaters_at_one_second_are_each_published():
    driver = connected(mqtt_publish_interval=1)
    for second in range(120):
        driver.advance(1)
        actual = 22.0 + 0.4 * second
        driver.read(tool0=(actual, 200.0), tool1=(actual + 5, 200.0), bed=(actual, 100.0))
    for heater in ("tool0", "tool1", "bed"):
        bodies = [body for body in driver.bodies("eta") if body["heater"] == heater]
        assert len(bodies) > 100, heater


def test_a_heater_is_not_published_more_often_than_wished():
    driver = connected(mqtt_publish_interval=10, ha_discovery_enabled=False)
    driver.heat("bed", curves.heating(100.0, rate=0.5, hold=60.0))
    moments = [body["timestamp"] for body in driver.bodies("eta") if body["state"] == "heating"]
    assert len(moments) > 10
    assert min(after - before for before, after in pairwise(moments)) >= 9.9


def test_a_change_of_state_is_published_at_once():
    driver = connected(mqtt_publish_interval=300)
    driver.read(bed=(22.0, 0.0))
    driver.skip(0.1)
    driver.read(bed=(22.1, 60.0))
    assert eta(driver)["state"] == "heating"
    assert eta(driver)["timestamp"] == pytest.approx(driver.now.wall)


def test_what_hardly_moves_is_not_published():
    driver = connected(mqtt_publish_interval=1)
    driver.heat("bed", curves.resting(60.0, 60.0, lasting=30))
    mark = len(driver.sent)
    driver.heat("bed", [(t, 60.0 + 0.2 * math.sin(t / 20), 60.0) for t in range(300)])
    assert len(driver.bodies("eta", since=mark)) <= 300 / HEARTBEAT_S


def test_what_waited_for_its_interval_is_published_without_a_further_reading():
    driver = connected(mqtt_publish_interval=5)
    driver.read(bed=(22.0, 0.0))
    driver.advance(1)
    driver.read(bed=(30.0, 0.0))
    assert eta(driver)["actual"] == 22.0
    driver.advance(5)
    assert eta(driver)["actual"] == 30.0


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
        ("P", (22.0, 0.0), True),
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
def test_what_is_taken_for_a_heater(name: str, reading: tuple[object, object], is_one: bool):
    driver = connected()
    driver.read(**{name: reading})
    assert heaters(driver) == ([name] if is_one else [])


def test_a_custom_heater_stays_one_without_a_target():
    driver = connected()
    driver.read(P=(22.0, 0.0))
    driver.advance(1)
    driver.read(P=(40.0, None))
    driver.advance(5)
    assert eta(driver, "P")["actual"] == 40.0


@pytest.mark.parametrize("odd", [None, math.nan, math.inf, "21", True, 1e9, -200.0, [1]])
def test_odd_values_do_no_harm(odd: object):
    driver = connected()
    driver.heat("bed", curves.resting(60.0, 60.0, lasting=5))
    for reading in ((odd, 60.0), (60.0, odd), (odd, odd)):
        driver.advance(1)
        driver.read(bed=reading)
    driver.advance(2)
    assert (eta(driver)["state"], eta(driver)["actual"], eta(driver)["target"]) == ("at_target", 60.0, 60.0)


def test_a_negative_target_is_none():
    driver = connected()
    driver.heat("bed", curves.resting(60.0, 60.0, lasting=5))
    driver.read(bed=(60.0, -1.0))
    assert eta(driver)["state"] == "at_target"


def test_a_reading_without_heaters_changes_nothing():
    driver = connected()
    driver.read(bed=(22.0, 60.0))
    for _ in range(3 * MISSING_READINGS):
        driver.read()
    assert heaters(driver) == ["bed"]


# Heaters come and go


def test_a_tool_change_keeps_both_tools():
    driver = connected()
    driver.read(tool0=(200.0, 200.0), tool1=(22.0, 0.0))
    for _ in range(MISSING_READINGS - 1):
        driver.advance(1)
        driver.read(tool0=(200.0, 0.0))
    driver.read(tool0=(190.0, 0.0), tool1=(30.0, 210.0))
    assert (eta(driver, "tool0")["state"], eta(driver, "tool1")["state"]) == ("cooling", "heating")


def test_a_heater_that_disappears_is_erased_and_forgotten():
    driver = connected()
    driver.read(bed=(22.0, 60.0), tool1=(22.0, 0.0))
    driver.advance(1)
    assert driver.of(Save)[-1].value == ["tool1", "bed"]
    for _ in range(MISSING_READINGS):
        driver.advance(1)
        driver.read(bed=(22.0, 60.0))
    assert heaters(driver) == ["bed"]
    driver.advance(1)
    assert [save.value for save in driver.of(Save) if save.name == "heaters"][-1] == ["bed"]
    driver.lose()
    driver.retained[driver.topic("eta", heater="tool1")] = b"stale"
    driver.connect()
    assert heaters(driver) == ["bed"], "a broker that was away is cleared, too"


def test_a_heater_that_comes_back_begins_anew():
    driver = connected()
    driver.read(bed=(22.0, 60.0), tool1=(22.0, 0.0))
    for _ in range(MISSING_READINGS):
        driver.read(bed=(22.0, 60.0))
    driver.read(bed=(22.0, 60.0), tool1=(30.0, 200.0))
    assert eta(driver, "tool1")["state"] == "heating"


def test_what_was_known_before_the_start_is_told_as_unknown():
    driver = BridgeDriver(remembered={"heaters": ["tool0", "bed", 7, "a/b"]})
    driver.connect()
    assert heaters(driver) == ["bed", "tool0"]
    assert eta(driver)["state"] == "unknown"


@pytest.mark.parametrize("damaged", [None, "bed", 7, {"bed": 1}, [None, []]])
def test_a_damaged_memory_is_none(damaged: object):
    driver = BridgeDriver(remembered={"heaters": damaged, "learned": damaged, "announced": damaged})
    driver.connect()
    assert heaters(driver) == []


# Silence and connections


def test_two_minutes_of_silence_make_a_heater_unknown():
    driver = connected()
    driver.read(bed=(40.0, 60.0))
    driver.advance(STALE_S)
    assert eta(driver)["state"] == "heating"
    driver.advance(1)
    body = eta(driver)
    assert (body["state"], body["actual"], body["target"], body["eta_seconds"]) == ("unknown", None, None, None)
    assert driver.bodies("state_change")[-1]["state"] == "unknown"
    driver.read(bed=(60.0, 60.0))
    assert eta(driver)["state"] == "at_target"


def test_without_a_printer_nothing_is_known():
    driver = connected()
    driver.read(bed=(40.0, 60.0))
    driver.printer(connected=False, state="OFFLINE")
    assert eta(driver)["state"] == "unknown"
    assert driver.level("printer") | {"seq": 0, "timestamp": 0, "boot_id": ""} == {
        "connected": False, "state": "OFFLINE", "printing": False, "ready_at": None, "eta_seconds": None,
        "waiting_for": [], "seq": 0, "timestamp": 0, "boot_id": "",
    }  # fmt: skip
    driver.read(bed=(40.0, 60.0))
    assert eta(driver)["state"] == "unknown", "a reading that came late belongs to the connection before"
    driver.printer()
    driver.read(bed=(58.0, 60.0))
    assert eta(driver)["state"] == "at_target"


# The printer


def test_the_printer_is_ready_when_the_last_heater_is():
    driver = connected()
    for second in range(20):
        driver.advance(1)
        driver.read(tool0=(22.0 + 5 * second, 200.0), bed=(22.0 + second / 2, 60.0), chamber=(22.0, 0.0))
    driver.advance(2)
    printer, bed = driver.level("printer"), eta(driver)
    assert printer["waiting_for"] == ["tool0", "bed"]
    assert printer["ready_at"] == bed["ready_at"]
    assert printer["eta_seconds"] == bed["eta_seconds"]


def test_of_one_heater_that_cannot_be_told_the_printer_cannot():
    driver = connected()
    for second in range(20):
        driver.advance(1)
        driver.read(tool0=(22.0 + 5 * second, 200.0), bed=(22.0, 60.0))
    printer = driver.level("printer")
    assert (printer["waiting_for"], printer["ready_at"], printer["eta_seconds"]) == (["tool0", "bed"], None, None)


def test_a_heater_that_just_cools_is_not_waited_for():
    driver = connected()
    driver.heat("bed", curves.cooling(80.0, lasting=60))
    assert driver.level("printer")["waiting_for"] == []
    driver.heat("bed", curves.cooling(70.0, target=50.0, lasting=10))
    assert driver.level("printer")["waiting_for"] == ["bed"]


# Settings


def test_switched_off_nothing_is_known():
    driver = connected()
    driver.read(bed=(40.0, 60.0))
    driver.change_settings(enabled=False)
    assert eta(driver)["state"] == "unknown"
    driver.read(bed=(41.0, 60.0))
    assert eta(driver)["state"] == "unknown"
    driver.change_settings(enabled=True)
    driver.read(bed=(42.0, 60.0))
    assert eta(driver)["state"] == "heating"


def test_while_printing_no_eta_is_told_where_that_is_wished():
    driver = connected(suppress_while_printing=True)
    driver.heat("bed", curves.heating(60.0)[:30])
    assert eta(driver)["eta_seconds"] is not None
    driver.printer(printing=True, state="PRINTING")
    driver.advance(2)
    assert (eta(driver)["state"], eta(driver)["eta_seconds"]) == ("heating", None)
    driver.printer(printing=False)
    driver.advance(2)
    assert eta(driver)["eta_seconds"] is not None


@pytest.mark.parametrize(("setting", "readings"), [
    ("enable_heating_eta", curves.heating(60.0)[:30]),
    ("enable_cooldown_eta", curves.cooling(90.0, lasting=60)),
])  # fmt: skip
def test_an_eta_that_is_not_wished_is_not_told(setting: str, readings: list[curves.Reading]):
    driver = connected(**{setting: False})
    driver.heat("bed", readings)
    assert {body["eta_seconds"] for body in driver.bodies("eta")} == {None}


@pytest.mark.parametrize(("heater", "goal"), [("tool0", 51.0), ("bed", 42.0), ("chamber", 33.0), ("P", 33.0)])
def test_each_kind_has_its_own_cool_down_goal(heater: str, goal: float):
    driver = connected(cooldown_target_tool0=51, cooldown_target_bed=42, cooldown_target_chamber=33)
    driver.heat(heater, curves.cooling(90.0, lasting=10))
    assert eta(driver, heater)["cooldown_target"] == goal


def test_in_ambient_mode_the_goal_is_a_little_above_the_coolest_seen():
    driver = connected(cooldown_mode="ambient", cooldown_hysteresis_c=2.0)
    driver.heat("bed", curves.chain(curves.resting(19.5, lasting=5), curves.resting(60.0, 60.0, lasting=5)))
    driver.heat("bed", curves.cooling(60.0, lasting=10))
    assert eta(driver)["cooldown_target"] == 21.5


def test_a_changed_method_takes_over_the_way_under_way():
    driver = connected(algorithm="linear")
    driver.heat("bed", curves.cooling(90.0, lasting=30))
    assert eta(driver)["method"] == "linear"
    driver.change_settings(algorithm="exponential")
    driver.heat("bed", curves.cooling(80.0, lasting=30))
    assert eta(driver)["method"] == "exponential"


def test_a_job_begins_a_heating_anew_and_leaves_a_cool_down():
    driver = connected()
    for second in range(30):
        driver.advance(1)
        driver.read(tool0=(200 - second, 0.0), bed=(22.0 + second / 2, 60.0))
    driver.advance(2)
    before = eta(driver, "tool0")["eta_seconds"]
    driver.handle(JobBoundary())
    driver.advance(2)
    assert eta(driver)["eta_seconds"] is None
    assert before - 3 <= eta(driver, "tool0")["eta_seconds"] <= before


def test_another_profile_is_another_printer():
    driver = connected()
    driver.printer(profile=Profile("big", "Big", "CR-10"))
    driver.heat("bed", curves.heating(60.0, hold=30.0))
    assert driver.of(Learn)[0].place == "big/bed"
    assert driver.level("info")["printer_profile"] == {"id": "big", "name": "Big", "model": "CR-10"}
