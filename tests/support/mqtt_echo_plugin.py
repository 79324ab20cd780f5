"""A single-file OctoPrint plugin for the tests. It echoes messages through the helpers of the plugin."""

import octoprint.plugin

__plugin_name__ = "MQTT echo"
__plugin_pythoncompat__ = ">=3.11,<4"


class EchoPlugin(octoprint.plugin.StartupPlugin):  # type: ignore[misc]
    """Subscribes to echo/in and farm/#, and publishes on echo/out what arrives."""

    def on_after_startup(self) -> None:
        """Use the helpers."""
        helpers = self._plugin_manager.get_helpers("temp_eta", "mqtt_publish", "mqtt_subscribe")
        self._publish = helpers["mqtt_publish"]
        for topic in ("echo/in", "farm/#"):
            helpers["mqtt_subscribe"](topic, self._echo)

    def _echo(self, topic: str, message: bytes, *, retained: bool, qos: int) -> None:
        self._publish("echo/out", {"topic": topic, "message": message.decode(), "retained": retained, "qos": qos})


__plugin_implementation__ = EchoPlugin()
