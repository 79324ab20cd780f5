"""What is a heater, what is a temperature sensor, and what is neither."""

from __future__ import annotations

import math

import pytest

from octoprint_temp_eta.bridge.heaters.reported.selection import Presence, Reading, Selection, not_connected
from octoprint_temp_eta.bridge.heaters.tracks import MISSING_READINGS
from octoprint_temp_eta.bridge.protocol.inputs import Profile
from octoprint_temp_eta.settings.table import parse
from tests.support import curves
from tests.support.bridge_driver import connected

NAMES = ["tool0", "tool1", "tool4", "tool5", "bed", "chamber", "X", "rpi"]


def profile(
    *, extruders: int = 1, shared: bool = False, bed: bool | None = True, chamber: bool | None = False
) -> Profile:
    return Profile(
        "_default", "Default", "", extruders=extruders, shared_nozzle=shared, heated_bed=bed, heated_chamber=chamber
    )


@pytest.mark.parametrize(
    ("selection", "heaters"),
    [
        (Selection(profile=profile()), "tool0 bed"),
        (Selection(profile=profile(extruders=5, chamber=True)), "tool0 tool1 tool4 bed chamber"),
        (Selection(profile=profile(extruders=5, shared=True)), "tool0 bed"),
        (Selection(profile=profile(bed=False)), "tool0"),
        (Selection(profile=profile(), heated_chamber=True), "tool0 bed chamber"),
        (Selection(profile=profile(), extra=frozenset({"X", "tool5"})), "tool0 tool5 bed X"),
        (Selection(profile=profile(), ignored=frozenset({"bed"})), "tool0"),
        (Selection(), "tool0 tool1 tool4 tool5 bed chamber"),
    ],
)
def test_heaters_are_what_settings_and_profile_name(selection: Selection, heaters: str):
    assert [name for name in NAMES if selection.is_heater(name)] == heaters.split()


@pytest.mark.parametrize("name", ["command", "", "a b", "a/b", "x" * 65, "ä"])
def test_a_name_that_cannot_be_a_topic_is_no_heater(name: str):
    assert not Selection(extra=frozenset({name})).is_heater(name)


@pytest.mark.parametrize(
    ("name", "reading", "is_sensor"),
    [
        ("A", (30.7, 0.0), True),
        ("X", (24.0, 36.0), True),
        ("rpi", (50.0, None), True),
        ("Küche 1", (21.0, None), True),
        ("chamber", (33.0, 0.0), True),
        ("tool7", (20.0, 0.0), True),
        ("bed", (20.0, 0.0), False),
        ("A", (None, 0.0), False),
        ("W", (3.0, None), False),
        ("E", (0.0, None), False),
        ("hidden", (20.0, None), False),
        ('a"b', (20.0, None), False),
        ("a#1", (20.0, None), False),
        ("50%", (20.0, None), False),
        ("x" * 65, (20.0, None), False),
    ],
)
def test_everything_else_with_a_temperature_is_a_sensor(name: str, reading: Reading, is_sensor: bool):
    selection = Selection(profile=profile(extruders=5), ignored=frozenset({"hidden"}))
    assert selection.is_sensor(name, reading) is is_sensor


def test_the_tools_of_a_shared_nozzle_are_no_sensors():
    selection = Selection(profile=profile(extruders=5, shared=True))
    assert not selection.is_sensor("tool1", (200.0, 210.0))


@pytest.mark.parametrize(
    ("selection", "own"),
    [
        (Selection(profile=profile(extruders=5, shared=True)), "tool0 bed chamber"),
        (Selection(profile=profile()), "tool0 tool1 tool4 tool5 bed chamber"),
        (Selection(), "tool0 tool1 tool4 tool5 bed chamber"),
    ],
)
def test_the_target_of_a_shared_nozzle_is_not_that_of_each_tool(selection: Selection, own: str):
    assert [name for name in NAMES if selection.has_target(name)] == own.split()


@pytest.mark.parametrize(
    ("name", "heated", "can_set"),
    [("bed", True, True), ("tool0", True, True), ("X", True, False), ("chamber", True, False), ("tool1", True, False)],
)
def test_octoprint_can_set_what_its_profile_has(name: str, heated: bool, can_set: bool):
    selection = Selection(profile=profile(), extra=frozenset({"X", "tool1"}), heated_chamber=heated)
    assert selection.can_set(name) is can_set


def test_the_settings_name_heaters_as_text_or_list():
    settings = parse({"extra_heaters": ["X", "P"], "ignored_heaters": "A,  P"})
    selection = Selection.of(settings, None, heated_chamber=False)
    assert (selection.extra, selection.ignored) == ({"X"}, {"A", "P"})


@pytest.mark.parametrize(
    ("readings", "missing"),
    [
        ({"tool0": (20.0, 0.0), "chamber": (-30.0, 0.0)}, {"chamber"}),
        ({"tool0": (20.0, 0.0), "bed": (-1.0, 0.0)}, {"bed"}),
        ({"tool0": (20.0, 0.0), "bed": (-1.0, None), "A": (-30.0, None)}, {"bed", "A"}),
        ({"tool0": (-4.2, 0.0), "bed": (-5.0, 0.0)}, set()),
        ({"tool0": (-1.0, 0.0), "bed": (-1.0, 0.0)}, set()),
        ({"tool0": (20.0, 0.0), "bed": (-1.0, 60.0)}, set()),
        ({"tool0": (20.0, 0.0), "bed": (-7.3, 0.0)}, set()),
        ({"tool0": (20.0, 0.0), "bed": (None, 0.0)}, set()),
    ],
)
def test_a_disconnected_sensor_differs_from_a_cold_garage(readings: dict[str, Reading], missing: set[str]):
    assert not_connected(readings) == missing


@pytest.mark.parametrize(
    ("temperatures", "zeros"),
    [
        ([0.0, 0.0, 22.0, 0.0, 0.0, 22.0], [True, True, False, True, True, False]),
        ([-0.0, 200.0, 0.1, 0.0], [True, False, False, False]),
        ([1.2, 0.4, 0.0, 0.0, -0.3, 0.0], [False] * 6),
    ],
)
def test_a_zero_is_a_temperature_only_after_values_close_to_it(temperatures: list[float], zeros: list[bool]):
    presence, found = Presence(), []
    for temperature in temperatures:
        presence.present({"bed": (temperature, 0.0)})
        found.append("bed" in presence.zeros)
    assert found == zeros


def test_a_temperature_is_lost_at_the_first_zero():
    presence, lost = Presence(), []
    for temperature in (0.0, 22.0, 0.0, 0.0, 22.0, 0.0):
        presence.present({"bed": (temperature, 0.0)})
        lost.append("bed" in presence.lost)
    assert lost == [False, False, True, False, False, True]
    presence.forget()
    presence.present({"bed": (0.0, 0.0)})
    assert (presence.zeros, presence.lost) == ({"bed"}, frozenset())


def test_a_sensor_is_not_connected_though_another_reports_zero():
    present = Presence().present({"tool0": (22.0, 0.0), "bed": (0.0, 0.0), "chamber": (-5.0, 0.0)})
    assert present == {"tool0": (22.0, 0.0), "bed": (0.0, 0.0)}


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
