"""What Home Assistant refuses, or takes and misreads, is refused here: one row each."""

from typing import Any

import pytest

from ha_discovery import (
    Announcement,
    Availability,
    AvailabilityTopic,
    BinarySensor,
    Button,
    Component,
    Device,
    DeviceTrigger,
    DiscoveryError,
    Event,
    Number,
    Origin,
    Sensor,
    json_flag,
    json_value,
)
from tests.support.ha_kiln import LEAST, kiln, sensor

COMPONENTS: list[tuple[type[Component], dict[str, Any], str]] = [
    # ids and topics
    (Sensor, {"key": "bed temperature"}, "key"),
    (Sensor, {"key": "bed.temperature"}, "key"),
    (Sensor, {"key": ""}, "key"),
    (Sensor, {"unique_id": None}, "k.unique_id"),
    (Sensor, {"unique_id": " "}, "k.unique_id"),
    (Button, {"unique_id": 3}, "k.unique_id"),
    (Sensor, {"name": ""}, "k.name"),
    (Sensor, {"state_topic": None}, "k.state_topic"),
    (Sensor, {"state_topic": "kiln/+/state"}, "k.state_topic"),
    (Sensor, {"state_topic": "kiln/#"}, "k.state_topic"),
    (Event, {"state_topic": "kiln/event/+"}, "k.state_topic"),
    (Number, {"state_topic": "#"}, "k.state_topic"),
    (Sensor, {"state_topic": "kiln/\n"}, "k.state_topic"),
    (Sensor, {"state_topic": "kiln/\ud800"}, "k.state_topic"),
    (Sensor, {"state_topic": "kiln/\ufdd0"}, "k.state_topic"),
    (Sensor, {"state_topic": "/kiln"}, "k.state_topic"),
    (Sensor, {"state_topic": "x" * 65536}, "k.state_topic"),
    (Button, {"command_topic": None}, "k.command_topic"),
    (Number, {"command_topic": "kiln/+"}, "k.command_topic"),
    (DeviceTrigger, {"topic": "kiln/+"}, "k.topic"),
    (Sensor, {"qos": 3}, "k.qos"),
    (Sensor, {"qos": True}, "k.qos"),
    # every entity
    (Sensor, {"default_entity_id": "kiln_temperature"}, "k.default_entity_id"),
    (Sensor, {"default_entity_id": "button.kiln"}, "k.default_entity_id"),
    (Sensor, {"default_entity_id": "sensor.Kiln"}, "k.default_entity_id"),
    (Sensor, {"default_entity_id": "sensor.kiln__x"}, "k.default_entity_id"),
    (Sensor, {"default_entity_id": "sensor.kiln_"}, "k.default_entity_id"),
    (Sensor, {"icon": "thermometer"}, "k.icon"),
    (Sensor, {"icon": "mdi:Thermometer"}, "k.icon"),
    (Sensor, {"entity_picture": "/local/kiln.png"}, "k.entity_picture"),
    (Sensor, {"entity_picture": "ftp://kiln/x.png"}, "k.entity_picture"),
    (Sensor, {"entity_category": "config"}, "k.entity_category"),
    (BinarySensor, {"entity_category": "config"}, "k.entity_category"),
    (Button, {"entity_category": "system"}, "k.entity_category"),
    (Sensor, {"enabled_by_default": "false"}, "k.enabled_by_default"),
    (Sensor, {"availability": "kiln/status"}, "k.availability"),
    (Sensor, {"json_attributes_topic": "kiln/#"}, "k.json_attributes_topic"),
    (Sensor, {"json_attributes_template": "{{ value }}"}, "k.json_attributes_template"),
    (Sensor, {"value_template": "{{ value_json.x }"}, "k.value_template"),
    (Sensor, {"value_template": ""}, "k.value_template"),
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
    # trigger
    (DeviceTrigger, {"subtype": None}, "k.subtype"),
    (DeviceTrigger, {"type": ""}, "k.type"),
    (DeviceTrigger, {"topic": None}, "k.topic"),
    (DeviceTrigger, {"value_template": "{{ value }}"}, "k.value_template"),
]


@pytest.mark.parametrize(("platform", "changed", "where"), COMPONENTS)
def test_a_component_is_refused_with_key_and_rule(
    platform: type[Component], changed: dict[str, Any], where: str
) -> None:
    platform(**LEAST[platform])
    with pytest.raises(DiscoveryError) as refused:
        platform(**LEAST[platform] | changed)
    assert refused.value.where == where
    assert str(refused.value) == f"{where}: {refused.value.rule}"


def trigger(key: str, type_: str) -> DeviceTrigger:
    return DeviceTrigger(key=key, type=type_, subtype="x", topic="t")


