"""The entities and triggers of the printer, as rows.

Only entities that rarely change are enabled by default, because Home Assistant's recorder writes a row for each change.
States expire, for the case that bridge and broker fail together and the will is not published: see `parts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ha_discovery import (
    ALWAYS,
    Availability,
    AvailabilityTopic,
    BinarySensor,
    Component,
    DeviceTrigger,
    Number,
    Sensor,
    json_flag,
)

from ..core.heating.heater import State
from ..messages.topics import Topics
from .parts import EXPIRE_AFTER_S, PAYLOAD, PRESS_EXPIRY_S, Add, Offer, key_of, state_at, text_at
from .script_entities import buttons, runner

#: Arguments that several rows share.
Common = Mapping[str, Any]


def rows(add: Add, topics: Topics, offer: Offer, needs_printer: Availability) -> Iterator[Component]:
    """Yield all rows; `needs_printer` is the availability of entities that need a connected printer."""
    yield from _printer(add, topics)
    yield _bridge(add, topics)
    for heater in offer.heaters:
        yield from _heater(add, topics, heater, needs_printer)
        yield from _heater_triggers(topics, heater)
    for sensor in offer.sensors:
        yield _temperature_sensor(add, topics, sensor)
    if "target" in offer.commands:
        for heater, highest in offer.highest_targets:
            yield _target(add, topics, heater, highest, needs_printer)
    for preset in offer.presets:
        yield _forecast(add, topics, preset, needs_printer)
    yield from runner(add, topics)
    yield from buttons(add, topics, offer, needs_printer)
    yield from _diagnostics(add, topics, offer.heaters)


def heater_name(heater: str) -> str:
    """Return the display name of a heater: "Tool 0", "Bed"."""
    tool = heater.removeprefix("tool")
    return f"Tool {tool}" if tool.isdigit() else heater.replace("_", " ").strip().capitalize() or heater


def _literal(text: str) -> str:
    """Return `text` as a string literal for a template, with every special character escaped."""
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
        **state_at(printer, "ready_at"),
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


def _bridge(add: Add, topics: Topics) -> Component:
    # A delay, not an expiry: after a clean shutdown it stays off instead of becoming unavailable.
    sensor: Component = add(
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
    return sensor


def _heater(add: Add, topics: Topics, heater: str, needs_printer: Availability) -> Iterator[Component]:
    eta, name = topics.of("eta", heater=heater), heater_name(heater)
    # Known is what is read, and what is extrapolated while the printer is disconnected.
    words = f"{{none: 'None', '{State.UNKNOWN}': 'offline'}}"
    known = f"{{{{ {words}.get({PAYLOAD}['state'] | default(none), 'online') }}}}"
    bridge = needs_printer.topics[0]
    available = replace(needs_printer, topics=(bridge, AvailabilityTopic(eta, value_template=known)))
    common = {"expire_after": EXPIRE_AFTER_S, "availability": available}
    yield from _heater_states(add, eta, heater, name, common)
    yield from _heater_readings(add, eta, heater, name, common)


def _heater_states(add: Add, eta: str, heater: str, name: str, common: Common) -> Iterator[Component]:
    """Yield the entities that rarely change."""
    for key, label, icon in (("ready_at", "ready at", "up"), ("cool_at", "cool at", "down")):
        yield add(
            Sensor,
            f"{heater}_{key}",
            f"{name} {label}",
            icon=f"mdi:thermometer-chevron-{icon}",
            device_class="timestamp",
            **state_at(eta, key),
            **common,
        )
    yield add(
        Sensor,
        f"{heater}_state",
        f"{name} state",
        icon="mdi:thermometer-lines",
        device_class="enum",
        options=tuple(state.value for state in State),
        **state_at(eta, "state"),
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


def _heater_readings(add: Add, eta: str, heater: str, name: str, common: Common) -> Iterator[Component]:
    """Yield the entities that change all the time."""
    yield add(
        Sensor,
        f"{heater}_temperature",
        f"{name} temperature",
        device_class="temperature",
        unit_of_measurement="°C",
        state_class="measurement",
        suggested_display_precision=1,
        enabled_by_default=False,
        **state_at(eta, "actual"),
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
        **state_at(eta, "eta_seconds"),
        **common,
    )


def _temperature_sensor(add: Add, topics: Topics, sensor: str) -> Component:
    component: Component = add(
        Sensor,
        f"sensor_{key_of(sensor)}",
        f"{sensor} temperature",
        device_class="temperature",
        unit_of_measurement="°C",
        state_class="measurement",
        enabled_by_default=False,
        **state_at(topics.of("temperatures"), sensor),
    )
    return component


def _heater_triggers(topics: Topics, heater: str) -> Iterator[Component]:
    # a state that is found at startup is not an event
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
        **state_at(topics.of("eta", heater=heater), "target"),
        availability=needs_printer,
    )
    return number


def _forecast(add: Add, topics: Topics, preset: str, needs_printer: Availability) -> Component:
    """Return the sensor of the seconds until all heaters of `preset` are ready; unknown if one has no forecast."""
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


def _diagnostics(add: Add, topics: Topics, heaters: Iterable[str]) -> Iterator[Component]:
    diagnostics = topics.of("diagnostics")
    common = {"entity_category": "diagnostic", "enabled_by_default": False}
    yield add(
        Sensor,
        "last_error",
        "Last error",
        icon="mdi:alert-circle-outline",
        **text_at(diagnostics, "last_error"),
        **common,
    )
    yield add(
        BinarySensor,
        "clash",
        "Identity conflict",
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
        yield add(
            Sensor, key, name, icon=icon, state_class="total_increasing", **state_at(diagnostics, *path), **common
        )
    for heater in heaters:
        yield _estimate_error(add, diagnostics, heater, common)


def _estimate_error(add: Add, diagnostics: str, heater: str, common: Common) -> Component:
    sensor: Component = add(
        Sensor,
        f"{heater}_estimate_error",
        f"{heater_name(heater)} estimate error",
        icon="mdi:target",
        unit_of_measurement="%",
        state_class="measurement",
        suggested_display_precision=1,
        **state_at(diagnostics, "accuracy", heater, "mean_error_percent"),
        **common,
    )
    return sensor
