"""What is new in a reading."""

from __future__ import annotations

import math

from octoprint_temp_eta.bridge.heaters.reported.news import news, repeated_names, values
from octoprint_temp_eta.bridge.protocol.inputs import Profile

READINGS = {"tool0": (200.0, 210.0), "bed": (60.0, 60.0), "chamber": (30.0, None)}
NONE: frozenset[str] = frozenset()


def test_what_is_no_temperature_is_none_and_a_negative_target_too():
    raw = {"tool0": (200, -0.0), "bed": (math.nan, -1), "chamber": ("30", None)}
    assert values(raw) == {"tool0": (200.0, 0.0), "bed": (None, None), "chamber": (None, None)}


def test_of_repeated_names_only_a_new_target_is_new():
    repeated = frozenset(("bed", "chamber"))
    assert news(READINGS, NONE, NONE, {}) == READINGS
    assert news(READINGS, repeated, NONE, {"bed": 60.0}) == {"tool0": (200.0, 210.0)}
    assert news(READINGS, repeated, NONE, {"bed": 0.0}) == {"tool0": (200.0, 210.0), "bed": (None, 60.0)}


def test_of_a_zero_that_is_no_temperature_the_target_is_new():
    readings = {"tool0": (0.0, 210.0), "bed": (0.0, 0.0)}
    assert news(readings, NONE, frozenset(("tool0",)), {"tool0": 210.0}) == {"tool0": (None, 210.0), "bed": (0.0, 0.0)}
    assert news(readings, frozenset(("bed",)), frozenset(("bed",)), {"bed": 0.0}) == {"tool0": (0.0, 210.0)}


def test_the_tools_of_a_shared_nozzle_are_reported_together():
    tools, shared = ("tool0", "tool1", "bed"), Profile("", "", "", extruders=2, shared_nozzle=True)
    one, all_tools = frozenset(("tool0", "bed")), frozenset(tools)
    assert repeated_names(tools, one, shared) == {"bed"}
    assert repeated_names(tools, all_tools, shared) == all_tools
    assert repeated_names(tools, one, Profile("", "", "", extruders=2)) == one
    assert repeated_names(tools, one, None) == one
