"""What Home Assistant sees: one device, its entities and triggers as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ha_discovery import (
    ALWAYS,
    Announcement,
    Availability,
    AvailabilityTopic,
    BinarySensor,
    Button,
    Component,
    Device,
    DeviceConfig,
    DeviceTrigger,
    Entity,
    Form,
    Origin,
    Sensor,
    json_flag,
    json_value,
)

from ..core.heater import State
from .topics import Topics, slug

ORIGIN = "OctoPrint-TempETA"
SUPPORT_URL = "https://github.com/Ajimaru/OctoPrint-TempETA"

#: s after which a press that nobody fetched is not worth obeying any more.
PRESS_EXPIRY_S = 30

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the device page says of the printer."""

    instance: str
    name: str
    model: str
    plugin_version: str
    octoprint_version: str


def announcement(
    facts: DeviceFacts, topics: Topics, heaters: Sequence[str], commands: Iterable[str], *, prefix: str, form: Form
) -> Announcement:
    """Return what Home Assistant is to know: the entities of `heaters` and printer, buttons for allowed `commands`."""
    bridge = AvailabilityTopic(topics.of("status"))
    printer = AvailabilityTopic(topics.of("printer"), value_template=json_flag("connected", on="online", off="offline"))
    add = partial(_entity, facts)
    components: list[Component] = [*_printer(add, topics), *_buttons(add, topics, set(commands))]
    needs_printer = Availability((bridge, printer))
    for heater in heaters:
        components += _heater(partial(add, availability=needs_printer), topics, heater)
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
        components=tuple(components),
        availability=Availability((bridge,)),
        qos=1,
    )
    return Announcement(config, form=form, prefix=prefix)


def _device_name(name: str, components: Iterable[Component]) -> str:
    """Return the printer's name, made longer where an entity's name would seem to repeat it ("Bed", "Printer")."""
    name = " ".join(name.split()) or "3D printer"
    entities = (component.name or "" for component in components if isinstance(component, Entity))
    clash = any(f"{entity} ".casefold().startswith(f"{name} ".casefold()) for entity in entities)
    return f"{name} (3D printer)" if clash else name


def heater_name(heater: str) -> str:
    """Return OctoPrint's `heater` as people write it: "Tool 0", "Bed"."""
    tool = heater.removeprefix("tool")
    return f"Tool {tool}" if tool.isdigit() else heater.replace("_", " ").capitalize()


def _entity(facts: DeviceFacts, kind: type[E], key: str, name: str, **more: Any) -> E:
    """Return an entity with the ids that `key` gives it."""
    return kind(
        key=key,
        unique_id=f"temp_eta_{facts.instance}_{key}",
        default_entity_id=f"{kind.platform}.{slug(facts.name).replace('-', '_') or 'printer'}_{key}".lower(),
        name=name,
        **more,
    )


def _printer(add: Any, topics: Topics) -> Iterator[Component]:
    printer, diagnostics = topics.of("printer"), topics.of("diagnostics")
    yield add(
        Sensor,
        "ready_at",
        "Ready at",
        device_class="timestamp",
        icon="mdi:printer-3d-nozzle-alert",
        state_topic=printer,
        value_template=json_value("ready_at"),
    )
    yield add(
        BinarySensor,
        "printer",
        "Printer",
        device_class="connectivity",
        entity_category="diagnostic",
        state_topic=printer,
        value_template=json_flag("connected"),
    )
    yield add(
        BinarySensor,
        "bridge",
        "Bridge",
        device_class="connectivity",
        entity_category="diagnostic",
        state_topic=topics.of("status"),
        payload_on="online",
        payload_off="offline",
        availability=ALWAYS,
    )
    yield add(
        Sensor,
        "last_error",
        "Last error",
        icon="mdi:alert-circle-outline",
        entity_category="diagnostic",
        enabled_by_default=False,
        state_topic=diagnostics,
        value_template=json_value("last_error"),
    )
    yield add(
        Sensor,
        "connections",
        "Connections",
        icon="mdi:lan-connect",
        state_class="total_increasing",
        entity_category="diagnostic",
        enabled_by_default=False,
        state_topic=diagnostics,
        value_template=json_value("connections"),
    )


def _buttons(add: Any, topics: Topics, commands: set[str]) -> Iterator[Component]:
    if "reset" in commands:
        yield add(
            Button,
            "reset",
            "Reset history",
            icon="mdi:history",
            entity_category="config",
            command_topic=topics.of("command_reset"),
            message_expiry_interval=PRESS_EXPIRY_S,
        )


def _heater(add: Any, topics: Topics, heater: str) -> Iterator[Component]:
    eta, name = topics.of("eta", heater=heater), heater_name(heater)
    for key, label, icon in (("ready_at", "ready at", "mdi:fire-circle"), ("cool_at", "cool at", "mdi:snowflake")):
        yield add(
            Sensor,
            f"{heater}_{key}",
            f"{name} {label}",
            icon=icon,
            device_class="timestamp",
            state_topic=eta,
            value_template=json_value(key),
        )
    yield add(
        Sensor,
        f"{heater}_state",
        f"{name} state",
        icon="mdi:thermometer-lines",
        device_class="enum",
        options=tuple(State),
        state_topic=eta,
        value_template=json_value("state"),
    )
    yield add(
        Sensor,
        f"{heater}_temperature",
        f"{name} temperature",
        device_class="temperature",
        unit_of_measurement="°C",
        state_class="measurement",
        suggested_display_precision=1,
        enabled_by_default=False,
        state_topic=eta,
        value_template=json_value("actual"),
    )
    yield add(
        Sensor,
        f"{heater}_time_remaining",
        f"{name} time remaining",
        device_class="duration",
        unit_of_measurement="s",
        state_class="measurement",
        suggested_display_precision=0,
        enabled_by_default=False,
        state_topic=eta,
        value_template=json_value("eta_seconds"),
    )
    yield add(
        BinarySensor,
        f"{heater}_stalled",
        f"{name} stalled",
        device_class="problem",
        state_topic=eta,
        value_template=f"{{{{ 'ON' if value_json['state'] == '{State.STALLED}' else 'OFF' }}}}",
    )
    # what OctoPrint finds when it starts has not just happened
    happened = "{{ '' if value_json['previous_state'] == 'unknown' else value_json['state'] }}"
    triggers = (("reached_target", State.AT_TARGET), ("cooled_down", State.COOLED_DOWN), ("stalled", State.STALLED))
    for kind, state in triggers:
        yield DeviceTrigger(
            key=f"{heater}_{kind}_trigger",
            type=kind,
            subtype=heater,
            topic=topics.of("state_change", heater=heater),
            value_template=happened,
            payload=state.value,
        )