AROUND: list[tuple[Any, str]] = [
    (lambda: Device(name="Kiln"), "device.identifiers"),
    (lambda: Device(name="Kiln", identifiers=("",)), "device.identifiers"),
    (lambda: Device(name="Kiln", identifiers="kiln"), "device.identifiers"),  # type: ignore[arg-type]
    (lambda: Device(name="Kiln", connections=(("mac",),)), "device.connections"),  # type: ignore[arg-type]
    (lambda: Device(name="", identifiers=("kiln",)), "device.name"),
    (lambda: Device(name="Kiln", identifiers=("kiln",), sw_version=2), "device.sw_version"),  # type: ignore[arg-type]
    (lambda: Device(name="Kiln", identifiers=("kiln",), configuration_url="kiln.local"), "device.configuration_url"),
    (lambda: Device(name="Kiln", identifiers=("kiln",), configuration_url="http://["), "device.configuration_url"),
    (lambda: Origin(name=""), "origin.name"),
    (lambda: Origin(name=None), "origin.name"),  # type: ignore[arg-type]
    (lambda: Origin(name="tests", support_url="see the readme"), "origin.support_url"),
    (lambda: AvailabilityTopic("kiln/+"), "availability.topic"),
    (lambda: AvailabilityTopic("t", payload_available=True), "availability.payload_available"),  # type: ignore[arg-type]
    (lambda: AvailabilityTopic("t", payload_available="offline"), "availability.payload_not_available"),
    (lambda: Availability((AvailabilityTopic("t"), AvailabilityTopic("t"))), "availability.topics"),
    (lambda: Availability(("t",)), "availability.topics"),  # type: ignore[arg-type]
    (lambda: Availability((), mode="most"), "availability.mode"),  # type: ignore[arg-type]
    (lambda: kiln(id="the kiln"), "config.id"),
    (lambda: kiln(id="kiln.1"), "config.id"),
    (lambda: kiln(id="kiln/1"), "config.id"),
    (lambda: kiln(qos=3), "config.qos"),
    (lambda: kiln(origin=None), "config.origin"),
    (lambda: kiln(device={"name": "Kiln"}), "config.device"),
    (lambda: kiln(availability=None), "config.availability"),
    (lambda: kiln(components=[sensor("a")]), "config.components"),
    (lambda: kiln("a"), "config.components"),  # type: ignore[arg-type]
    (lambda: kiln(sensor("a", "one"), sensor("a", "two")), "config.components"),
    (lambda: kiln(sensor("a", "one"), sensor("b", "one")), "config.components"),
    (
        lambda: kiln(sensor("a", default_entity_id="sensor.x"), sensor("b", default_entity_id="sensor.x")),
        "config.components",
    ),
    (lambda: kiln(trigger("a", "done"), trigger("b", "done")), "config.components"),
    (lambda: Announcement(kiln(), prefix="home/#"), "announcement.prefix"),
    (lambda: Announcement(kiln(), prefix=""), "announcement.prefix"),
    (lambda: Announcement(kiln(), prefix="homeassistant/"), "announcement.prefix"),
    (lambda: Announcement(kiln(), form="both"), "announcement.form"),  # type: ignore[arg-type]
    (json_value, "path"),
    (lambda: json_value("a'b"), "path"),
    (lambda: json_value("a", "{{"), "path"),
    (lambda: json_flag("a", on="it's on"), "on"),
    (lambda: json_flag("a", off=""), "off"),
]


@pytest.mark.parametrize(("make", "where"), AROUND)
def test_what_is_around_the_components_is_refused_with_key_and_rule(make: Any, where: str) -> None:
    with pytest.raises(DiscoveryError) as refused:
        make()
    assert refused.value.where == where


@pytest.mark.parametrize("platform", LEAST)
@pytest.mark.parametrize("key", ["availability_topic", "retain", "~", "model_id"])
def test_there_are_no_unknown_keys(platform: type[Component], key: str) -> None:
    with pytest.raises(TypeError, match=key):
        platform(**LEAST[platform], **{key: "x"})
    with pytest.raises(TypeError, match=key):
        Device(name="Kiln", identifiers=("kiln",), **{key: "x"})
    with pytest.raises(TypeError, match=key):
        Origin(name="tests", **{key: "x"})
    with pytest.raises(TypeError, match=key):
        kiln(**{key: "x"})


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
    (DeviceTrigger, {"payload": "done", "value_template": "{{ value_json.event_type }}"}),
]


@pytest.mark.parametrize(("platform", "changed"), ACCEPTED)
def test_what_home_assistant_takes_is_taken(platform: type[Component], changed: dict[str, Any]) -> None:
    kiln(platform(**LEAST[platform] | changed))
