"""The rows for the print job and the connection to the printer."""

from __future__ import annotations

from collections.abc import Iterator

from ha_discovery import Availability, AvailabilityTopic, Button, Component, Event, Sensor, json_value

from ...core.printer_commands import ACCEPTED_IN
from .parts import (
    EXPIRE_AFTER_S,
    EXPIRES,
    Scope,
    field,
    online_if,
    progress_at,
    state_at,
    text_at,
    while_no_script_runs,
)
from .texts import EVENT_TRIGGERS, PRINTER_EVENTS

#: By command: name and icon of its button. `job/start` needs a file, which a button does not have.
BUTTONS = {
    "job/pause": ("Pause print", "mdi:pause"),
    "job/resume": ("Resume print", "mdi:play"),
    "job/cancel": ("Cancel print", "mdi:stop"),
    "printer/connect": ("Connect", "mdi:lan-connect"),
    "printer/disconnect": ("Disconnect", "mdi:lan-disconnect"),
    "printer/emergency_stop": ("Emergency stop", "mdi:alert-octagon"),
}


def job(scope: Scope) -> Iterator[Component]:
    """Yield the sensors of the print job. While printing, they change at most twice a minute in total."""
    topic = scope.topics.of("job")
    common = {"expire_after": EXPIRE_AFTER_S, "availability": scope.without_printer}
    yield scope.add(
        Sensor,
        "progress",
        "Print progress",
        icon="mdi:progress-clock",
        unit_of_measurement="%",
        **progress_at(topic),
        **common,
    )
    yield scope.add(
        Sensor, "finish_at", "Print finish", device_class="timestamp", **state_at(topic, "finish_at"), **common
    )
    yield scope.add(Sensor, "file", "Print file", icon="mdi:file-outline", **text_at(topic, "name"), **common)
    yield scope.add(
        Sensor,
        "print_time_remaining",
        "Print time remaining",
        device_class="duration",
        unit_of_measurement="s",
        suggested_display_precision=0,
        enabled_by_default=False,
        **state_at(topic, "remaining_seconds"),
        **common,
    )


def events(scope: Scope) -> Iterator[Component]:
    """Yield the event entity of print and printer, and its triggers."""
    topic = scope.topics.of("event")
    yield scope.add(
        Event,
        "printer_event",
        "Printer event",
        icon="mdi:printer-3d",
        state_topic=topic,
        availability=scope.without_printer,
        event_types=PRINTER_EVENTS,
    )
    for kind, (subject, text) in EVENT_TRIGGERS.items():
        yield scope.trigger(kind, text, scope.texts(subject), topic, json_value("event_type"), kind)


def job_buttons(scope: Scope) -> Iterator[Component]:
    """Yield a button for each permitted command. It is available in the states in which the command is accepted."""
    for command, (name, icon) in BUTTONS.items():
        if command in scope.offer.commands:
            yield scope.add(
                Button,
                command.replace("/", "_"),
                name,
                icon=icon,
                command_topic=scope.topics.of(f"command_{command.replace('/', '_')}"),
                availability=_while_accepted(scope, command),
                **EXPIRES,
            )


def _while_accepted(scope: Scope, command: str) -> Availability:
    states = ACCEPTED_IN[command]
    # A message without a state is none of the bridge's: the button is unavailable.
    names = ", ".join(f"'{name}'" for name in (*states.names, *([""] if states.but else [])))
    # `null`, before the first connection, becomes NONE.
    condition = f"({field('state', '')} | string | upper) {'not in' if states.but else 'in'} [{names}]"
    printer = AvailabilityTopic(scope.topics.of("printer"), value_template=online_if(condition))
    # While a script runs, a print can only wait for it.
    script = (while_no_script_runs(scope),) if command == "job/pause" else ()
    return Availability((scope.bridge, printer, *script))
