"""A single-file OctoPrint plugin that suppresses and rewrites certain commands, as other plugins do."""

from __future__ import annotations

import time
from typing import Any

__plugin_name__ = "G-code rewriter"
__plugin_version__ = "1.0.0"
__plugin_description__ = "Suppresses, takes out and rewrites commands"
__plugin_license__ = "AGPLv3"
__plugin_pythoncompat__ = ">=3.11,<4"

#: Longer than the plugin waits for a line that OctoPrint has queued.
SLEEP_S = 7.0


def queuing(_comm: Any, _phase: str, line: str, *_: Any, **__: Any) -> Any:
    """Suppress some commands, sleep before one as plugins for power supplies do, and replace one with two."""
    if line in ("M117 suppress", "M80", "M81", "OCTO1"):
        return (None,)
    if line == "M117 sleep":
        time.sleep(SLEEP_S)
    return ["M117 first", "M117 second"] if line == "M117 double" else None


def sending(_comm: Any, _phase: str, line: str, *_: Any, **__: Any) -> Any:
    """Remove one command just before it is sent."""
    return (None,) if line == "M117 take out" else None


__plugin_hooks__ = {
    "octoprint.comm.protocol.gcode.queuing": queuing,
    "octoprint.comm.protocol.gcode.sending": sending,
}
