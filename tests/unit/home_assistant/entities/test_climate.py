"""Thermostats."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jinja2
import pytest

from octoprint_temp_eta.home_assistant.entities.parts import Thermostat
from octoprint_temp_eta.messages.contract.catalogue import MESSAGES
from tests.support.announced_printer import OFFER, TOPICS, components, idle_bridge
from tests.support.simulated_recorder import Entity, render

PRESETS = (("PLA", 60.0), ("PETG", 80.0), ("PET'G 2", 80.0), ("none", 50.0), ("PLA", 65.0), (" ", 40.0))


def bed(*presets: tuple[str, float]) -> dict[str, Any]:
    """Return the bed's thermostat."""
    return components(replace(OFFER, thermostats=(Thermostat("bed", 110.0, presets),)))["bed_climate"]


def shown(part: str, **eta: Any) -> str:
    """Return a part of what a message of the bed shows."""
    body = {"state": "off", "target": 0.0, "actual": 22.0} | eta
    climate = bed(*PRESETS)
    topic = "preset_mode_state_topic" if part.startswith("preset") else f"{part.removesuffix('_template')}_topic"
    assert climate[topic] == TOPICS.of("eta", heater="bed")
    return render(climate[part], json.dumps(body))


def command(part: str, value: Any, state: str = "off", climate: dict[str, Any] | None = None) -> Any:
    """Return the command that Home Assistant sends for a value, None for an empty message."""
    climate = climate or bed(*PRESETS)
    text = jinja2.Template(climate[f"{part}_command_template"]).render(value=value, this=Entity(state))
    assert climate[f"{part}_command_topic"] == TOPICS.of("command_target")
    if not text:
        return None
    MESSAGES["command_target"].validate(json.loads(text))
    return json.loads(text)


def test_a_thermostat_has_the_presets_that_home_assistant_accepts():
    climate = bed(*PRESETS)
    assert climate["preset_modes"] == ["PLA", "PETG", "PET'G 2"]
    assert (climate["name"], climate["modes"], climate["temperature_unit"]) == ("Bed", ["off", "heat"], "C")
    assert (climate["max_temp"], climate["min_temp"]) == (110.0, 0.0)
    assert "preset_modes" not in bed()


@pytest.mark.parametrize(
    ("eta", "mode", "target", "action", "preset"),
    [
        ({}, "off", "None", "off", "None"),
        ({"state": "heating", "target": 60.0}, "heat", "60.0", "heating", "PLA"),
        ({"state": "stalled", "target": 80.0}, "heat", "80.0", "heating", "PETG"),
        ({"state": "at_target", "target": 61.0}, "heat", "61.0", "idle", "None"),
        ({"state": "cooling", "target": 50.0}, "heat", "50.0", "idle", "None"),
        ({"state": "cooling"}, "off", "None", "off", "None"),
        ({"state": "unknown", "target": None, "actual": None}, "off", "None", "off", "None"),
    ],
)
def test_it_shows_mode_target_action_and_preset(eta: dict[str, Any], mode: str, target: str, action: str, preset: str):
    assert shown("mode_state_template", **eta) == mode
    assert shown("temperature_state_template", **eta) == target
    assert shown("action_template", **eta) == action
    assert shown("preset_mode_value_template", **eta) == preset


def test_its_commands_set_the_target():
    assert command("temperature", 62.5) == {"heater": "bed", "target": 62.5}
    assert command("preset_mode", "PET'G 2") == {"heater": "bed", "target": 80.0}
    assert command("mode", "off", "heat") == {"heater": "bed", "target": 0}
    # Home Assistant does not know the state after the entity was renamed.
    for state in ("off", "heat", "unknown"):
        assert command("mode", "heat", state) == {"heater": "bed", "target": 60.0, "only_if_off": True}


def test_what_needs_no_change_sends_an_empty_message():
    assert command("preset_mode", "none", "heat") is None
    assert command("mode", "heat", climate=bed()) is None


def test_its_temperature_has_a_deadband_also_in_fahrenheit():
    template = bed()["current_temperature_template"]
    last = Entity("off", attributes={"current_temperature": 22, "max_temp": 110})
    body = {"actual": 23.9, "target": 0, "state": "off"}
    assert render(template, json.dumps(body)) == "24"
    assert render(template, json.dumps(body), last) == "22"
    last.attributes = {"current_temperature": 72, "max_temp": 230}
    assert render(template, json.dumps(body | {"actual": 23.0}), last) == "22"
    assert render(template, json.dumps(body | {"actual": 26.0}), last) == "26"


def test_a_bridge_announces_thermostats_if_they_are_enabled_and_targets_are_permitted():
    def thermostats(**settings: Any) -> dict[str, Any]:
        announced = idle_bridge(**settings)[1]
        return {key: each.get("preset_modes") for key, each in announced.items() if each["platform"] == "climate"}

    assert thermostats(allow_target=True) == thermostats(ha_climate=True) == {}
    enabled = thermostats(ha_climate=True, allow_target=True, target_max_bed=80)
    assert enabled == {"tool0_climate": ["PLA", "ABS"], "bed_climate": ["PLA"]}
