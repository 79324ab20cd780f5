"""What the rows of entities share: ids, templates and times."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from ha_discovery import json_value

from ..messages.topics import slug

#: s after which an unchanged retained state is published again, and the messages that have this heartbeat.
HEARTBEAT_S = 60.0
HEARTBEATS = ("status", "printer", "eta", "forecast", "script")
#: s without a message after which an entity becomes unavailable.
EXPIRE_AFTER_S = 150
#: s after which the broker drops a press that it could not deliver.
PRESS_EXPIRY_S = 30
#: The message in a template; the empty message, which clears a topic, counts as an empty object.
PAYLOAD = "(value_json | default({}))"
#: The longest state that Home Assistant accepts.
LONGEST_STATE = 255

#: Makes an entity with the ids that follow from its key: `add(Sensor, "ready_at", "Ready at", …)`.
Add = Any


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything that can be announced."""

    heaters: tuple[str, ...] = ()
    #: OctoPrint's temperature presets, by name.
    presets: tuple[str, ...] = ()
    #: The scripts that can be started: id and title.
    scripts: tuple[tuple[str, str], ...] = ()
    #: The commands that the settings allow.
    commands: frozenset[str] = frozenset()
    #: By heater the highest target in °C that the command `target` accepts.
    highest_targets: tuple[tuple[str, float], ...] = ()
    #: The temperature sensors that are no heaters.
    sensors: tuple[str, ...] = ()


def key_of(name: str) -> str:
    """Return a key for a name that users choose: the slug, with a hash if it drops characters ("PLA+", "PLA")."""
    plain = slug(name).replace("-", "_")
    if plain == name.lower().replace(" ", "_").replace("-", "_"):
        return plain
    digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:6]
    return f"{plain}_{digest}".lstrip("_")


def state_at(topic: str, *path: str) -> dict[str, str]:
    """Return the arguments for a state at `path` in the messages on `topic`."""
    return {"state_topic": topic, "value_template": json_value(*path)}


def text_at(topic: str, key: str) -> dict[str, str]:
    """Return the same for a text of any length."""
    template = f"{{{{ ({PAYLOAD}['{key}'] | default('None', true))[:{LONGEST_STATE}] }}}}"
    return {"state_topic": topic, "value_template": template}
