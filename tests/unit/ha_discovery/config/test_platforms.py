"""The fields of each platform: Home Assistant's rules for them, one row each."""

from typing import Any

import pytest

from ha_discovery import BinarySensor, Button, Climate, Component, DeviceTrigger, Entity, Event, Number, Sensor
from tests.support.kiln import LEAST, assert_refused, kiln

REFUSED: list[tuple[type[Component], dict[str, Any], str]] = [
    # sensor
    (Sensor, {"device_class": "heat"}, "k.device_class"),
    (Sensor, {"device_class": ["temperature"]}, "k.device_class"),
    (Sensor, {"device_class": "duration", "unit_of_measurement": "sec"}, "k.unit_of_measurement"),
    (Sensor, {"device_class": "duration", "unit_of_measurement": "seconds"}, "k.unit_of_measurement"),
    (Sensor, {"device_class": "temperature", "unit_of_measurement": "C"}, "k.unit_of_measurement"),
    (Sensor, {"device_class": "temperature"}, "k.unit_of_measurement"),
    (Sensor, {"device_class": "timestamp", "unit_of_measurement": "s"}, "k.unit_of_measurement"),
    (Sensor, {"device_class": "timestamp", "state_class": "measurement"}, "k.state_class"),
    (Sensor, {"device_class": "timestamp", "value_template": "{{ now() + x }}"}, "k.value_template"),
    (Sensor, {"device_class": "timestamp", "value_template": "{{ utcnow() + x }}"}, "k.value_template"),
    (Sensor, {"device_class": "enum", "options": ("a",), "unit_of_measurement": "s"}, "k.unit_of_measurement"),
    (Sensor, {"device_class": "enum", "options": ("a",), "state_class": "measurement"}, "k.state_class"),
    (Sensor, {"device_class": "enum", "options": ()}, "k.options"),
    (Sensor, {"device_class": "enum", "options": ["a"]}, "k.options"),
    (Sensor, {"device_class": "enum", "options": ("a", "a")}, "k.options"),
    (Sensor, {"device_class": "enum", "options": ("a" * 256,)}, "k.options"),
    (Sensor, {"options": ("a",)}, "k.options"),
    (
        Sensor,
        {"device_class": "energy", "unit_of_measurement": "kWh", "state_class": "measurement"},
        "k.state_class",
    ),
    (Sensor, {"state_class": "mean"}, "k.state_class"),
    (Sensor, {"suggested_display_precision": 1}, "k.suggested_display_precision"),
    (Sensor, {"unit_of_measurement": "°C", "suggested_display_precision": -1}, "k.suggested_display_precision"),
    (Sensor, {"expire_after": 0}, "k.expire_after"),
    (Sensor, {"force_update": 1}, "k.force_update"),
    # binary sensor
    (BinarySensor, {"device_class": "temperature"}, "k.device_class"),
    (BinarySensor, {"payload_on": True}, "k.payload_on"),
    (BinarySensor, {"payload_on": "OFF"}, "k.payload_off"),
    # button, event, number
    (Button, {"device_class": "start"}, "k.device_class"),
    (Button, {"payload_press": {"id": "x"}}, "k.payload_press"),
    (Button, {"message_expiry_interval": 0}, "k.message_expiry_interval"),
    (Event, {"event_types": None}, "k.event_types"),
    (Event, {"event_types": ()}, "k.event_types"),
    (Event, {"event_types": ("a", "a")}, "k.event_types"),
    (Event, {"device_class": "heat"}, "k.device_class"),
    (Number, {"min": 10, "max": 10}, "k.max"),
    (Number, {"min": 10, "max": 1}, "k.max"),
    (Number, {"step": 0}, "k.step"),
    (Number, {"step": 100}, "k.step"),
    (Number, {"max": float("nan")}, "k.max"),
    (Number, {"max": "110"}, "k.max"),
    (Number, {"mode": "dial"}, "k.mode"),
    (Number, {"device_class": "timestamp"}, "k.device_class"),
    (Number, {"device_class": "temperature", "unit_of_measurement": "s"}, "k.unit_of_measurement"),
    (Number, {"value_template": "{{ value }}"}, "k.value_template"),
    # climate
    (Climate, {"temperature_command_topic": None}, "k.temperature_command_topic"),
    (Climate, {"temperature_command_template": "{{ value"}, "k.temperature_command_template"),
    (Climate, {"current_temperature_topic": "kiln/#"}, "k.current_temperature_topic"),
    (Climate, {"action_template": "{{ value"}, "k.action_template"),
    (Climate, {"preset_mode_value_template": "{{ value"}, "k.preset_mode_value_template"),
    (Climate, {"temperature_unit": "°C"}, "k.temperature_unit"),
    (Climate, {"modes": ("off", "warm")}, "k.modes"),
    (Climate, {"modes": ()}, "k.modes"),
    (Climate, {"min_temp": 10, "max_temp": 10}, "k.max_temp"),
    (Climate, {"max_temp": float("inf")}, "k.max_temp"),
    (Climate, {"temp_step": 0}, "k.temp_step"),
    (Climate, {"preset_modes": ("PLA",)}, "k.preset_modes"),
    (Climate, {"preset_mode_command_topic": "t"}, "k.preset_modes"),
    (Climate, {"preset_modes": ("none",), "preset_mode_command_topic": "t"}, "k.preset_modes"),
    # trigger
    (DeviceTrigger, {"subtype": None}, "k.subtype"),
    (DeviceTrigger, {"type": ""}, "k.type"),
    (DeviceTrigger, {"topic": None}, "k.topic"),
    (DeviceTrigger, {"value_template": "{{ value }}"}, "k.value_template"),
]


