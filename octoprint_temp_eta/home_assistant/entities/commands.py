"""The rows for commands: buttons, targets, and refused commands."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ha_discovery import Availability, AvailabilityTopic, Button, Component, Event, Number

from .parts import EXPIRES, PAYLOAD, Scope, field, keys_of, online_if, state_at, while_no_script_runs


def target(scope: Scope, heater: str, highest: float) -> Component:
    """Return the number that sets a heater's target."""
    number: Component = scope.add(
        Number,
        f"{heater}_target",
        "{heater} target",
        {"heater": scope.heater(heater)},
        device_class="temperature",
        unit_of_measurement="°C",
        min=0.0,
        max=highest,
        step=1.0,
        mode="box",
        command_topic=scope.topics.of("command_target"),
        command_template=f'{{"heater": "{heater}", "target": {{{{ value }}}}}}',
        **state_at(scope.topics.of("eta", heater=heater), "target"),
        **EXPIRES,
    )
    return number


def buttons(scope: Scope) -> Iterator[Component]:
    """Yield a button for each permitted command. It is available while a press would be accepted."""
    scripts = scope.offer.scripts if "script/start" in scope.offer.commands else ()
    keys = keys_of(script_id for script_id, _ in scripts)
    for script_id, title in scripts:
        yield scope.add(
            Button,
            f"start_{keys[script_id]}",
            "Start {script}",
            {"script": title},
            icon="mdi:script-text-play",
            command_topic=scope.topics.of("command_script_start"),
            payload_press=json.dumps({"id": script_id}),
            availability=_while_startable(scope),
            **EXPIRES,
        )
    if "script/cancel" in scope.offer.commands:
        yield scope.add(
            Button,
            "cancel_script",
            "Cancel script",
            icon="mdi:stop-circle",
            command_topic=scope.topics.of("command_script_cancel"),
            availability=_while_running(scope),
            **EXPIRES,
        )
    if "reset" in scope.offer.commands:
        yield scope.add(
            Button,
            "reset",
            "Reset history",
            icon="mdi:history",
            entity_category="config",
            command_topic=scope.topics.of("command_reset"),
            availability=scope.without_printer,
            **EXPIRES,
        )


def _while_startable(scope: Scope) -> Availability:
    """Return the availability of start buttons: the printer is idle, and no script runs."""
    return Availability(
        (
            scope.bridge,
            AvailabilityTopic(
                scope.topics.of("printer"),
                value_template=online_if(f"{field('state')} == 'OPERATIONAL'"),
            ),
            while_no_script_runs(scope),
        )
    )


def _while_running(scope: Scope) -> Availability:
    running = online_if(f"{field('state')} in ['starting', 'running']")
    return Availability((scope.bridge, AvailabilityTopic(scope.topics.of("script"), value_template=running)))


def refusals(scope: Scope) -> Component:
    """Return the event of a command that was not executed, with command and reason. A failed script has its own."""
    fields = ", ".join(
        f"'{name}': {source}"
        for name, source in (
            ("event_type", "'rejected'"),
            ("command", "v['command']"),
            ("code", "e['code']"),
            ("reason", "e['message']"),
        )
    )
    template = (
        f"{{% set v = {PAYLOAD} %}}{{% set e = v['error'] | default({{}}, true) %}}"
        "{% set failed = v['status'] == 'failed' and v['command'] != 'script/start' %}"
        f"{{{{ {{{fields}}} | tojson if v['status'] == 'rejected' or failed else '' }}}}"
    )
    event: Component = scope.add(
        Event,
        "command_refused",
        "Command refused",
        icon="mdi:cancel",
        entity_category="diagnostic",
        availability=scope.without_printer,
        state_topic=scope.topics.of("response"),
        event_types=("rejected",),
        value_template=template,
    )
    return event
