"""A single-file OctoPrint plugin whose event handler hangs while the file EVENT_BLOCKER exists, as slow requests do."""

from __future__ import annotations

import os
import time
from typing import Any

import octoprint.plugin

__plugin_name__ = "Event blocker"
__plugin_version__ = "1.0.0"
__plugin_description__ = "Keeps events from all plugins"
__plugin_license__ = "AGPLv3"
__plugin_pythoncompat__ = ">=3.11,<4"


class EventBlocker(octoprint.plugin.EventHandlerPlugin):
    """OctoPrint calls the handlers of all plugins one after the other, on one thread."""

    def on_event(self, event: str, payload: Any) -> None:
        del event, payload
        while os.path.exists(os.environ["EVENT_BLOCKER"]):
            time.sleep(0.1)


__plugin_implementation__ = EventBlocker()