@pytest.mark.parametrize(("platform", "changed", "where"), REFUSED)
def test_a_component_is_refused_with_key_and_rule(
    platform: type[Component], changed: dict[str, Any], where: str
) -> None:
    assert_refused(platform, changed, where)


ACCEPTED: list[tuple[type[Component], dict[str, Any]]] = [
    (Sensor, {"name": None}),
    (Sensor, {"device_class": "duration", "unit_of_measurement": "s", "state_class": "measurement"}),
    (Sensor, {"device_class": "power_factor"}),
    (Sensor, {"device_class": "enum", "options": ("off", "heating")}),
    (Sensor, {"device_class": "timestamp", "entity_category": "diagnostic"}),
    (Sensor, {"unit_of_measurement": "layers", "suggested_display_precision": 0}),
    (Sensor, {"default_entity_id": "sensor.ender_3_bed_ready_at"}),
    (Sensor, {"state_topic": "octoprint/temp_eta/ender_3/tool0/eta", "qos": 0}),
    (Sensor, {"icon": "mdi:clock-check-outline"}),
    (BinarySensor, {"device_class": "connectivity", "payload_on": "online", "payload_off": "offline"}),
    (Button, {"entity_category": "config", "payload_press": '{"id": "probe"}'}),
    (Event, {"device_class": "button"}),
    (Number, {"device_class": "temperature", "unit_of_measurement": "°C", "min": 0, "max": 110, "mode": "box"}),
    (Number, {"entity_category": "config", "min": -1, "max": 1, "step": 0.001}),
    (Climate, {"modes": ("off", "heat"), "min_temp": 0.0, "max_temp": 1300.0, "temperature_unit": "C"}),
    (Climate, {"preset_modes": ("PLA", "ABS"), "preset_mode_command_topic": "t"}),
    (DeviceTrigger, {"payload": "done", "value_template": "{{ value_json.event_type }}"}),
]


@pytest.mark.parametrize(("platform", "changed"), ACCEPTED)
def test_what_home_assistant_accepts_is_accepted(platform: type[Component], changed: dict[str, Any]) -> None:
    kiln(platform(**LEAST[platform] | changed))


@pytest.mark.parametrize("platform", Entity.platforms.values())
def test_the_least_values_of_a_platform_are_enough_for_it(platform: type[Entity]) -> None:
    kiln(platform(key="k", unique_id="u", name="N", **platform.least))
