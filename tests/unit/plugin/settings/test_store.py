"""The settings as OctoPrint loads, migrates and saves them."""

from __future__ import annotations

import logging
from pathlib import Path

import flask
import pytest
from octoprint.plugin import PluginSettings
from octoprint.server.util.flask import OctoPrintJsonProvider
from octoprint.settings import Settings

from octoprint_temp_eta.plugin.plugin import TempETAPlugin
from octoprint_temp_eta.settings.rules import InvalidSetting


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


@pytest.mark.parametrize("value", ["", "5", "text", "[1]"])
@pytest.mark.parametrize("version", [None, 2])
def test_settings_without_a_value_or_that_are_no_mapping_are_empty(
    tmp_path: Path, version: int | None, value: str
) -> None:
    plugin = loaded(tmp_path, f"plugins:\n  temp_eta: {value}\n")
    plugin.on_settings_migrate(3, version)
    plugin.prepare_settings()
    assert plugin.parsed_settings().mqtt_broker_host == ""
    assert plugin.parsed_settings().mqtt_custom_identifier


@pytest.mark.parametrize(("file", "enabled"), [("heaters.json", True), ("history_bed.json", False)])
def test_settings_written_by_hand_beside_our_own_files_are_not_tempetas(
    tmp_path: Path, file: str, enabled: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a deployment that replaces config.yaml. TempETA connected only if `mqtt_enabled` was saved."""
    (tmp_path / "data" / "temp_eta").mkdir(parents=True)
    (tmp_path / "data" / "temp_eta" / file).write_text("[]")
    plugin = loaded(tmp_path, "plugins:\n  temp_eta:\n    mqtt_broker_host: broker.test\n")
    plugin.on_settings_migrate(3, None)
    assert plugin.parsed_settings().mqtt_enabled is enabled
    assert ("stays off" in caplog.text) is not enabled


@pytest.mark.parametrize("number", [float("nan"), float("inf"), [float("nan")]])
def test_a_number_that_is_not_json_is_refused_without_the_value(tmp_path: Path, number: object) -> None:
    plugin = loaded(tmp_path, "")
    server = flask.Flask("test")
    server.json = OctoPrintJsonProvider(server)
    with server.test_request_context():
        plugin.on_settings_save({"threshold_start": number})
        response = server.process_response(flask.make_response("saved"))
    assert response.status_code == 400
    assert response.json is not None
    assert (response.json["key"], response.json["value"]) == ("threshold_start", None)


def with_password(tmp_path: Path, host: str = "broker.test", username: str = "anna") -> TempETAPlugin:
    """Return the plugin with a saved password."""
    written = f"mqtt_broker_host: '{host}', mqtt_username: '{username}', mqtt_password: hush"
    return loaded(tmp_path, f"plugins:\n  temp_eta: {{{written}}}\n")


@pytest.mark.parametrize(
    ("changes", "password"),
    [
        ({}, "hush"),
        ({"mqtt_broker_host": "broker.test", "mqtt_username": "anna", "mqtt_broker_port": 8883}, "hush"),
        ({"mqtt_broker_host": "mqtts://eve@Broker.test:8883"}, "hush"),
        ({"mqtt_username": "eve"}, "hush"),
        ({"mqtt_broker_host": "other.test", "mqtt_username": ""}, ""),
        ({"mqtt_broker_host": "other.test", "mqtt_password": "new"}, "new"),
        ({"mqtt_broker_host": ""}, "hush"),
    ],
)
def test_the_saved_password_is_tested_with_the_saved_host(
    tmp_path: Path, changes: dict[str, object], password: str
) -> None:
    assert with_password(tmp_path).unsaved_settings(changes).mqtt_password == password


@pytest.mark.parametrize(
    "changes",
    [
        {"mqtt_broker_host": "other.test"},
        {"mqtt_broker_host": "broker.test, other.test", "mqtt_password": ""},
        {"mqtt_broker_host": "mqtts://anna@other.test", "mqtt_password": None},
    ],
)
def test_the_saved_password_is_neither_tested_nor_saved_with_another_host(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    """Who may save settings could read it there."""
    plugin = with_password(tmp_path)
    with pytest.raises(InvalidSetting, match="mqtt_password: must be entered again"):
        plugin.unsaved_settings(changes)
    assert plugin.on_settings_save({**changes}) == {}
    assert plugin.parsed_settings().mqtt_broker_host == "broker.test"


def test_a_password_that_is_left_without_a_user_name_keeps_no_host_away(tmp_path: Path) -> None:
    """It is sent nowhere."""
    written = "mqtt_broker_host: broker.test, mqtt_password: hush"
    plugin = loaded(tmp_path, f"plugins:\n  temp_eta: {{{written}}}\n")
    assert plugin.unsaved_settings({"mqtt_broker_host": "other.test"}).mqtt_broker_host == "other.test"
    with pytest.raises(InvalidSetting, match="must be entered again"):
        plugin.unsaved_settings({"mqtt_broker_host": "mqtt://eve@other.test"})


def test_a_password_that_is_left_without_a_user_name_is_removed_with_another_host(tmp_path: Path) -> None:
    """Otherwise a user name in the next change of the URL would have it sent there."""
    plugin = with_password(tmp_path, host="mqtt://anna@broker.test", username="")
    plugin.on_settings_save({"mqtt_broker_host": "mqtt://other.test"})
    plugin.on_settings_save({"mqtt_broker_host": "mqtt://anna@other.test"})
    settings = plugin.parsed_settings()
    assert (settings.mqtt_broker_host, settings.mqtt_password) == ("mqtt://anna@other.test", "")


def test_the_password_is_not_saved_by_way_of_no_host(tmp_path: Path) -> None:
    plugin = with_password(tmp_path, host="")
    with pytest.raises(InvalidSetting, match="must be entered again"):
        plugin.unsaved_settings({"mqtt_broker_host": "broker.test"})


def test_all_values_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each value, OctoPrint searches all settings: one by one, that took a quarter of the plugin's start."""
    plugin = loaded(tmp_path, "plugins:\n  temp_eta: {mqtt_broker_host: broker.test, mqtt_broker_port: '8883'}\n")
    read, get = [], Settings.get

    def counted(settings: Settings, path: list[str], **more: object) -> object:
        read.append(path)
        return get(settings, path, **more)

    monkeypatch.setattr(Settings, "get", counted)
    settings = plugin.parsed_settings()
    assert (settings.mqtt_broker_host, settings.mqtt_broker_port) == ("broker.test", 8883)
    assert read == [["plugins", "temp_eta"]]


def test_a_value_in_an_overlay_of_octoprint_counts(tmp_path: Path) -> None:
    plugin = loaded(tmp_path, "plugins:\n  temp_eta: {mqtt_broker_host: broker.test, mqtt_username: anna}\n")
    plugin._settings.add_overlay({"mqtt_broker_host": "other.test", "mqtt_broker_port": 8883})
    settings = plugin.parsed_settings()
    assert (settings.mqtt_broker_host, settings.mqtt_broker_port) == ("broker.test", 8883)
