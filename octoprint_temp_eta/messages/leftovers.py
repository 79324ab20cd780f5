"""What other plugins have left on the broker for this printer: which retained messages that are.

OctoPrint-HomeAssistant announces each entity on `<prefix>/<platform>/<node>_<NAME>/config`. TempETA, which this plugin
replaces, published each heater on `<base>/<name>/<heater>/eta` and `…/state_change`, or without the name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..core.frozen import frozen

HOME_ASSISTANT, TEMPETA = "OctoPrint-HomeAssistant", "TempETA"

#: The keys of TempETA's messages; ours have more, or are not retained.
_TEMPETA_KEYS = {
    "eta": {"heater", "eta_seconds", "eta_kind", "target", "actual", "cooldown_target", "timestamp", "state"},
    "state_change": {"heater", "state", "previous_state", "timestamp", "actual", "target"},
}
#: Seconds for which a message of TempETA counts as one of a running TempETA, which publishes every few seconds.
FRESH_S = 60.0


@frozen
class Former:
    """Where other plugins have published for this printer.

    `nodes`: OctoPrint-HomeAssistant's ids of the printer; `prefixes`: discovery prefixes; `bases`: TempETA's topics.
    """

    nodes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()

    @property
    def filters(self) -> tuple[str, ...]:
        """The topic filters that all leftovers match."""
        discovery = (f"{prefix}/+/+/config" for prefix in self.prefixes if self.nodes)
        return (*discovery, *(f"{base}/+/{name}" for base in self.bases for name in _TEMPETA_KEYS))

    def plugin_of(self, topic: str, payload: bytes, wall: float) -> str | None:
        """Return the plugin that has left a retained message, None if it is in use, or of another printer.

        `wall` is the present in Unix seconds.
        """
        try:
            message = json.loads(payload)
        except (ValueError, RecursionError):
            return None
        if not isinstance(message, Mapping):
            return None
        if self._is_announced(topic, message):
            return HOME_ASSISTANT
        return TEMPETA if self._is_heater(topic, message, wall) else None

    def _is_announced(self, topic: str, message: Mapping[str, Any]) -> bool:
        levels = topic.split("/")
        if len(levels) < 4 or "/".join(levels[:-3]) not in self.prefixes or levels[-1] != "config":
            return False
        device = message.get("device")
        ids = device.get("ids") if isinstance(device, Mapping) else None
        of_device = ids if isinstance(ids, list) else [ids]
        return any(levels[-2].startswith(f"{node}_") and node in of_device for node in self.nodes)

    def _is_heater(self, topic: str, message: Mapping[str, Any], wall: float) -> bool:
        base, _, rest = topic.rpartition("/")
        base, _, heater = base.rpartition("/")
        published = message.get("timestamp")
        return (
            base in self.bases
            and set(message) == _TEMPETA_KEYS.get(rest)
            and message["heater"] == heater
            and isinstance(published, int | float)
            and wall - published > FRESH_S
        )


def former(base_topic: str, instance: str, name: str, prefix: str, plugin: Mapping[str, Any]) -> Former:
    """Return where other plugins have published for this printer.

    `name` is the printer's appearance name; `plugin` are OctoPrint-HomeAssistant's saved settings, which OctoPrint
    keeps when the plugin is removed.
    """
    unique = str(plugin.get("unique_id") or "")
    # Its earlier versions used the beginning of the unique id.
    nodes = (str(plugin.get("node_id") or ""), unique[:6].upper(), unique.replace("-", ""))
    # As TempETA made a topic level of it.
    level = "".join(character for character in name.strip() if character not in "+#\0").strip("/")
    prefixes = ("homeassistant", str(plugin.get("discovery_topic") or ""), prefix)
    bases = (base_topic, f"{base_topic}/{instance}", f"{base_topic}/{level}" if level else "")
    return Former(_distinct(nodes), _distinct(prefixes), _distinct(bases))


def _distinct(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the texts that are usable in a topic, each once."""
    return tuple(dict.fromkeys(text for text in texts if text and not set("+#") & set(text)))
