"""OctoPrint's SettingsPlugin: what is saved, what leaves, and what is refused before it is saved."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import flask
import octoprint.plugin
from octoprint.settings import NoSuchSettingsPath

from ..adapters import machine
from ..adapters.files import discard
from ..app import App
from ..bridge.protocol.inputs import SettingsChanged
from ..settings import table
from ..settings.migration import SETTINGS_VERSION, is_of_tempeta, migrated


class SavedSettings(octoprint.plugin.SettingsPlugin):
    """The settings table as OctoPrint keeps it, in config.yaml."""

    _app: App | None
    _identifier: str
    _logger: logging.Logger

    def get_settings_defaults(self) -> dict[str, Any]:
        """Return the table's defaults."""
        return table.defaults()

    def get_settings_version(self) -> int:
        """Return the form of the saved settings."""
        return SETTINGS_VERSION

    def get_settings_restricted_paths(self) -> dict[str, list[list[str]]]:
        """Let no secret out, to nobody."""
        return {"never": [[key] for key in table.secret_keys()]}

    def on_settings_migrate(self, target: int, current: int | None) -> None:
        """Take over what TempETA 0.x has saved; what has no meaning any more leaves config.yaml and the data folder."""
        try:
            saved = self._settings.get_all_data(merged=False, incl_defaults=False, error_on_path=True)
        except NoSuchSettingsPath:
            return
        if not is_of_tempeta(saved, current):
            return
        ours, notes = migrated(saved, self._appearance_name())
        self._logger.info("Taking over TempETA's settings: version %s becomes %s", current or "none", target)
        for note in notes:
            self._logger.info("%s", note)
        self._settings.set([], ours)
        discard(self.get_plugin_data_folder(), "history_*.json")

    def on_settings_save(self, data: Any) -> dict[str, Any]:
        """Save what is valid as a whole; else save nothing and answer 400 with key, value and rule.

        A secret that comes empty was not typed: it never leaves, so the form has none to send back.
        """
        try:
            changes = self._valid_changes(data)
        except table.InvalidSetting as error:
            self._refuse(error)
            return {}
        saved: dict[str, Any] = octoprint.plugin.SettingsPlugin.on_settings_save(self, changes)
        if self._app is not None:
            self._app.post(SettingsChanged(table.parse(self._raw())))
        return saved

    def switch_discovery_off(self) -> None:
        """Have everything removed from Home Assistant, now or with the next connection, and announced no more."""
        self._settings.set(["ha_discovery_enabled"], False)
        self._settings.save(trigger_event=True)
        if self._app is not None:
            self._app.post(SettingsChanged(table.parse(self._raw())))

    def parsed_settings(self) -> table.Settings:
        """Return what is saved, with the default for what is not valid, such as after editing config.yaml by hand."""
        parsed, invalid = table.salvage(self._raw())
        for error in invalid:
            self._logger.warning("A saved setting is not valid and its default is used: %s", error)
        return parsed

    def public_settings(self) -> dict[str, Any]:
        """Return what is saved, without secrets."""
        parsed, _ = table.salvage(self._raw())
        return {key: value for key, value in asdict(parsed).items() if key not in table.secret_keys()}

    def make_instance(self) -> None:
        """Make and save this printer's topic level where there is none yet."""
        if not self._settings.get(["mqtt_custom_identifier"]):
            self._settings.set(["mqtt_custom_identifier"], machine.new_instance(self._appearance_name()))
            self._settings.save()

    def _valid_changes(self, data: Any) -> dict[str, Any]:
        """Return what is to be saved of `data`, each in its type. Raises `InvalidSetting`."""
        if not isinstance(data, Mapping):
            raise table.InvalidSetting("plugins.temp_eta", data, "must be an object")
        secrets = table.secret_keys()
        sent = {
            key: value
            for key, value in data.items()
            if key in table.defaults() and not (key in secrets and value in (None, ""))
        }
        parsed = asdict(table.parse(self._raw() | sent))
        changes = {key: parsed[key] for key in sent}
        if changes.get("mqtt_custom_identifier") == "":
            changes["mqtt_custom_identifier"] = machine.new_instance(self._appearance_name())
        if changes.get("mqtt_username") == "" and "mqtt_password" not in changes:
            changes["mqtt_password"] = ""  # the one way to take it back
        return changes

    def _refuse(self, error: table.InvalidSetting) -> None:
        """Answer 400, which the dialog shows at its field: OctoPrint itself swallows what is raised while saving."""
        self._logger.info("Refused settings: %s", error)
        shown = None if error.key in table.secret_keys() else error.value
        body = {"error": str(error), "key": error.key, "value": shown, "rule": error.rule}
        if flask.has_request_context():
            flask.after_this_request(lambda _: flask.make_response(flask.jsonify(body), 400))

    def _appearance_name(self) -> str:
        return str(self._settings.global_get(["appearance", "name"]) or "")

    def _raw(self) -> dict[str, Any]:
        return {key: self._settings.get([key]) for key in table.defaults()}
