"""The messages that announce a device, in both of Home Assistant's forms."""

import json
from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum
from typing import Any

from ha_discovery.config.availability import Availability
from ha_discovery.config.components import Component, Entity
from ha_discovery.config.device import DeviceConfig
from ha_discovery.config.frozen import frozen
from ha_discovery.config.platforms import DeviceTrigger
from ha_discovery.planning.abbreviations import abbreviated

Json = dict[str, Any]


class Form(StrEnum):
    """How a device is announced."""

    DEVICE = "device"
    """One message with all components, for Home Assistant 2024.12 and newer."""
    SINGLE = "single"
    """One message per component, for older servers."""


@frozen()
class Message:
    """A message to publish. The payload is text, to encode as UTF-8; an empty one clears the retained message."""

    topic: str
    payload: str
    retain: bool
    qos: int = 1


def device_topic(prefix: str, device_id: str) -> str:
    """Return the topic of the device form."""
    return f"{prefix}/device/{device_id}/config"


def single_topic(prefix: str, platform: str, device_id: str, key: str) -> str:
    """Return the topic of one component in the single form."""
    return f"{prefix}/{platform}/{device_id}/{key}/config"


def device_message(config: DeviceConfig, prefix: str) -> Message:
    """Return the retained message of the device form."""
    components = {c.key: {"platform": c.platform, **_component(c), **_override(c)} for c in config.components}
    if config.abbreviate:
        components = {key: abbreviated(component) for key, component in components.items()}
    payload = {**_header(config), **_qos(config), **_availability(config.availability), "components": components}
    return retained(device_topic(prefix, config.id), payload)


def single_messages(config: DeviceConfig, prefix: str) -> tuple[Message, ...]:
    """Return the retained messages of the single form, one per component."""
    return tuple(
        retained(
            single_topic(prefix, c.platform, config.id, c.key),
            {**_header(config), **_qos(config), **_inherited(config, c), **_component(c)},
        )
        for c in config.components
    )


def removal_message(config: DeviceConfig, topic: str, platform: str, keys: Iterable[str]) -> Message:
    """Remove components of one platform from the device announced on `topic`. Leaving them out removes nothing.

    It is retained, like the message after it, so a Home Assistant that starts in between finds no outdated message.
    """
    components = {key: {"platform": platform} for key in keys}
    return retained(topic, {**_header(config), "components": components})


def migration_message(topic: str) -> Message:
    """Make Home Assistant release the components on `topic` but keep their registry entries for a new topic."""
    return retained(topic, {"migrate_discovery": True})


def clear_message(topic: str) -> Message:
    """Remove everything that was announced on `topic`."""
    return Message(topic, "", retain=True)


def retained(topic: str, payload: Json) -> Message:
    """Return a retained JSON message."""
    return Message(topic, encode(payload), retain=True)


def encode(payload: Json) -> str:
    """Return JSON that is the same for equal payloads; a lone surrogate, which no message can have, becomes "?"."""
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="replace").decode()


def _header(config: DeviceConfig) -> Json:
    device = {**_given(config.device), **_always(config.device, "identifiers", "connections")}
    return {"device": device, "origin": _given(config.origin)}


def _qos(config: DeviceConfig) -> Json:
    return {"qos": config.qos} if config.qos else {}


def _component(component: Component) -> Json:
    """Return a component's own keys, with full names, without platform and availability."""
    given = _given(component)
    del given["key"]
    if isinstance(component, Entity):
        given.pop("availability", None)
        given["name"] = component.name
        if component.default_entity_id is not None:
            # for Home Assistant before 2025.10, which does not read default_entity_id
            given["object_id"] = component.default_entity_id.partition(".")[2]
    if isinstance(component, DeviceTrigger):
        given["automation_type"] = "trigger"
    return given


def _override(component: Component) -> Json:
    """Return a component's own availability in the device form. An empty list overrides the device's with none."""
    if not isinstance(component, Entity) or component.availability is None:
        return {}
    return _availability(component.availability) or {"availability": []}


def _inherited(config: DeviceConfig, component: Component) -> Json:
    """Return the availability of a component in the single form. Triggers have none."""
    if not isinstance(component, Entity):
        return {}
    return _availability(config.availability if component.availability is None else component.availability)


def _availability(availability: Availability) -> Json:
    topics = [
        {**_given(topic), **_always(topic, "payload_available", "payload_not_available")}
        for topic in availability.topics
    ]
    # for a single topic all modes are the same
    mode = {} if len(topics) == 1 and availability.mode == "all" else {"availability_mode": availability.mode}
    return {"availability": topics, **mode} if topics else {}


def _always(values: Any, *names: str) -> Json:
    """Return fields that are sent even if they have Home Assistant's default.

    Until 2025 a thread that loads a platform may recompile the validators that fill in these defaults while a message
    is validated. In about one of thirty starts an entity of the first announcement failed with a KeyError.
    """
    return {name: getattr(values, name) for name in names}


def _given(values: Any) -> Json:
    """Return the fields of a dataclass that differ from their default, by name."""
    return {f.name: getattr(values, f.name) for f in fields(values) if getattr(values, f.name) != f.default}
