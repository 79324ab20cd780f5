"""A single-file OctoPrint plugin that measures temp_eta's printer callback next to its worker."""

from __future__ import annotations

import time
from typing import Any

import flask
import octoprint.plugin

__plugin_name__ = "Callback timer"
__plugin_version__ = "1.0.0"
__plugin_description__ = "Measures temp_eta"
__plugin_license__ = "AGPLv3"
__plugin_pythoncompat__ = ">=3.11,<4"

#: Seconds between two readings, much less than with a real printer.
PAUSE = 0.001
#: Duration of the control in s, similar to the callback.
CONTROL = 15e-6


class CallbackTimer(octoprint.plugin.SimpleApiPlugin):  # type: ignore[misc]
    """POST /api/plugin/callback_timer {"command": "measure", "calls": 1000}: seconds of each call, and of a control."""

    def is_api_protected(self) -> bool:
        return True

    def get_api_commands(self) -> dict[str, list[str]]:
        return {"measure": ["calls"]}

    def on_api_command(self, command: str, data: dict[str, Any]) -> Any:
        callback = self._plugin_manager.get_plugin_info("temp_eta").implementation.on_printer_add_temperature
        now = self._printer.get_current_temperatures()
        ours, control = [], []
        for call in range(data["calls"]):
            reading = {
                name: {"actual": (heater["actual"] or 0) + call % 10 / 10, "target": heater["target"]}
                for name, heater in now.items()
            }
            begin = time.perf_counter()
            callback({"time": int(time.time()), **reading})
            ours.append(time.perf_counter() - begin)
            time.sleep(PAUSE)
            begin = time.perf_counter()
            while time.perf_counter() < begin + CONTROL:
                pass
            control.append(time.perf_counter() - begin)
            time.sleep(PAUSE)
        return flask.jsonify(callback=ours, control=control)


__plugin_implementation__ = CallbackTimer()
