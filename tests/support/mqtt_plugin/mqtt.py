"""A single-file plugin with the identifier and the settings of OctoPrint-MQTT, without its connection."""

from typing import Any

import octoprint.plugin

__plugin_name__ = "MQTT"
__plugin_pythoncompat__ = ">=3.11,<4"


class MqttPlugin(octoprint.plugin.SettingsPlugin):  # type: ignore[misc]
    """The settings about the broker."""

    def get_settings_defaults(self) -> dict[str, Any]:
        """Return the defaults of OctoPrint-MQTT 0.8."""
        broker = {"url": None, "port": 1883, "username": None, "password": None, "keepalive": 60, "tls_active": False}
        more = {"tls": {}, "tls_insecure": False, "protocol": "MQTTv31", "retain": True, "clean_session": True}
        return {"broker": broker | more}


__plugin_implementation__ = MqttPlugin()
