"""OctoPrint's SettingsPlugin: loads, validates and saves the settings, and keeps secret and private values back."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any

import flask
import octoprint.plugin
from octoprint.settings import NoSuchSettingsPath, settings

from ...adapters.files import discard
from ...adapters.installation import machine
from ...adapters.installation.config_file import texts_in, texts_of
from ...adapters.problems import Problems
from ...app import App
from ...bridge.protocol.inputs import RemovalRequested, SettingsChanged
from ...settings import table
from ...settings.broker_address import has_username, hosts
from ...settings.hand_written import as_written
from ...settings.migration import HISTORY, SETTINGS_VERSION, is_of_tempeta, migrated

_KEYS = frozenset(table.defaults())


class SavedSettings(octoprint.plugin.SettingsPlugin):
    """The settings table as OctoPrint saves it, in config.yaml."""

    _app: App | None
    _identifier: str
    _logger: logging.Logger
    _data_folder: str
    _problems: Problems
    #: What was written in config.yaml when the plugin was loaded, until the values are prepared.
    _written: Mapping[str, str] = MappingProxyType({})
    #: Why numpy must not be imported.
    _numpy_problem: str | None

    def read_config(self) -> None:
        """Keep what is written in config.yaml; call it when the plugin is loaded.

        OctoPrint's first save, as for another plugin's migration, writes a password 0123 as 83.
        """
        self._written = texts_in(settings().getBaseFolder("base"), "temp_eta")

    def get_settings_defaults(self) -> dict[str, Any]:
        """Return the table's defaults."""
        return table.defaults()

    def get_settings_version(self) -> int:
        """Return the version of the saved settings."""
        return SETTINGS_VERSION

    def get_settings_restricted_paths(self) -> dict[str, list[list[str]]]:
        """Keep secrets back from everyone, and private values from users who may not open the settings."""
        return {
            "never": [[key] for key in table.secret_keys()],
            "admin": [[key] for key in sorted(self.private_keys())],
        }

    def on_settings_migrate(self, target: int, current: int | None) -> None:
        """Convert the settings of TempETA 0.x, and remove its files from the data folder."""
        folder = self._data_folder
        has_run = bool(folder) and discard(folder, HISTORY)
        try:
            saved = self._settings.get_all_data(merged=False, incl_defaults=False, error_on_path=True)
        except NoSuchSettingsPath:
            return
        saved = saved if isinstance(saved, Mapping) else {}  # as `temp_eta:` without a value in config.yaml
        if not is_of_tempeta(saved, current, has_run=has_run):
            return
        ours, notes = migrated(saved, self._appearance_name(), texts_of(self._loaded(), self._written))
        self._logger.info("Converting TempETA's settings: version %s becomes %s", current or "none", target)
        for note in notes:
            self._logger.info("%s", note)
        if ours.get("mqtt_enabled") is False:
            self._logger.warning("MQTT was off in TempETA and stays off. Enable it in the settings to connect")
        self._settings.set([], ours)

    def on_settings_load(self) -> dict[str, Any]:
        """Return the table's settings for OctoPrint's pages, with what is used for invalid values: JSON has no NaN."""
        loaded = octoprint.plugin.SettingsPlugin.on_settings_load(self)
        parsed, invalid = table.salvage(self._raw())
        used = {error.key: getattr(parsed, error.key) for error in invalid}
        return {key: value if value is None else used.get(key, value) for key, value in loaded.items() if key in _KEYS}

    def on_settings_save(self, data: Any) -> dict[str, Any]:
        """Save `data` if all of it is valid; otherwise save nothing and return 400 with key, value and rule.

        An empty secret was not entered: the form never gets the saved one.
        """
        try:
            changes = self._valid_changes(data)
        except table.InvalidSetting as error:
            self._refuse(error)
            return {}
        self._problems.clear("printer ID")
        saved: dict[str, Any] = octoprint.plugin.SettingsPlugin.on_settings_save(self, changes)
        if self._app is not None:
            self._app.post(SettingsChanged(self.parsed_settings()))
        return saved

    def switch_discovery_off(self) -> None:
        """Switch Home Assistant discovery off, which removes the entities now or at the next connection."""
        self._settings.set(["ha_discovery_enabled"], False)
        self._settings.save(trigger_event=True)
        if self._app is not None:
            self._app.post(SettingsChanged(self.parsed_settings()))
            self._app.post(RemovalRequested())

    def parsed_settings(self) -> table.Settings:
        """Return the saved settings as the bridge uses them.

        Invalid values (as after editing config.yaml by hand) are replaced, see `table.salvage`, and reported. Without
        numpy there is no adaptive method.
        """
        parsed, invalid = table.salvage(self._raw())
        for row, _ in table.rows():
            self._problems.clear(f"setting {row.name}")
        for error in invalid:
            text = f"The saved setting {error}. Its default is used until you save another value."
            if getattr(parsed, error.key) != table.defaults()[error.key]:
                text = f"The saved setting {error}. The safe value is used until you save another value."
            self._logger.warning("%s", text)
            self._problems.report(f"setting {error.key}", text)
        return replace(parsed, algorithm="linear") if self._numpy_problem and parsed.algorithm == "model" else parsed

    def unsaved_settings(self, changes: Any) -> table.Settings:
        """Return the saved settings with `changes`, without saving. Raises `InvalidSetting`.

        As when saving, an empty secret is the saved one, unless the user name is removed.
        """
        valid, _ = table.salvage(self._raw())
        return table.parse(asdict(valid) | self._valid_changes(changes))

    def public_settings(self) -> dict[str, Any]:
        """Return the saved settings without secrets."""
        parsed, _ = table.salvage(self._raw())
        return {key: value for key, value in asdict(parsed).items() if key not in table.secret_keys()}

    def private_keys(self) -> frozenset[str]:
        """Return the keys that only users see who may open the settings."""
        return frozenset(row.name for row, rule in table.rows() if rule.private)

    def prepare_settings(self) -> None:
        """Make saved settings usable that were written by hand, and generate the printer ID."""
        loaded = self._loaded()
        written = {key: value for key, value in self._meant(loaded).items() if value != loaded[key]}
        for key, value in written.items():
            self._settings.set([key], value)
        if written:
            self._settings.save()
        self._written = {}
        self._make_printer_id()

    def _loaded(self) -> dict[str, Any]:
        """Return the values as OctoPrint has read them."""
        # At once: for each single value, OctoPrint searches all settings.
        found = self._settings.get_all_data()
        return {key: found.get(key) for key in table.defaults()}

    def _make_printer_id(self) -> None:
        """Save a generated printer ID if there is none, or if the saved one cannot be a topic level."""
        saved = self._raw()["mqtt_custom_identifier"]
        try:
            if table.check("mqtt_custom_identifier", saved):
                return
        except table.InvalidSetting:
            pass
        new = machine.new_instance(self._appearance_name())
        if saved not in (None, ""):
            text = (
                f"The printer ID {saved!r:.80} cannot be used in a topic. {new} is used instead; change it if you like."
            )
            self._logger.warning("%s", text)
            self._problems.report("printer ID", text)
        self._settings.set(["mqtt_custom_identifier"], new)
        self._settings.save()

    def _valid_changes(self, data: Any) -> dict[str, Any]:
        """Return the values of `data` that are saved, each in its type. Raises `InvalidSetting`."""
        if not isinstance(data, Mapping):
            raise table.InvalidSetting("plugins.temp_eta", data, "must be an object")
        secrets = table.secret_keys()
        sent = {
            key: value
            for key, value in data.items()
            if key in table.defaults() and not (key in secrets and value in (None, ""))
        }
        valid, _ = table.salvage(self._raw())
        parsed = asdict(table.parse(asdict(valid) | sent))
        changes = {key: parsed[key] for key in sent}
        if changes.get("mqtt_custom_identifier") == "":
            changes["mqtt_custom_identifier"] = machine.new_instance(self._appearance_name())
        if changes.get("mqtt_username") == "" and "mqtt_password" not in changes:
            changes["mqtt_password"] = ""  # otherwise a password could not be removed
        address = str(parsed["mqtt_broker_host"])
        if valid.mqtt_password and "mqtt_password" not in changes and hosts(address) - hosts(valid.mqtt_broker_host):
            if parsed["mqtt_username"] or has_username(address):
                raise table.InvalidSetting("mqtt_password", None, "must be entered again for another host")
            # Without a user name it is not sent. With one, it would count as entered for this host.
            changes["mqtt_password"] = ""
        return changes

    def _refuse(self, error: table.InvalidSetting) -> None:
        """Return 400, which the dialog shows at the field. OctoPrint swallows exceptions while it saves."""
        self._logger.info("Refused settings: %s", error)
        shown = None if error.key in table.secret_keys() else error.value
        body = {"error": str(error), "key": error.key, "value": _json_or_none(shown), "rule": error.rule}
        if flask.has_request_context():
            flask.after_this_request(lambda _: flask.make_response(flask.jsonify(body), 400))

    def _appearance_name(self) -> str:
        return str(self._settings.global_get(["appearance", "name"]) or "")

    def _raw(self) -> dict[str, Any]:
        """Return the saved values; text that was written as a number in config.yaml is text again."""
        return self._meant(self._loaded())

    def _meant(self, loaded: Mapping[str, Any]) -> dict[str, Any]:
        return as_written(loaded, texts_of(loaded, self._written))


def _json_or_none(value: Any) -> Any:
    """Return `value`, or None if it contains a number that JSON cannot represent, such as NaN."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return None
    return value
