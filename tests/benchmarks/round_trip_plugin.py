"""A single-file OctoPrint plugin that measures OctoPrint's own round trip to the printer, without a script."""

from __future__ import annotations

import threading
import time
from typing import Any

import flask
import octoprint.plugin

__plugin_name__ = "Round trips"
__plugin_version__ = "1.0.0"
__plugin_description__ = "Measures round trips to the printer"
__plugin_license__ = "AGPLv3"
__plugin_pythoncompat__ = ">=3.11,<4"

TAG = "round_trips"


class RoundTrips(octoprint.plugin.SimpleApiPlugin):
    """The command `measure` sends a line `count` times, each after the previous `ok`."""

    def __init__(self) -> None:
        self._acknowledged = threading.Event()
        self._under_way = False

    def is_api_protected(self) -> bool:
        return True

    def get_api_commands(self) -> dict[str, list[str]]:
        return {"measure": ["line", "count"]}

    def on_api_command(self, command: str, data: dict[str, Any]) -> flask.Response:
        return flask.jsonify({"seconds": [self.round_trip(data["line"]) for _ in range(data["count"])]})

    def round_trip(self, line: str) -> float:
        self._acknowledged.clear()
        begin = time.perf_counter()
        self._printer.commands([line], tags={TAG})
        if not self._acknowledged.wait(10):
            raise TimeoutError(line)
        return time.perf_counter() - begin

    def sending(self, *_: Any, tags: Any = None, **__: Any) -> None:
        if tags and TAG in tags:
            self._under_way = True

    def received(self, _: Any, line: str, *__: Any, **___: Any) -> str:
        if self._under_way and line.startswith("ok"):
            self._under_way = False
            self._acknowledged.set()
        return line


__plugin_implementation__ = RoundTrips()
__plugin_hooks__ = {
    "octoprint.comm.protocol.gcode.sending": __plugin_implementation__.sending,
    "octoprint.comm.protocol.gcode.received": __plugin_implementation__.received,
}
