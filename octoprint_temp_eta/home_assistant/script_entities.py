"""The rows for scripts and buttons."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ha_discovery import Availability, Button, Component, DeviceTrigger, Event, Sensor, json_value

from ..core.scripts.run import Outcome, State
from ..messages.topics import Topics
from .parts import EXPIRE_AFTER_S, PRESS_EXPIRY_S, Add, Offer, key_of, state_at, text_at


def runner(add: Add, topics: Topics) -> Iterator[Component]:
    """Yield the entities and triggers that show the running script."""
    script, event = topics.of("script"), topics.of("script_event")
    expires = {"expire_after": EXPIRE_AFTER_S}
    yield add(
        Sensor,
        "script",
        "Script",
        icon="mdi:script-text",
        device_class="enum",
        options=tuple(state.value for state in State),
        **state_at(script, "state"),
        **expires,
    )
    yield add(
        Sensor,
        "script_status",
        "Script status",
        icon="mdi:script-text-outline",
        # Each change would be a row in the recorder; the event entity has one status per 10 s.
        enabled_by_default=False,
        **text_at(script, "status"),
        **expires,
    )
    yield add(
        Sensor,
        "last_script",
        "Last script outcome",
        icon="mdi:flag-checkered",
        device_class="enum",
        options=tuple(outcome.value for outcome in Outcome),
        **state_at(script, "last", "outcome"),
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


def buttons(add: Add, topics: Topics, offer: Offer, needs_printer: Availability) -> Iterator[Component]:
    """Yield a button for each permitted command."""
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
