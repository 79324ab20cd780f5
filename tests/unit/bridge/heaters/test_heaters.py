"""The heaters: from OctoPrint's readings, as they come, to what is published."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from octoprint_temp_eta.bridge.heaters.heaters import STALE_S
from octoprint_temp_eta.bridge.heaters.tracks import MISSING_READINGS
from octoprint_temp_eta.bridge.protocol.effects import Learn, Save
from octoprint_temp_eta.bridge.protocol.inputs import JobBoundary, Profile, Readings
from tests.support import curves
from tests.support.bridge_driver import BridgeDriver, connected

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


def test_the_eta_falls_as_the_temperature_rises():
    driver = connected(mqtt_publish_interval=1)
    driver.heat("bed", curves.heating(60.0, rate=0.5, hold=10.0))
    published = [body["eta_seconds"] for body in driver.bodies("eta") if body["eta_seconds"] is not None]
    assert 5 < len(published) < 12, "a countdown that runs on as expected is not published, but every 10 s"
    assert all(after <= before for before, after in pairwise(published))
    assert published[-1] <= 15


def test_a_steady_heat_up_moves_ready_at_rarely():
    """Each change is a row in somebody's recorder."""
    noise = random.Random(1)
    driver = connected(mqtt_publish_interval=1)
    readings = [
        (second, actual + noise.gauss(0, 0.05), target)
        for second, actual, target in curves.heating(100.0, rate=0.3, hold=5.0, every=2.0)
    ]
    driver.heat("bed", readings)
    times = [body["ready_at"] for body in driver.bodies("eta")]
    changes = sum(before != after for before, after in pairwise(times))
    assert len(times) > 20
    assert changes < 15


def test_a_complete_heat_up_is_learned():
    driver = connected(algorithm="model")
    driver.heat("bed", curves.heating(60.0, rate=0.5, hold=30.0))
    [learn] = driver.of(Learn)
    assert (learn.place, learn.kind, learn.state) == ("_default/bed", "bed", None)
    assert learn.episode.reached_at is not None
    driver.advance(61)
    assert driver.state("diagnostics")["accuracy"].keys() == {"bed"}


@pytest.mark.parametrize("method", ["linear", "exponential"])
def test_with_a_method_that_does_not_learn_only_the_accuracy_is_recorded(method: str):
    """Learning would import numpy."""
    driver = connected(algorithm=method)
    driver.heat("bed", curves.heating(60.0, rate=0.5, hold=30.0))
    assert driver.of(Learn) == []
    assert [save.name for save in driver.of(Save)].count("learned") == 1
    driver.advance(61)
    assert driver.state("diagnostics")["accuracy"].keys() == {"bed"}


# Settings


def test_switched_off_nothing_is_known():
    driver = connected()
    driver.read(bed=(40.0, 60.0))
    driver.change_settings(enabled=False)
    assert driver.eta()["state"] == "unknown"
    driver.read(bed=(41.0, 60.0))
    assert driver.eta()["state"] == "unknown"
    driver.change_settings(enabled=True)
    driver.read(bed=(42.0, 60.0))
    assert driver.eta()["state"] == "heating"


def test_the_eta_is_hidden_while_printing_if_configured():
    driver = connected(suppress_while_printing=True)
    driver.heat("bed", curves.heating(60.0)[:30])
    assert driver.eta()["eta_seconds"] is not None
    driver.printer(printing=True, state="PRINTING")
    driver.advance(2)
    assert (driver.eta()["state"], driver.eta()["eta_seconds"]) == ("heating", None)
    driver.printer(printing=False)
    driver.advance(2)
    assert driver.eta()["eta_seconds"] is not None


@pytest.mark.parametrize(("setting", "readings"), [
    ("enable_heating_eta", curves.heating(60.0)[:30]),
    ("enable_cooldown_eta", curves.cooling(90.0, lasting=60)),
])  # fmt: skip
def test_an_eta_that_is_switched_off_is_not_published(setting: str, readings: list[curves.Reading]):
    driver = connected(**{setting: False})
    driver.heat("bed", readings)
    assert {body["eta_seconds"] for body in driver.bodies("eta")} == {None}


@pytest.mark.parametrize(("heater", "goal"), [("tool0", 51.0), ("bed", 42.0), ("chamber", 33.0), ("P", 33.0)])
def test_each_kind_has_its_own_cool_down_goal(heater: str, goal: float):
    driver = connected(
        cooldown_target_tool0=51, cooldown_target_bed=42, cooldown_target_chamber=33, extra_heaters=["P"]
    )
    driver.heat(heater, curves.cooling(90.0, lasting=10))
    assert driver.eta(heater)["cooldown_target"] == goal


