"""The printer as a device in Home Assistant: its names and ids, and the rows of `entities`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ha_discovery import (
    Announcement,
    Availability,
    AvailabilityTopic,
    Component,
    Device,
    DeviceConfig,
    Entity,
    Form,
    Origin,
    json_flag,
)

from ..messages.topics import Topics, slug
from .entities import rows
from .older_servers import for_older_servers
from .parts import Offer

ORIGIN = "OctoPrint-TempETA"
SUPPORT_URL = "https://github.com/Ajimaru/OctoPrint-TempETA"
#: The forms of announcement, by the setting `ha_discovery_mode`.
FORMS = {"device": Form.DEVICE, "per_entity": Form.SINGLE}

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the device page shows about the printer."""

    instance: str
    name: str
    model: str
    plugin_version: str
    octoprint_version: str


def announcement(facts: DeviceFacts, topics: Topics, offer: Offer, *, prefix: str, form: Form) -> Announcement:
    """Return the announcement of the printer and everything in `offer`."""
    bridge = AvailabilityTopic(topics.of("status"))
    printer = AvailabilityTopic(topics.of("printer"), value_template=json_flag("connected", on="online", off="offline"))
    always = Availability((bridge,))
    components = _unique(rows(partial(_entity, facts), topics, offer, Availability((bridge, printer))))
    if form is Form.SINGLE:
        components = tuple(for_older_servers(component, always) for component in components)
    config = DeviceConfig(
        id=f"temp_eta_{facts.instance}",
        device=Device(
            identifiers=(f"temp_eta_{facts.instance}",),
            name=_device_name(facts.name, components),
            manufacturer="OctoPrint",
            model=facts.model.strip() or None,
            sw_version=f"OctoPrint {facts.octoprint_version}, Temperature ETA {facts.plugin_version}",
        ),
        origin=Origin(name=ORIGIN, sw_version=facts.plugin_version, support_url=SUPPORT_URL),
        components=components,
        availability=always,
        qos=1,
    )
    return Announcement(config, form=form, prefix=prefix)


def _unique(components: Iterable[Component]) -> tuple[Component, ...]:
    """Return the first component of each key: users choose the names of scripts, presets and heaters."""
    by_key: dict[str, Component] = {}
    for component in components:
        by_key.setdefault(component.key, component)
    return tuple(by_key.values())


def _device_name(name: str, components: Iterable[Component]) -> str:
    """Return the printer's name, made longer if an entity's name begins with it: Home Assistant would cut it off."""
    name = " ".join(name.split()) or "3D printer"
    entities = (component.name or "" for component in components if isinstance(component, Entity))
    repeated = any(f"{entity} ".casefold().startswith(f"{name} ".casefold()) for entity in entities)
    return f"{name} (3D printer)" if repeated else name


def _entity(facts: DeviceFacts, kind: type[E], key: str, name: str, **more: Any) -> E:
    """Return an entity with the ids that follow from `key`."""
    entity_id = re.sub("[_-]+", "_", f"{slug(facts.name)}_{key}".lower()).strip("_")
    return kind(
        key=key,
        unique_id=f"temp_eta_{facts.instance}_{key}",
        default_entity_id=f"{kind.platform}.{entity_id}",
        name=" ".join(name.split()),
        **more,
    )
