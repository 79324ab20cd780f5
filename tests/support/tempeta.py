"""TempETA 0.8.9 for upgrade tests: its settings, and a placeholder for the plugin."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

VERSION = "0.8.9"

#: All of its settings.
DEFAULTS: dict[str, Any] = {
    "enabled": True,
    "enable_heating_eta": True,
    "suppress_while_printing": False,
    "show_in_sidebar": True,
    "show_in_navbar": True,
    "show_in_tab": True,
    "show_progress_bars": True,
    "show_historical_graph": True,
    "historical_graph_window_seconds": 180,
    "temp_display": "octoprint",
    "threshold_unit": "octoprint",
    "debug_logging": False,
    "threshold_start": 5.0,
    "algorithm": "linear",
    "update_interval": 1.0,
    "history_size": 60,
    "persist_backoff_reset_s": 30.0,
    "persist_backoff_initial_s": 60.0,
    "persist_backoff_max_s": 300.0,
    "persist_max_json_bytes": 262144,
    "enable_cooldown_eta": True,
    "cooldown_mode": "threshold",
    "cooldown_target_tool0": 50.0,
    "cooldown_target_bed": 40.0,
    "cooldown_target_chamber": 30.0,
    "cooldown_ambient_temp": None,
    "cooldown_hysteresis_c": 1.0,
    "cooldown_fit_window_seconds": 120,
    "color_mode": "bands",
    "color_heating": "#5cb85c",
    "color_cooling": "#337ab7",
    "color_idle": "#777777",
    "sound_enabled": False,
    "sound_target_reached": False,
    "sound_cooldown_finished": False,
    "sound_volume": 0.5,
    "sound_min_interval_s": 10.0,
    "notification_enabled": False,
    "notification_target_reached": False,
    "notification_cooldown_finished": False,
    "notification_timeout_s": 6.0,
    "notification_min_interval_s": 10.0,
    "mqtt_enabled": False,
    "mqtt_broker_host": "",
    "mqtt_broker_port": 1883,
    "mqtt_username": "",
    "mqtt_password": "",
    "mqtt_use_tls": False,
    "mqtt_tls_insecure": False,
    "mqtt_base_topic": "octoprint/temp_eta",
    "mqtt_use_appearance_name": True,
    "mqtt_custom_identifier": "",
    "mqtt_qos": 0,
    "mqtt_retain": False,
    "mqtt_publish_interval": 1.0,
}

#: The same keys with a changed value each.
SAVED: dict[str, Any] = {
    "enabled": False,
    "enable_heating_eta": False,
    "suppress_while_printing": True,
    "show_in_sidebar": False,
    "show_in_navbar": False,
    "show_in_tab": False,
    "show_progress_bars": False,
    "show_historical_graph": False,
    "historical_graph_window_seconds": 300,
    "temp_display": "cf",
    "threshold_unit": "f",
    "debug_logging": True,
    "threshold_start": 7.5,
    "algorithm": "exponential",
    "update_interval": 2.0,
    "history_size": 120,
    "persist_backoff_reset_s": 10.0,
    "persist_backoff_initial_s": 20.0,
    "persist_backoff_max_s": 100.0,
    "persist_max_json_bytes": 65536,
    "enable_cooldown_eta": False,
    "cooldown_mode": "ambient",
    "cooldown_target_tool0": 55.0,
    "cooldown_target_bed": 35.0,
    "cooldown_target_chamber": 25.0,
    "cooldown_ambient_temp": 19.0,
    "cooldown_hysteresis_c": 2.0,
    "cooldown_fit_window_seconds": 90,
    "color_mode": "status",
    "color_heating": "#ff0000",
    "color_cooling": "#0000ff",
    "color_idle": "#111111",
    "sound_enabled": True,
    "sound_target_reached": True,
    "sound_cooldown_finished": True,
    "sound_volume": 0.8,
    "sound_min_interval_s": 20.0,
    "notification_enabled": True,
    "notification_target_reached": True,
    "notification_cooldown_finished": True,
    "notification_timeout_s": 9.0,
    "notification_min_interval_s": 30.0,
    "mqtt_enabled": True,
    "mqtt_broker_host": "broker.example",
    "mqtt_broker_port": 8883,
    "mqtt_username": "octo",
    "mqtt_password": "s3cret-of-tempeta",
    "mqtt_use_tls": True,
    "mqtt_tls_insecure": True,
    "mqtt_base_topic": "home/printers",
    "mqtt_use_appearance_name": False,
    "mqtt_custom_identifier": "workshop",
    "mqtt_qos": 2,
    "mqtt_retain": True,
    "mqtt_publish_interval": 5.0,
}

#: A module that only the old version has. An upgrade must remove it.
OLD_MODULE = "octoprint_temp_eta/calculator.py"
OLD_HISTORY = "history__default.json"

_INIT = f'''
"""A replacement with TempETA's identity and settings that does nothing."""
import os
import octoprint.plugin

class TempETAPlugin(octoprint.plugin.StartupPlugin, octoprint.plugin.SettingsPlugin):
    def get_settings_defaults(self):
        return {DEFAULTS!r}

    def on_after_startup(self):
        with open(os.path.join(self.get_plugin_data_folder(), "{OLD_HISTORY}"), "w") as file:
            file.write("{{}}")

__plugin_name__ = "Temperature ETA"
__plugin_version__ = "{VERSION}"
__plugin_pythoncompat__ = ">=3.11,<4"
__plugin_implementation__ = TempETAPlugin()
'''


def make_wheel(folder: Path, requirements: Sequence[str]) -> Path:
    """Write a wheel of the placeholder: the old plugin's distribution name and package, with `requirements`."""
    name = f"octoprint_tempeta-{VERSION}"
    info = f"{name}.dist-info"
    metadata = ["Metadata-Version: 2.1", "Name: OctoPrint-TempETA", f"Version: {VERSION}"]
    files = {
        "octoprint_temp_eta/__init__.py": _INIT,
        OLD_MODULE: "",
        f"{info}/METADATA": "\n".join([*metadata, *(f"Requires-Dist: {each}" for each in requirements), ""]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[octoprint.plugin]\ntemp_eta = octoprint_temp_eta\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(file, text)
    return path
