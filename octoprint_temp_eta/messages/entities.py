"""What Home Assistant sees: the entities and triggers, as rows.

Enabled by default is only what changes seldom, since each change is a row in Home Assistant's recorder. What would be
wrong when it is old expires, should bridge and broker vanish so that not even the will is heard: see `HEARTBEAT_S`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ha_discovery import (
    ALWAYS,
    Availability,
    BinarySensor,
    Button,
    Component,
    DeviceTrigger,
    Event,
    Number,
    Sensor,
    json_flag,
    json_value,
)

from ..core.heater import State
from ..core.run import Outcome
from ..core.run import State as RunnerState
from .topics import Topics, slug

#: s after which a level is told again though it has not changed, and the messages for which that is so.
HEARTBEAT_S = 60.0
HEARTBEATS = ("status", "printer", "eta", "forecast", "script")
#: s without a message after which an entity's state is no longer believed.
EXPIRE_AFTER_S = 150
#: s after which a press that nobody fetched is not worth obeying any more.
PRESS_EXPIRY_S = 30
#: What a message holds; the empty one, which clears a topic, holds nothing.
PAYLOAD = "(value_json | default({}))"
#: Home Assistant refuses a longer state.
LONGEST_STATE = 255

#: Makes an entity of a kind, with the ids that its key gives it: `add(Sensor, "ready_at", "Ready at", …)`.
Add = Any


@dataclass(frozen=True, slots=True)
class Offer:
    """What there is to be announced."""

    heaters: tuple[str, ...] = ()
    #: OctoPrint's temperature presets, by name.
    presets: tuple[str, ...] = ()
    #: The scripts that can be started: id and title.
    scripts: tuple[tuple[str, str], ...] = ()
    #: The commands that the settings allow.
    commands: frozenset[str] = frozenset()
    #: By heater the highest target in °C that the command `target` sets.
    highest_targets: tuple[tuple[str, float], ...] = ()


def rows(add: Add, topics: Topics, offer: Offer, needs_printer: Availability) -> Iterator[Component]:
    """Yield everything; `needs_printer` is the availability of what is nothing without a connected printer."""
    yield from _printer(add, topics)
    for heater in offer.heaters:
        yield from _heater(add, topics, heater, needs_printer)
        yield from _heater_triggers(topics, heater)
    if "target" in offer.commands:
        for heater, highest in offer.highest_targets:
            yield _target(add, topics, heater, highest, needs_printer)
    for preset in offer.presets:
        yield _forecast(add, topics, preset, needs_printer)
    yield from _scripts(add, topics)
    yield from _buttons(add, topics, offer, needs_printer)
    yield from _diagnostics(add, topics, offer.heaters)


def heater_name(heater: str) -> str:
    """Return OctoPrint's `heater` as people write it: "Tool 0", "Bed"."""
    tool = heater.removeprefix("tool")
    return f"Tool {tool}" if tool.isdigit() else heater.replace("_", " ").strip().capitalize() or heater


def key_of(name: str) -> str:
    """Return a key for what users name: the slug, with a mark where it does not say all ("PLA+" is not "PLA")."""
    plain = slug(name).replace("-", "_")
    if plain == name.lower().replace(" ", "_").replace("-", "_"):
        return plain
    mark = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:6]
    return f"{plain}_{mark}".lstrip("_")


def _state(topic: str, *path: str) -> dict[str, str]:
    """Where an entity's state is found: at `path` in the messages of `topic`."""
    return {"state_topic": topic, "value_template": json_value(*path)}


def _text(topic: str, key: str) -> dict[str, str]:
    """The same for a text of any length."""
    template = f"{{{{ ({PAYLOAD}['{key}'] | default('None', true))[:{LONGEST_STATE}] }}}}"
    return {"state_topic": topic, "value_template": template}


def _literal(text: str) -> str:
    """Return `text` as a string in a template, whatever stands in it."""
    plain = (c if c.isascii() and (c.isalnum() or c == " ") else f"\\U{ord(c):08x}" for c in text)
    return f"'{''.join(plain)}'"