def test_in_ambient_mode_the_goal_is_just_above_the_lowest_temperature():
    driver = connected(cooldown_mode="ambient", cooldown_hysteresis_c=2.0)
    driver.heat("bed", curves.chain(curves.resting(19.5, lasting=5), curves.resting(60.0, 60.0, lasting=5)))
    driver.heat("bed", curves.cooling(60.0, lasting=10))
    assert driver.eta()["cooldown_target"] == 21.5


def test_a_changed_method_continues_the_current_episode():
    driver = connected(algorithm="linear")
    driver.heat("bed", curves.cooling(90.0, lasting=30))
    assert driver.eta()["method"] == "linear"
    driver.change_settings(algorithm="exponential")
    driver.heat("bed", curves.cooling(80.0, lasting=30))
    assert driver.eta()["method"] == "exponential"


def test_a_job_restarts_a_heat_up_and_leaves_a_cool_down():
    driver = connected()
    for second in range(30):
        driver.advance(1)
        driver.read(tool0=(200 - second, 0.0), bed=(22.0 + second / 2, 60.0))
    driver.advance(2)

    def arrival() -> float:
        return float(driver.eta("tool0")["timestamp"] + driver.eta("tool0")["eta_seconds"])

    before = arrival()
    driver.handle(JobBoundary())
    driver.advance(2)
    assert driver.eta()["eta_seconds"] is None
    assert before - 1 <= arrival() <= before + 2


def test_another_profile_is_another_printer():
    driver = connected(algorithm="model")
    driver.printer(profile=Profile("big", "Big", "CR-10"))
    driver.heat("bed", curves.heating(60.0, hold=30.0))
    assert driver.of(Learn)[0].place == "big/bed"
    assert driver.state("info")["printer_profile"] == {"id": "big", "name": "Big", "model": "CR-10"}


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


@pytest.mark.parametrize("connected_first", [True, False])
@pytest.mark.parametrize(
    ("gone", "settings"),
    [("tool1", {}), ("bed", {"ignored_heaters": "bed"})],
    ids=["not in the profile", "ignored by the settings"],
)
def test_a_heater_that_went_away_while_the_plugin_was_not_running_is_erased(
    gone: str, settings: dict[str, str], connected_first: bool
):
    driver = BridgeDriver(remembered={"heaters": ["tool0", gone]}, **settings)
    topics = driver.topic("eta", heater="tool0"), driver.topic("eta", heater=gone)
    driver.retained = dict.fromkeys(topics, b"stale")
    one_nozzle = Profile("_default", "Default", "Ender-3", extruders=1)
    if connected_first:
        driver.connect()
    driver.printer(profile=one_nozzle)
    if not connected_first:
        driver.connect()
    driver.read(tool0=(22.0, 0.0))
    assert driver.heaters == ["tool0"]


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
    assert driver.eta()["state"] == "heating", "the heat-up goes on: it is still to be reported as reached"
    for _ in range(15):
        driver.advance(1)
        driver.read(bed=(60.0, 60.0))
    change = driver.bodies("state_change")[-1]
    assert (change["previous_state"], change["state"]) == ("heating", "at_target")


@pytest.mark.parametrize("seconds", [31.0, 95.0, STALE_S])
@pytest.mark.parametrize("heater", ["tool0", "bed", "chamber"])
def test_a_heater_that_has_gained_in_a_gap_of_its_readings_is_not_stalled(heater: str, seconds: float):
    driver = connected()
    driver.read(**{heater: (22.0, 60.0)})
    driver.advance(seconds)
    driver.read(**{heater: (40.0, 60.0)})
    assert driver.eta(heater)["state"] == "heating"


def test_repeated_temperatures_are_no_readings_but_a_new_target_counts():
    driver = connected()
    driver.read(bed=(40.0, 60.0), tool0=(20.0, 0.0))
    for _ in range(int(STALE_S) + 2):
        driver.advance(1)
        driver.handle(Readings({"bed": (40.0, 60.0), "tool0": (20.0, 0.0)}, frozenset(("bed",))))
    assert (driver.eta("bed")["state"], driver.eta("tool0")["state"]) == ("unknown", "off")
    driver.read(bed=(50.0, 60.0), tool0=(20.0, 0.0))
    driver.handle(Readings({"bed": (50.0, 0.0), "tool0": (20.0, 0.0)}, frozenset(("bed",))))
    assert (driver.eta("bed")["state"], driver.eta("bed")["target"]) == ("cooling", 0.0)


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
    assert driver.eta()["state"] == "heating"
