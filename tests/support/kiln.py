"""An example device for tests: a kiln, with one component of each platform."""

from typing import Any

import pytest

from ha_discovery import (
    ALWAYS,
    Announcement,
    Availability,
    AvailabilityTopic,
    BinarySensor,
    Button,
    Climate,
    Component,
    Device,
    DeviceConfig,
    DeviceTrigger,
    DiscoveryError,
    Event,
    Form,
    Number,
    Origin,
    Sensor,
    json_flag,
    json_value,
)

STATE = "kiln/state"
LEAST: dict[type[Component], dict[str, Any]] = {
    Sensor: {"key": "k", "unique_id": "u", "name": "N", "state_topic": "t"},
    BinarySensor: {"key": "k", "unique_id": "u", "name": "N", "state_topic": "t"},
    Button: {"key": "k", "unique_id": "u", "name": "N", "command_topic": "t"},
    Event: {"key": "k", "unique_id": "u", "name": "N", "state_topic": "t", "event_types": ("done",)},
    Number: {"key": "k", "unique_id": "u", "name": "N", "command_topic": "t"},
    Climate: {"key": "k", "unique_id": "u", "name": "N", "temperature_command_topic": "t"},
    DeviceTrigger: {"key": "k", "type": "reached", "subtype": "kiln", "topic": "t"},
}

COMPONENTS: tuple[Component, ...] = (
    Sensor(
        key="temperature",
        unique_id="kiln_temperature",
        name="Temperature",
        default_entity_id="sensor.kiln_temperature",
        device_class="temperature",
        unit_of_measurement="°C",
        state_class="measurement",
        state_topic=STATE,
        value_template=json_value("temperature"),
        enabled_by_default=False,
    ),
    BinarySensor(
        key="bridge",
        unique_id="kiln_bridge",
        name="Bridge",
        device_class="connectivity",
        entity_category="diagnostic",
        state_topic="kiln/status",
        payload_on="online",
        payload_off="offline",
        availability=ALWAYS,
    ),
    BinarySensor(
        key="door",
        unique_id="kiln_door",
        name="Door",
        state_topic=STATE,
        value_template=json_flag("door"),
        availability=Availability((AvailabilityTopic("kiln/door/status"),), mode="any"),
    ),
    Button(key="stop", unique_id="kiln_stop", name="Stop", command_topic="kiln/stop", qos=2, icon="mdi:stop"),
    Event(key="fire", unique_id="kiln_fire", name="Firing", state_topic="kiln/event", event_types=("done", "failed")),
    Number(key="target", unique_id="kiln_target", name="Target", command_topic="kiln/target", max=1300.0),
    Climate(
        key="thermostat",
        unique_id="kiln_thermostat",
        name="Kiln",
        temperature_command_topic="kiln/target",
        max_temp=1300.0,
        modes=("off", "heat"),
    ),
    DeviceTrigger(key="done", type="finished", subtype="firing", topic="kiln/event"),
)


def kiln(*components: Component, **changed: Any) -> DeviceConfig:
    """Return the kiln with these components."""
    given: dict[str, Any] = {
        "id": "kiln",
        "device": Device(name="Kiln", identifiers=("kiln",)),
        "origin": Origin(name="tests"),
        "components": components,
    }
    return DeviceConfig(**given | changed)


def announcement(*components: Component, form: Form = Form.DEVICE, **changed: Any) -> Announcement:
    """Return an announcement of the kiln with these components."""
    return Announcement(kiln(*components, **changed), form)


def sensor(key: str, unique_id: str = "", **rest: Any) -> Sensor:
    """Return a sensor."""
    return Sensor(key=key, unique_id=unique_id or f"kiln_{key}", name=key, state_topic=STATE, **rest)


def assert_refused(platform: type[Component], changed: dict[str, Any], where: str) -> None:
    """Assert that the least component of `platform` with the `changed` fields is refused, with key and rule."""
    platform(**LEAST[platform])
    with pytest.raises(DiscoveryError) as refused:
        platform(**LEAST[platform] | changed)
    assert refused.value.where == where
    assert str(refused.value) == f"{where}: {refused.value.rule}"
