"""A single-file OctoPrint plugin that records all script events."""

from __future__ import annotations

import json
import os
from typing import Any

import octoprint.plugin

__plugin_name__ = "Event witness"
__plugin_version__ = "1.0.0"
__plugin_description__ = "Writes down the events of scripts"
__plugin_license__ = "AGPLv3"
__plugin_pythoncompat__ = ">=3.11,<4"


class EventWitness(octoprint.plugin.EventHandlerPlugin):
    """Writes one JSON line per event to the file EVENT_WITNESS."""

    def on_event(self, event: str, payload: Any) -> None:
        if event.startswith("AutomationScript"):
            with open(os.environ["EVENT_WITNESS"], "a", encoding="utf-8") as file:
                file.write(json.dumps([event, payload]) + "\n")


__plugin_implementation__ = EventWitness()
