"""The printer as a device in Home Assistant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ha_discovery import Announcement, Component, Device, DeviceConfig, Entity, Form, Origin

from ..core.frozen import frozen
from ..messages.topics import Topics
from .compact import compact, compact_availability
from .entities.parts import Offer, Scope
from .entities.rows import rows
from .entities.texts import Texts

ORIGIN = "OctoPrint-TempETA"
SUPPORT_URL = "https://github.com/Ajimaru/OctoPrint-TempETA"
#: Bytes above which the device's message has short names of keys.
LONG_NAMES_BYTES = 48_000
#: The forms of announcement, by the setting `ha_discovery_mode`.
FORMS = {"device": Form.DEVICE, "per_entity": Form.SINGLE}


@frozen
class DeviceFacts:
    """What the device page shows about the printer."""

    instance: str
    name: str
    model: str
    plugin_version: str
    octoprint_version: str
    #: OctoPrint's language, such as "de".
    language: str = "en"
    #: OctoPrint's address, None if not known.
    url: str | None = None
    #: The area that Home Assistant suggests for a new device.
    area: str = ""


def announcement(
    facts: DeviceFacts, topics: Topics, offer: Offer, *, prefix: str, form: Form, older_server: bool = False
) -> Announcement:
    """Return the announcement of the printer and everything in `offer`.

    `older_server`: for Home Assistant before 2024.12, see `older_servers`.
    """
    scope = Scope(facts.instance, topics, Texts(facts.language), offer)
    components = _unique(rows(scope))
    if older_server:
        from .older_servers import for_older_servers

        components = tuple(for_older_servers(component, scope.with_printer) for component in components)
    components = tuple(compact(component) for component in components)
    config = DeviceConfig(
        id=f"temp_eta_{facts.instance}",
        device=Device(
            identifiers=(f"temp_eta_{facts.instance}",),
            name=_device_name(facts.name, components, scope.texts),
            manufacturer="OctoPrint",
            model=facts.model.strip() or None,
            serial_number=facts.instance,
            sw_version=f"OctoPrint {facts.octoprint_version}, Temperature ETA {facts.plugin_version}",
            suggested_area=facts.area.strip() or None,
            configuration_url=facts.url,
        ),
        origin=Origin(name=ORIGIN, sw_version=facts.plugin_version, support_url=SUPPORT_URL),
        components=components,
        availability=compact_availability(scope.with_printer),
        qos=1,
    )
    announced = Announcement(config, form=form, prefix=prefix)
    if form is Form.DEVICE and len(announced.messages[0].payload.encode()) > LONG_NAMES_BYTES:
        return replace(announced, config=replace(config, abbreviate=True))
    return announced


def _unique(components: Iterable[Component]) -> tuple[Component, ...]:
    """Return the first component of each key and identity: users choose names of scripts, presets and heaters."""
    by_key: dict[str, Component] = {}
    for component in components:
        by_key.setdefault(component.key, component)
    by_identity: dict[tuple[str, str], Component] = {}
    for component in by_key.values():
        by_identity.setdefault((component.platform, component.identity), component)
    return tuple(by_identity.values())


def _device_name(name: str, components: Iterable[Component], texts: Texts) -> str:
    """Return the printer's name, made longer if an entity's name begins with it: Home Assistant would cut it off."""
    printer = texts("3D printer")
    name = " ".join(name.split()) or printer
    entities = (component.name or "" for component in components if isinstance(component, Entity))
    repeated = any(f"{entity} ".casefold().startswith(f"{name} ".casefold()) for entity in entities)
    return f"{name} ({printer})" if repeated else name
