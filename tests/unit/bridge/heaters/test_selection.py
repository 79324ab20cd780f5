"""What is a heater, what is a temperature sensor, and what is neither."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.heaters.selection import Reading, Selection, not_connected
from octoprint_temp_eta.bridge.protocol.inputs import Profile
from octoprint_temp_eta.settings.table import parse

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
