"""Thermostats in a real Home Assistant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.full_stack import FullStack
from tests.support.waiting import eventually

pytestmark = [pytest.mark.home_assistant, pytest.mark.timeout(600)]


@pytest.fixture
def thermostat(cold: FullStack) -> Iterator[FullStack]:
    """The full stack with thermostats."""
    cold.save(ha_climate=True)
    cold.await_keys(lambda keys: {"bed_climate", "tool0_climate"} <= keys, "the thermostats")
    yield cold
    cold.save(ha_climate=False)
    cold.await_keys(lambda keys: "bed_climate" not in keys, "the thermostats to be gone")


def shown(full_stack: FullStack) -> dict[str, Any]:
    """Return what the bed's thermostat shows."""
    entity = full_stack.entities()["bed_climate"]
    names = ("temperature", "hvac_action", "preset_mode")
    return {"mode": entity.state, **{name: entity.attributes.get(name) for name in names}}


def is_shown(full_stack: FullStack, **values: Any) -> None:
    eventually(lambda: values.items() <= shown(full_stack).items(), f"{values}, not {shown(full_stack)}", 60, poll=0.3)


def test_a_heater_is_a_thermostat_with_octoprints_presets(thermostat: FullStack) -> None:
    is_shown(thermostat, mode="off", hvac_action="off", temperature=None, preset_mode="none")
    entity = thermostat.entities()["bed_climate"]
    assert entity.entity_id == "climate.ender_bed"
    assert entity.attributes["preset_modes"] == ["none", "ABS", "PLA"]
    assert entity.attributes["hvac_modes"] == ["off", "heat"]
    assert 15 < entity.attributes["current_temperature"] < 60
    bed: dict[str, Any] = {"entity_id": entity.entity_id}
    thermostat.ha.call("climate.set_preset_mode", **bed, preset_mode="PLA")
    is_shown(thermostat, mode="heat", hvac_action="heating", temperature=60, preset_mode="PLA")
    thermostat.ha.call("climate.set_preset_mode", **bed, preset_mode="none")
    thermostat.ha.call("climate.set_hvac_mode", **bed, hvac_mode="heat")
    thermostat.ha.call("climate.set_temperature", **bed, temperature=45)
    is_shown(thermostat, mode="heat", temperature=45, preset_mode="none", hvac_action="idle")
    thermostat.ha.call("climate.set_hvac_mode", **bed, hvac_mode="off")
    is_shown(thermostat, mode="off", hvac_action="off", temperature=None)
    # a heater that cools down goes on doing so while the next test connects the printer again
    thermostat.ha.call("climate.turn_on", **bed)
    is_shown(thermostat, mode="heat", temperature=100, preset_mode="ABS")