def _printer(add: Add, topics: Topics) -> Iterator[Component]:
    printer = topics.of("printer")
    expires = {"expire_after": EXPIRE_AFTER_S}
    yield add(
        Sensor,
        "ready_at",
        "Ready at",
        icon="mdi:printer-3d",
        device_class="timestamp",
        **_state(printer, "ready_at"),
        **expires,
    )
    yield add(
        BinarySensor,
        "printing",
        "Printing",
        icon="mdi:printer-3d-nozzle",
        device_class="running",
        state_topic=printer,
        value_template=json_flag("printing"),
        **expires,
    )
    yield add(
        BinarySensor,
        "printer",
        "Printer",
        device_class="connectivity",
        entity_category="diagnostic",
        state_topic=printer,
        value_template=json_flag("connected"),
        **expires,
    )
    # A delay, not an expiry: after a clean good-bye it stays off, and does not become unavailable.
    yield add(
        BinarySensor,
        "bridge",
        "Bridge",
        device_class="connectivity",
        entity_category="diagnostic",
        state_topic=topics.of("status"),
        payload_on="online",
        payload_off="offline",
        off_delay=EXPIRE_AFTER_S,
        availability=ALWAYS,
    )


def _heater(add: Add, topics: Topics, heater: str, needs_printer: Availability) -> Iterator[Component]:
    eta, name = topics.of("eta", heater=heater), heater_name(heater)
    common = {"expire_after": EXPIRE_AFTER_S, "availability": needs_printer}
    for key, label, icon in (("ready_at", "ready at", "up"), ("cool_at", "cool at", "down")):
        yield add(
            Sensor,
            f"{heater}_{key}",
            f"{name} {label}",
            icon=f"mdi:thermometer-chevron-{icon}",
            device_class="timestamp",
            **_state(eta, key),
            **common,
        )
    yield add(
        Sensor,
        f"{heater}_state",
        f"{name} state",
        icon="mdi:thermometer-lines",
        device_class="enum",
        options=tuple(state.value for state in State),
        **_state(eta, "state"),
        **common,
    )
    yield add(
        BinarySensor,
        f"{heater}_stalled",
        f"{name} stalled",
        device_class="problem",
        state_topic=eta,
        value_template=f"{{{{ 'ON' if {PAYLOAD}['state'] == '{State.STALLED}' else 'OFF' }}}}",
        **common,
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
        **_state(eta, "actual"),
        **common,
    )
    yield add(
        Sensor,
        f"{heater}_time_remaining",
        f"{name} time remaining",
        icon="mdi:timer-sand",
        device_class="duration",
        unit_of_measurement="s",
        suggested_display_precision=0,
        enabled_by_default=False,
        **_state(eta, "eta_seconds"),
        **common,
    )


def _heater_triggers(topics: Topics, heater: str) -> Iterator[Component]:
    # what OctoPrint finds when it starts has not just happened
    happened = f"{{{{ '' if {PAYLOAD}['previous_state'] == 'unknown' else {PAYLOAD}['state'] }}}}"
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


def _target(add: Add, topics: Topics, heater: str, highest: float, needs_printer: Availability) -> Component:
    number: Component = add(
        Number,
        f"{heater}_target",
        f"{heater_name(heater)} target",
        device_class="temperature",
        unit_of_measurement="°C",
        min=0.0,
        max=highest,
        step=1.0,
        mode="box",
        command_topic=topics.of("command_target"),
        command_template=f'{{"heater": "{heater}", "target": {{{{ value }}}}}}',
        message_expiry_interval=PRESS_EXPIRY_S,
        **_state(topics.of("eta", heater=heater), "target"),
        availability=needs_printer,
    )
    return number


def _forecast(add: Add, topics: Topics, preset: str, needs_printer: Availability) -> Component:
    """The seconds until all heaters of `preset` would be ready, None where one of them can't be told."""
    presets = f"{PAYLOAD}['presets'] | default([])"
    found = f"{presets} | selectattr('name', 'eq', {_literal(preset)}) | map(attribute='printer') | first"
    sensor: Component = add(
        Sensor,
        f"forecast_{key_of(preset)}",
        f"Warm-up time {preset}",
        icon="mdi:timer-outline",
        device_class="duration",
        unit_of_measurement="s",
        suggested_display_precision=0,
        expire_after=EXPIRE_AFTER_S,
        state_topic=topics.of("forecast"),
        value_template=f"{{{{ (({found}) | default({{}}, true))['eta_seconds'] | default('None', true) }}}}",
        availability=needs_printer,
    )
    return sensor


