"""The targets of a temperature preset."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.protocol.inputs import Preset


@pytest.mark.parametrize(
    ("heater", "target"), [("tool0", 200.0), ("tool3", 200.0), ("bed", 60.0), ("chamber", 0.0), ("dryer", 0.0)]
)
def test_a_preset_sets_all_tools_and_no_custom_heater(heater: str, target: float):
    assert Preset("PLA", extruder=200.0, bed=60.0).target(heater) == target
