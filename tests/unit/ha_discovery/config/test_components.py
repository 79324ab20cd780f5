"""The fields that all components or all entities share: Home Assistant's rules for them, one row each."""

from typing import Any

import pytest

from ha_discovery import (
    BinarySensor,
    Button,
    Component,
    Device,
    DeviceTrigger,
    Entity,
    Event,
    Number,
    Origin,
    Sensor,
)
from tests.support.kiln import LEAST, assert_refused, kiln

REFUSED: list[tuple[type[Component], dict[str, Any], str]] = [
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
]


@pytest.mark.parametrize(("platform", "changed", "where"), REFUSED)
def test_a_component_is_refused_with_key_and_rule(
    platform: type[Component], changed: dict[str, Any], where: str
) -> None:
    assert_refused(platform, changed, where)


@pytest.mark.parametrize("platform", LEAST)
@pytest.mark.parametrize("key", ["availability_topic", "retain", "~", "model_id"])
def test_unknown_keys_are_refused(platform: type[Component], key: str) -> None:
    with pytest.raises(TypeError, match=key):
        platform(**LEAST[platform], **{key: "x"})
    with pytest.raises(TypeError, match=key):
        Device(name="Kiln", identifiers=("kiln",), **{key: "x"})
    with pytest.raises(TypeError, match=key):
        Origin(name="tests", **{key: "x"})
    with pytest.raises(TypeError, match=key):
        kiln(**{key: "x"})


def test_a_platform_cannot_be_defined_without_the_values_that_its_removal_needs() -> None:
    with pytest.raises(TypeError, match="must define least"):
        type("Siren", (Entity,), {"platform": "siren"})
    with pytest.raises(TypeError, match="must define platform"):
        type("Siren", (Entity,), {"least": {}})
    assert "siren" not in Entity.platforms
