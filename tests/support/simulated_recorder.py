"""A simulation of Home Assistant's recorder: announcements and messages in, state rows out."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jinja2

from octoprint_temp_eta.bridge.protocol.effects import Publish


class Undefined(jinja2.Undefined):
    """A missing key. Home Assistant logs a warning when a template prints or tests one; here it is an error."""

    __str__ = __bool__ = __iter__ = jinja2.Undefined._fail_with_undefined_error


TEMPLATES = jinja2.Environment(undefined=Undefined)


def as_timestamp(value: Any, default: Any) -> Any:
    """Return the Unix seconds of a time, as Home Assistant's function."""
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError):
        return default


TEMPLATES.globals["as_timestamp"] = as_timestamp
_compiled = cache(TEMPLATES.from_string)


@dataclass
class Entity:
    """An entity's state, which its own template can read as `this`."""

    state: str = "unknown"
    last_changed: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    attributes: dict[str, Any] = field(default_factory=dict)


def render(template: str, payload: bytes | str, this: Entity | None = None) -> str:
    """Return a payload rendered with a value template; the message's timestamp is the time."""
    text = payload.decode() if isinstance(payload, bytes) else payload
    values: dict[str, Any] = {"value": text, "this": this or Entity()}
    with contextlib.suppress(ValueError):
        values["value_json"] = json.loads(text)
    return _compiled(template).render(values, now=lambda: _time(values.get("value_json")))


def _time(payload: Any) -> datetime:
    return datetime.fromtimestamp(payload["timestamp"], UTC)


def states(component: Mapping[str, Any], messages: Iterable[Publish]) -> list[str]:
    """Return the changes of an entity's state: one row each."""
    entity, changes = Entity(), list[str]()
    for message in messages:
        if component.get("state_topic") != message.topic:
            continue
        state = render(component.get("value_template", "{{ value }}"), message.payload, entity)
        state = "unknown" if state == "None" else state
        if not changes or entity.state != state:
            entity.state = state
            with contextlib.suppress(ValueError, TypeError, KeyError):
                entity.last_changed = _time(json.loads(message.payload))
            changes.append(state)
    return changes


def rows(components: Mapping[str, Mapping[str, Any]], messages: Iterable[Publish]) -> Counter[str]:
    """Return the number of rows of each enabled entity of a device payload: one per change of state."""
    sent = list(messages)
    enabled = {key: each for key, each in components.items() if each.get("enabled_by_default") is not False}
    return Counter({key: count for key, each in enabled.items() if (count := len(states(each, sent)))})
