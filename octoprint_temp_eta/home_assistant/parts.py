"""What the rows of entities are made with: ids, templates, and how long a state is believed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from ha_discovery import json_value

from ..messages.topics import slug

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


def key_of(name: str) -> str:
    """Return a key for what users name: the slug, with a mark where it does not say all ("PLA+" is not "PLA")."""
    plain = slug(name).replace("-", "_")
    if plain == name.lower().replace(" ", "_").replace("-", "_"):
        return plain
    mark = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:6]
    return f"{plain}_{mark}".lstrip("_")


def state_at(topic: str, *path: str) -> dict[str, str]:
    """Where an entity's state is found: at `path` in the messages of `topic`."""
    return {"state_topic": topic, "value_template": json_value(*path)}


def text_at(topic: str, key: str) -> dict[str, str]:
    """The same for a text of any length."""
    template = f"{{{{ ({PAYLOAD}['{key}'] | default('None', true))[:{LONGEST_STATE}] }}}}"
    return {"state_topic": topic, "value_template": template}
