"""A single-file OctoPrint plugin that publishes each reading at once, for comparison with temp_eta."""

from __future__ import annotations

import time
from typing import Any

import octoprint.plugin
import paho.mqtt.client as mqtt

__plugin_name__ = "Raw publisher"
__plugin_version__ = "1.0.0"
__plugin_description__ = "Publishes the time of each reading"
__plugin_license__ = "AGPLv3"
__plugin_pythoncompat__ = ">=3.11,<4"

VERSION = (mqtt.CallbackAPIVersion.VERSION2,) if hasattr(mqtt, "CallbackAPIVersion") else ()


class RawPublisher(octoprint.plugin.SettingsPlugin, octoprint.plugin.StartupPlugin):  # type: ignore[misc]
    """Publishes the monotonic time of each reading on the topic `raw`, to the broker at the port in its settings."""

    def get_settings_defaults(self) -> dict[str, Any]:
        return {"port": 1883}

    def on_after_startup(self) -> None:
        self._client = mqtt.Client(*VERSION)
        self._client.connect("127.0.0.1", self._settings.get_int(["port"]))
        self._client.loop_start()
        self._printer.register_callback(self)

    def on_printer_add_temperature(self, data: dict[str, Any]) -> None:
        del data
        self._client.publish("raw", f"{time.monotonic():.6f}", qos=1)

    def on_printer_add_log(self, data: str) -> None: ...

    def on_printer_add_message(self, data: str) -> None: ...

    def on_printer_received_registered_message(self, name: str, output: str) -> None: ...

    def on_printer_send_initial_data(self, data: dict[str, Any]) -> None: ...

    def on_printer_send_current_data(self, data: dict[str, Any]) -> None: ...


__plugin_implementation__ = RawPublisher()
