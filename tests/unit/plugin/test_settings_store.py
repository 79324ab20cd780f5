"""The settings as OctoPrint loads, migrates and saves them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from octoprint.plugin import PluginSettings
from octoprint.settings import Settings

from octoprint_temp_eta.plugin.plugin import TempETAPlugin


def loaded(folder: Path, config: str) -> TempETAPlugin:
    """Return the plugin with the settings of a config.yaml."""
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    plugin = TempETAPlugin()
    plugin._identifier = "temp_eta"
    plugin._logger = logging.getLogger("test-settings")
    plugin._data_folder = str(folder / "data" / "temp_eta")
    settings = Settings(configfile=str(folder / "config.yaml"), basedir=str(folder))
    plugin._settings = PluginSettings(settings, "temp_eta", defaults=plugin.get_settings_defaults())
    return plugin


@pytest.mark.parametrize("version", [None, 2])
def test_settings_without_a_value_are_empty(tmp_path: Path, version: int | None) -> None:
    plugin = loaded(tmp_path, "plugins:\n  temp_eta:\n")
    plugin.on_settings_migrate(3, version)
    plugin.prepare_settings()
    assert plugin.parsed_settings().mqtt_broker_host == ""
    assert plugin.parsed_settings().mqtt_custom_identifier