def _scripts(add: Add, topics: Topics) -> Iterator[Component]:
    runner, event = topics.of("script"), topics.of("script_event")
    expires = {"expire_after": EXPIRE_AFTER_S}
    yield add(
        Sensor,
        "script",
        "Script",
        icon="mdi:script-text",
        device_class="enum",
        options=tuple(state.value for state in RunnerState),
        **_state(runner, "state"),
        **expires,
    )
    yield add(
        Sensor, "script_status", "Script status", icon="mdi:script-text-outline", **_text(runner, "status"), **expires
    )
    yield add(
        Sensor,
        "last_script",
        "Last script outcome",
        icon="mdi:flag-checkered",
        device_class="enum",
        options=tuple(outcome.value for outcome in Outcome),
        **_state(runner, "last", "outcome"),
        **expires,
    )
    kinds = ("started", "status_changed", *(outcome.value for outcome in Outcome))
    yield add(Event, "script_event", "Script event", icon="mdi:script-text", state_topic=event, event_types=kinds)
    for kind in ("started", *(outcome.value for outcome in Outcome)):
        yield DeviceTrigger(
            key=f"script_{kind}_trigger",
            type=kind,
            subtype="script",
            topic=event,
            value_template=json_value("event_type"),
            payload=kind,
        )


def _buttons(add: Add, topics: Topics, offer: Offer, needs_printer: Availability) -> Iterator[Component]:
    expires = {"message_expiry_interval": PRESS_EXPIRY_S}
    for script_id, title in offer.scripts if "script/start" in offer.commands else ():
        yield add(
            Button,
            f"start_{key_of(script_id)}",
            f"Start {title}",
            icon="mdi:script-text-play",
            command_topic=topics.of("command_script_start"),
            payload_press=json.dumps({"id": script_id}),
            availability=needs_printer,
            **expires,
        )
    if "script/cancel" in offer.commands:
        topic = topics.of("command_script_cancel")
        yield add(Button, "cancel_script", "Cancel script", icon="mdi:stop-circle", command_topic=topic, **expires)
    if "reset" in offer.commands:
        yield add(
            Button,
            "reset",
            "Reset history",
            icon="mdi:history",
            entity_category="config",
            command_topic=topics.of("command_reset"),
            **expires,
        )


def _diagnostics(add: Add, topics: Topics, heaters: Iterable[str]) -> Iterator[Component]:
    diagnostics = topics.of("diagnostics")
    common = {"entity_category": "diagnostic", "enabled_by_default": False}
    yield add(
        Sensor,
        "last_error",
        "Last error",
        icon="mdi:alert-circle-outline",
        **_text(diagnostics, "last_error"),
        **common,
    )
    yield add(
        BinarySensor,
        "clash",
        "Identity clash",
        device_class="problem",
        state_topic=diagnostics,
        value_template=f"{{{{ 'ON' if {PAYLOAD}['clash'] else 'OFF' }}}}",
        **common,
    )
    counters = (
        ("connections", "Connections", "mdi:lan-connect", ("connections",)),
        ("messages_sent", "Messages sent", "mdi:email-fast-outline", ("messages", "sent")),
        ("messages_dropped", "Messages dropped", "mdi:email-remove-outline", ("messages", "dropped")),
        ("commands_rejected", "Commands rejected", "mdi:cancel", ("commands", "rejected")),
    )
    for key, name, icon, path in counters:
        yield add(Sensor, key, name, icon=icon, state_class="total_increasing", **_state(diagnostics, *path), **common)
    for heater in heaters:
        yield add(
            Sensor,
            f"{heater}_estimate_error",
            f"{heater_name(heater)} estimate error",
            icon="mdi:target",
            unit_of_measurement="%",
            state_class="measurement",
            suggested_display_precision=1,
            **_state(diagnostics, "accuracy", heater, "mean_error_percent"),
            **common,
        )
