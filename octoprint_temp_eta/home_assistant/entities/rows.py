"""The entities and triggers of the printer, as rows.

Home Assistant's recorder writes a row for each change of an enabled entity. So those that change all the time are
disabled by default or, like the temperature, have a deadband. States expire, for the case that bridge and broker fail
together and the will is not published: see `parts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ha_discovery import (
    BinarySensor,
    Component,
    Sensor,
    json_flag,
)

from .commands import buttons, refusals, target
from .diagnostics import bridge, diagnostics, temperatures
from .job import events, job, job_buttons
from .parts import (
    EXPIRE_AFTER_S,
    PAYLOAD,
    Scope,
    arrival_at,
    enum_at,
    field,
    keys_of,
    quoted,
    state_at,
    temperature_at,
)
from .scripts import runner
from .texts import HEATER_STATES, HEATER_TRIGGERS, PRINTER_STATES


def rows(scope: Scope) -> Iterator[Component]:
    """Yield all entities and triggers."""
    yield from _printer(scope)
    yield bridge(scope)
    yield from job(scope)
    yield from events(scope)
    for heater in scope.offer.heaters:
        yield from _heater_states(scope, heater)
        yield from _heater_readings(scope, heater)
        yield from _heater_triggers(scope, heater)
    if "target" in scope.offer.commands:
        for heater, highest in scope.offer.highest_targets:
            yield target(scope, heater, highest)
        for thermostat in scope.offer.thermostats:
            from .climate import climate  # few users want thermostats

            yield climate(scope, thermostat)
    presets = keys_of(scope.offer.presets)
    for preset in scope.offer.presets:
        yield _forecast(scope, preset, presets[preset])
    yield from runner(scope)
    yield from buttons(scope)
    yield from job_buttons(scope)
    yield refusals(scope)
    yield from temperatures(scope)
    yield from diagnostics(scope)


def _printer(scope: Scope) -> Iterator[Component]:
    printer = scope.topics.of("printer")
    common = {"expire_after": EXPIRE_AFTER_S, "availability": scope.without_printer}
    yield scope.add(
        Sensor,
        "status",
        "Status",
        icon="mdi:printer-3d",
        **enum_at(printer, "status", texts=scope.texts.states(PRINTER_STATES)),
        **common,
    )
    yield scope.add(
        BinarySensor,
        "ready",
        "Ready",
        icon="mdi:printer-3d-nozzle",
        state_topic=printer,
        value_template=json_flag("ready"),
        # Automations find the entity by it, as users rename it.
        json_attributes_topic=printer,
        json_attributes_template=f"{{{{ {{'ready': {field('ready')}}} | tojson }}}}",
        **common,
    )
    yield scope.add(
        Sensor,
        "ready_at",
        "Ready at",
        icon="mdi:printer-3d",
        device_class="timestamp",
        **arrival_at(printer, "ready_at", state="status"),
        **common,
    )
    yield from _printer_connection(scope, printer, common)


def _printer_connection(scope: Scope, printer: str, common: Mapping[str, Any]) -> Iterator[Component]:
    yield scope.add(
        BinarySensor,
        "printing",
        "Printing",
        icon="mdi:printer-3d-nozzle",
        device_class="running",
        state_topic=printer,
        value_template=json_flag("printing"),
        **common,
    )
    yield scope.add(
        BinarySensor,
        "printer",
        "Printer",
        device_class="connectivity",
        entity_category="diagnostic",
        state_topic=printer,
        value_template=json_flag("connected"),
        **common,
    )


def _heater_states(scope: Scope, heater: str) -> Iterator[Component]:
    """Yield the entities that rarely change."""
    eta = scope.topics.of("eta", heater=heater)
    common = {"expire_after": EXPIRE_AFTER_S}
    name = scope.heater(heater)
    times = (
        ("ready_at", "{heater} ready at", arrival_at(eta, "ready_at")),
        ("cool_at", "{heater} cool at", state_at(eta, "cool_at")),
    )
    for key, label, time in times:
        yield scope.add(
            Sensor,
            f"{heater}_{key}",
            label,
            {"heater": name},
            device_class="timestamp",
            **time,
            **common,
        )
    yield scope.add(
        Sensor,
        f"{heater}_state",
        "{heater} state",
        {"heater": name},
        icon="mdi:thermometer-lines",
        **enum_at(eta, "state", texts=scope.texts.states(HEATER_STATES)),
        **common,
    )
    yield scope.add(
        BinarySensor,
        f"{heater}_stalled",
        "{heater} not heating up",
        {"heater": name},
        device_class="problem",
        state_topic=eta,
        value_template=f"{{{{ {{'stalled': 'ON', 'unknown': 'None'}}.get({field('state')}, 'OFF') }}}}",
        **common,
    )


def _heater_readings(scope: Scope, heater: str) -> Iterator[Component]:
    """Yield the entities that change with the readings."""
    eta = scope.topics.of("eta", heater=heater)
    common = {"expire_after": EXPIRE_AFTER_S}
    name = scope.heater(heater)
    yield scope.add(
        Sensor,
        f"{heater}_temperature",
        "{heater} temperature",
        {"heater": name},
        device_class="temperature",
        unit_of_measurement="°C",
        state_class="measurement",
        suggested_display_precision=0,
        **temperature_at(eta),
        **common,
    )
    yield scope.add(
        Sensor,
        f"{heater}_time_remaining",
        "{heater} time remaining",
        {"heater": name},
        device_class="duration",
        unit_of_measurement="s",
        suggested_display_precision=0,
        enabled_by_default=False,
        **state_at(eta, "eta_seconds"),
        **common,
    )


def _heater_triggers(scope: Scope, heater: str) -> Iterator[Component]:
    # a state that is found at startup is not an event
    happened = (
        "{% set v = value_json | default({}) %}{{ v.state | default('') if v.previous_state != 'unknown' else '' }}"
    )
    for kind, (state, text) in HEATER_TRIGGERS.items():
        topic = scope.topics.of("state_change", heater=heater)
        yield scope.trigger(f"{heater}_{kind}", text, scope.heater(heater), topic, happened, state.value)


def _forecast(scope: Scope, preset: str, key: str) -> Component:
    """Return the sensor of the seconds until all heaters of `preset` are ready; unknown if one has no forecast."""
    presets = f"{PAYLOAD}['presets'] | default([])"
    found = f"{presets} | selectattr('name', 'eq', {quoted(preset)}) | map(attribute='printer') | first"
    sensor: Component = scope.add(
        Sensor,
        f"forecast_{key}",
        "Warm-up time {preset}",
        {"preset": preset},
        icon="mdi:timer-outline",
        device_class="duration",
        unit_of_measurement="s",
        suggested_display_precision=0,
        expire_after=EXPIRE_AFTER_S,
        state_topic=scope.topics.of("forecast"),
        value_template=(
            f"{{% set seconds = (({found}) | default({{}}, true)).get('eta_seconds') %}}"
            "{{ 'None' if seconds is none else seconds }}"
        ),
    )
    return sensor
