"""A simulation of Home Assistant's recorder: announcements and messages in, state rows out."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import jinja2

from octoprint_temp_eta.bridge.protocol.effects import Publish

TEMPLATES = jinja2.Environment()


def render(template: str, payload: bytes | str) -> str:
    """Return a payload rendered with a value template."""
    text = payload.decode() if isinstance(payload, bytes) else payload
    values = {"value": text}
    with contextlib.suppress(ValueError):
        values["value_json"] = json.loads(text)
    return TEMPLATES.from_string(template).render(values)


def rows(components: Mapping[str, Mapping[str, Any]], messages: Iterable[Publish]) -> Counter[str]:
    """Return the number of rows of each enabled entity of a device payload: one per change of state."""
    states: dict[str, str] = {}
    written: Counter[str] = Counter()
    for message in messages:
        for key, component in components.items():
            if component.get("state_topic") != message.topic or component.get("enabled_by_default") is False:
                continue
            state = render(component.get("value_template", "{{ value }}"), message.payload)
            if states.get(key) != state:
                states[key] = state
                written[key] += 1
    return written
