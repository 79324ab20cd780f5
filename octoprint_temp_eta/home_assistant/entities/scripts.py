"""The rows for scripts."""

from __future__ import annotations

from collections.abc import Iterator

from ha_discovery import Component, Event, Sensor, json_value

from .parts import EXPIRE_AFTER_S, Scope, enum_at, slow_text_at
from .texts import OUTCOMES, SCRIPT_STATES, SCRIPT_TRIGGERS


def runner(scope: Scope) -> Iterator[Component]:
    """Yield the entities and triggers that show the running script and the last one."""
    script = scope.topics.of("script")
    common = {"expire_after": EXPIRE_AFTER_S, "availability": scope.without_printer}
    yield scope.add(
        Sensor,
        "script",
        "Script",
        icon="mdi:script-text",
        **enum_at(script, "state", texts=scope.texts.states(SCRIPT_STATES)),
        **common,
    )
    yield scope.add(
        Sensor,
        "script_status",
        "Script status",
        icon="mdi:script-text-outline",
        **slow_text_at(script, "status"),
        **common,
    )
    yield scope.add(
        Sensor,
        "last_script",
        "Last script outcome",
        icon="mdi:flag-checkered",
        **enum_at(script, "last", "outcome", texts=scope.texts.states(OUTCOMES)),
        **common,
    )
    yield from _events(scope)


def _events(scope: Scope) -> Iterator[Component]:
    event = scope.topics.of("script_event")
    yield scope.add(
        Event,
        "script_event",
        "Script event",
        icon="mdi:script-text",
        state_topic=event,
        availability=scope.without_printer,
        event_types=tuple(str(kind) for kind in SCRIPT_TRIGGERS),
        # a script may change its status every second; each event is a row in the logbook
        value_template="{{ value if (value_json | default({})).event_type != 'status_changed' else '' }}",
    )
    for kind, text in SCRIPT_TRIGGERS.items():
        subject = scope.texts("Script")
        yield scope.trigger(f"script_{kind}", text, subject, event, json_value("event_type"), str(kind))
