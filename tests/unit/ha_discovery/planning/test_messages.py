"""The messages that announce a device, in both forms."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ha_discovery import ALWAYS, Availability, AvailabilityTopic, Device, Form, Message, Number, Origin, json_flag
from tests.support.kiln import COMPONENTS, STATE, announcement, kiln, sensor

STATUS = Availability((AvailabilityTopic("kiln/status"), AvailabilityTopic("kiln/power", "on", "off")), mode="all")
EVERYTHING = {"availability": STATUS, "qos": 1}


#: What all components share, and each of COMPONENTS, as announced.
HEADER = {"device": {"name": "Kiln", "identifiers": ["kiln"], "connections": []}, "origin": {"name": "tests"}}
SHARED = {
    "availability": [
        {"topic": "kiln/status", "payload_available": "online", "payload_not_available": "offline"},
        {"topic": "kiln/power", "payload_available": "on", "payload_not_available": "off"},
    ],
    "availability_mode": "all",
}
ANNOUNCED: dict[str, dict[str, Any]] = {
    "temperature": {
        "platform": "sensor",
        "unique_id": "kiln_temperature",
        "name": "Temperature",
        "default_entity_id": "sensor.kiln_temperature",
        "object_id": "kiln_temperature",
        "device_class": "temperature",
        "unit_of_measurement": "°C",
        "state_class": "measurement",
        "state_topic": STATE,
        "value_template": "{{ (value_json | default({}))['temperature'] | default('None') }}",
        "enabled_by_default": False,
    },
    "bridge": {
        "platform": "binary_sensor",
        "unique_id": "kiln_bridge",
        "name": "Bridge",
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "state_topic": "kiln/status",
        "payload_on": "online",
        "payload_off": "offline",
        "availability": [],
    },
    "door": {
        "platform": "binary_sensor",
        "unique_id": "kiln_door",
        "name": "Door",
        "state_topic": STATE,
        "value_template": json_flag("door"),
        "availability": [
            {"topic": "kiln/door/status", "payload_available": "online", "payload_not_available": "offline"}
        ],
        "availability_mode": "any",
    },
    "stop": {
        "platform": "button",
        "unique_id": "kiln_stop",
        "name": "Stop",
        "command_topic": "kiln/stop",
        "icon": "mdi:stop",
        "qos": 2,
    },
    "fire": {
        "platform": "event",
        "unique_id": "kiln_fire",
        "name": "Firing",
        "state_topic": "kiln/event",
        "event_types": ["done", "failed"],
    },
    "target": {
        "platform": "number",
        "unique_id": "kiln_target",
        "name": "Target",
        "command_topic": "kiln/target",
        "max": 1300.0,
    },
    "thermostat": {
        "platform": "climate",
        "unique_id": "kiln_thermostat",
        "name": "Kiln",
        "temperature_command_topic": "kiln/target",
        "max_temp": 1300.0,
        "modes": ["off", "heat"],
    },
    "done": {
        "platform": "device_automation",
        "automation_type": "trigger",
        "type": "finished",
        "subtype": "firing",
        "topic": "kiln/event",
    },
}


def payload(message: Message) -> dict[str, Any]:
    value = json.loads(message.payload)
    assert isinstance(value, dict)
    return value


def test_the_device_form_is_one_retained_message_with_full_key_names() -> None:
    (message,) = announcement(*COMPONENTS, **EVERYTHING).messages
    assert (message.topic, message.retain, message.qos) == ("homeassistant/device/kiln/config", True, 1)
    assert payload(message) == HEADER | SHARED | {"qos": 1, "components": ANNOUNCED}


def test_the_single_form_is_a_complete_retained_message_for_each_component() -> None:
    messages = announcement(*COMPONENTS, form=Form.SINGLE, **EVERYTHING).messages
    assert [m.topic for m in messages] == [
        "homeassistant/sensor/kiln/temperature/config",
        "homeassistant/binary_sensor/kiln/bridge/config",
        "homeassistant/binary_sensor/kiln/door/config",
        "homeassistant/button/kiln/stop/config",
        "homeassistant/event/kiln/fire/config",
        "homeassistant/number/kiln/target/config",
        "homeassistant/climate/kiln/thermostat/config",
        "homeassistant/device_automation/kiln/done/config",
    ]
    assert all(m.retain and m.qos == 1 for m in messages)
    temperature, bridge, door, stop, fire, target, thermostat, done = map(payload, messages)
    own = {
        key: {name: value for name, value in component.items() if name != "platform"}
        for key, component in ANNOUNCED.items()
    }
    del own["bridge"]["availability"]
    assert temperature == HEADER | SHARED | {"qos": 1} | own["temperature"]
    assert bridge == HEADER | {"qos": 1} | own["bridge"]
    assert door == HEADER | {"qos": 1} | own["door"]
    assert thermostat == HEADER | SHARED | {"qos": 1} | own["thermostat"]
    assert stop == HEADER | SHARED | own["stop"]
    assert fire == HEADER | SHARED | {"qos": 1} | own["fire"]
    assert target == HEADER | SHARED | {"qos": 1} | own["target"]
    assert done == HEADER | {"qos": 1} | own["done"]


def test_a_name_of_none_is_sent() -> None:
    component = sensor("a")
    (message,) = announcement(type(component)(key="a", unique_id="a", name=None, state_topic="t")).messages
    assert payload(message)["components"]["a"]["name"] is None


def test_no_availability_is_sent_for_a_device_that_is_always_available() -> None:
    (message,) = announcement(sensor("a"), availability=ALWAYS).messages
    assert not {"availability", "availability_mode", "qos"} & set(payload(message))


def test_all_fields_of_device_and_origin_are_sent() -> None:
    device = Device(
        name="Kiln",
        identifiers=("kiln", "old"),
        connections=(("mac", "02:00:00:00:00:01"),),
        manufacturer="Nabertherm",
        model="N 60",
        sw_version="1",
        hw_version="2",
        serial_number="3",
        suggested_area="Workshop",
        via_device="hub",
        configuration_url="http://kiln.local/",
    )
    origin = Origin(name="tests", sw_version="1", support_url="https://example.com/")
    (message,) = announcement(sensor("a"), device=device, origin=origin).messages
    assert payload(message)["device"] == {
        "name": "Kiln",
        "identifiers": ["kiln", "old"],
        "connections": [["mac", "02:00:00:00:00:01"]],
        "manufacturer": "Nabertherm",
        "model": "N 60",
        "sw_version": "1",
        "hw_version": "2",
        "serial_number": "3",
        "suggested_area": "Workshop",
        "via_device": "hub",
        "configuration_url": "http://kiln.local/",
    }
    assert payload(message)["origin"] == {"name": "tests", "sw_version": "1", "support_url": "https://example.com/"}


def test_equal_devices_give_equal_messages_whatever_the_order() -> None:
    one, other = sensor("a"), Number(key="b", unique_id="b", name="B", command_topic="t")
    assert announcement(one, other).messages == announcement(other, one).messages
    (message,) = announcement(one).messages
    assert message.payload == (
        '{"components":{"a":{"name":"a","platform":"sensor","state_topic":"kiln/state","unique_id":"kiln_a"}},'
        '"device":{"connections":[],"identifiers":["kiln"],"name":"Kiln"},"origin":{"name":"tests"}}'
    )


@pytest.mark.parametrize("form", Form)
def test_without_components_there_are_no_messages(form: Form) -> None:
    assert announcement(form=form).messages == ()


def test_configurations_can_be_compared() -> None:
    assert kiln(*COMPONENTS) == kiln(*COMPONENTS)
    assert kiln(*COMPONENTS) != kiln(*COMPONENTS[1:])


def test_half_of_a_character_in_a_name_becomes_a_question_mark() -> None:
    """No message can have it: the announcement would be none at all."""
    (message,) = announcement(replace(sensor("a"), name="PLA \ud83d")).messages
    assert payload(message)["components"]["a"]["name"] == "PLA ?"
