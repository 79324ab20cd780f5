"""The REST interface: the current state, and the commands that MQTT accepts too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import flask
import octoprint.plugin

from ...adapters.threads.inbox import now
from ...adapters.threads.pending_replies import NoReply
from ...app import App
from ...bridge.broker.connect_settings import brief_connection, no_broker
from ...bridge.connection_test import TEST_CONNECTION
from ...core.scripts.catalogue import convert_id
from ...messages import encode
from ...messages.contract.catalogue import COMMANDS, REST_COMMANDS
from ...messages.decode import Command, CommandError, ReplyTo, validated
from ...messages.errors import status_of
from ...settings.table import InvalidSetting
from ..settings.store import SavedSettings
from . import permissions
from .permissions import READ, RUN

#: Other names of commands, as REST clients of Automation-Scripts use them.
ALIASES = {"start_script": "script/start", "cancel_script": "script/cancel", "cancel": "script/cancel"}

#: All commands: those of MQTT too, and those that only REST has.
NAMES = (*REST_COMMANDS, *COMMANDS, *ALIASES)

#: The commands about what other plugins have left on the broker.
LEFTOVERS = ("find_leftovers", "remove_leftovers")
#: The commands that this module executes itself: they read the snapshot, or change OctoPrint's settings.
HERE = ("get_eta", "list_scripts", "remove_from_home_assistant", "find_brokers", TEST_CONNECTION, *LEFTOVERS)

#: The identifier of OctoPrint-HomeAssistant.
HOME_ASSISTANT_PLUGIN = "homeassistant"

#: The keys of `mqtt` that only users see who may open the settings, and those of messages in a snapshot, by message.
PRIVATE_MQTT = ("broker", "last_error", "problem", "warnings")
PRIVATE = {"info": ("host", "machine"), "diagnostics": ("broker", "last_error", "clash", "warnings", "connection_test")}


class _AnyCommand(dict[str, list[str]]):
    """Contains every name, so that `on_api_command` refuses unknown commands, in the contract's form."""

    def __contains__(self, _: object) -> bool:
        return True

    def __getitem__(self, _: object) -> list[str]:
        return []


class Api(SavedSettings, octoprint.plugin.SimpleApiPlugin):
    """OctoPrint's SimpleApiPlugin: a GET reads the snapshot, a POST is an input of the bridge."""

    _app: App | None
    _missing: Sequence[str] = ()
    _plugin_manager: Any

    def is_api_protected(self) -> bool:
        """Whether OctoPrint refuses all guests: permissions decide, and an administrator may give them to guests."""
        return False

    def get_api_commands(self) -> dict[str, list[str]]:
        """Return the commands; OctoPrint checks no parameters, `on_api_command` does."""
        return _AnyCommand({name: [] for name in NAMES})

    def on_api_get(self, request: flask.Request) -> flask.Response:
        """Return estimates, printer, connection, scripts and settings; see docs/reference/rest.md."""
        del request
        if not permissions.has(READ):
            return _refusal(None, "not_permitted", f"This needs the permission {READ}.")
        if self._app is None:
            return _refusal(None, "not_available", "The plugin has not started.")
        shown = {
            **self._app.snapshot,
            "settings": self.public_settings(),
            "missing": list(self._missing),
            "problems": self._problems.texts,
        }
        shown = encode.stamped(shown, now().wall)
        return _json(shown if permissions.has(permissions.SETTINGS) else self._without_private(shown))

    def on_api_command(self, command: Any, data: Mapping[str, Any]) -> flask.Response:
        """Execute a command and return the reply that MQTT gets too, with `success`; see docs/reference/rest.md."""
        body = {key: value for key, value in data.items() if key != "command"}
        if permissions.has(RUN) and self._is_script(command):
            command, body = "script/start", {"id": command, "arguments": body}
        if not isinstance(command, str) or command not in NAMES:
            return _refusal(None, "invalid_command", f"There is no command {str(command)[:64]!r}.", "/command")
        command = ALIASES.get(command, command)
        needed = permissions.missing_for(command)
        if needed is not None:
            return _refusal(command, "not_permitted", f"This needs the permission {needed}.")
        app = self._app
        if app is None:
            return _refusal(command, "not_available", "The plugin has not started.")
        try:
            return self._execute(app, command, body)
        except CommandError as error:
            return _stamped(encode.rejected(command, error))
        except NoReply as error:
            return _refusal(command, error.code, str(error))

    def _is_script(self, command: Any) -> bool:
        """Return whether `command` is the id of a script, which starts it as in Automation-Scripts."""
        if self._app is None or not isinstance(command, str) or command in NAMES:
            return False
        return any(convert_id(command) == script["id"] for script in self._app.snapshot["scripts"])

    def _execute(self, app: App, command: str, body: Mapping[str, Any]) -> flask.Response:
        if command not in HERE:
            reply = app.ask(command, body)
            if command == "snapshot" and not permissions.has(permissions.SETTINGS):
                reply = _snapshot_without_private(reply)
            return _response(reply)
        request = validated(command, body, ReplyTo(), wall=now().wall)
        if command == TEST_CONNECTION:
            return _response(self._test_connection(app, request))
        if command == "get_eta":
            return _json(app.snapshot["eta"])
        if command == "list_scripts":
            return _stamped(encode.completed(request, app.snapshot["scripts"]))
        if command == "remove_from_home_assistant":
            self.switch_discovery_off()
            return _stamped(encode.completed(request))
        if command == "find_brokers":
            app.broker_search.start()
        else:
            self._search_leftovers(app, request)
        return _stamped(encode.accepted(request))

    def _search_leftovers(self, app: App, request: Command) -> None:
        """Begin to find or remove what other plugins have left for this printer. Raises `CommandError`."""
        from ...messages.leftovers import former  # needed once, if ever

        settings = self.parsed_settings()
        connect = brief_connection(settings)
        if not connect.host:
            raise no_broker(request.transaction)
        # While the plugin is enabled, its announcements are in use.
        enabled = HOME_ASSISTANT_PLUGIN in self._plugin_manager.enabled_plugins
        saved = None if enabled else self._settings.global_get(["plugins", HOME_ASSISTANT_PLUGIN])
        left = former(
            settings.mqtt_base_topic,
            settings.mqtt_custom_identifier,
            self._appearance_name(),
            settings.ha_discovery_prefix,
            saved if isinstance(saved, Mapping) else {},
        )
        if not app.leftovers.start(connect, left, remove=request.name == "remove_leftovers"):
            raise CommandError("busy", "A search is running. Wait until it is done.", None, request.transaction)

    def _test_connection(self, app: App, request: Command) -> Mapping[str, Any]:
        """Test the saved settings, or other values for users who may save them. Raises `CommandError`, `NoReply`."""
        changes = request.arguments.get("settings")
        if changes is not None and not permissions.has(permissions.SETTINGS):
            text = f"Testing unsaved values requires the permission {permissions.SETTINGS}."
            raise CommandError("not_permitted", text, "/settings", request.transaction)
        try:
            settings = self.unsaved_settings(changes or {})
        except InvalidSetting as error:
            text, path = f"The setting {error}", f"/settings/{error.key}"
            raise CommandError("invalid_command", text, path, request.transaction) from None
        return app.test_connection(request, settings, tuple(self._plugin_manager.enabled_plugins))

    def _without_private(self, shown: dict[str, Any]) -> dict[str, Any]:
        """Return what users see who may not open the settings: neither broker nor folder, no settings of scripts."""
        private = self.private_keys()
        settings = {key: value for key, value in shown["settings"].items() if key not in private}
        mqtt = {key: value for key, value in shown["mqtt"].items() if key not in PRIVATE_MQTT}
        hidden = ("script_settings", "script_folder", "problems", "connection_test")
        rest = {key: value for key, value in shown.items() if key not in hidden}
        return {**rest, "mqtt": mqtt, "settings": settings}


def _snapshot_without_private(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the reply to `snapshot` for users who may not open the settings."""
    result = {
        name: {key: value for key, value in state.items() if key not in PRIVATE.get(name, ())}
        if isinstance(state, Mapping)
        else state
        for name, state in reply.get("result", {}).items()
    }
    return {**reply, "result": result} if "result" in reply else reply


def _refusal(command: str | None, code: str, message: str, path: str | None = None) -> flask.Response:
    """Return the reply to a call that did not reach the bridge, or got no reply from it."""
    status = "failed" if code in ("timeout", "shutdown") else "rejected"
    error = {"code": code, "message": message, "path": path}
    return _stamped({"transaction": None, "command": command, "status": status, "error": error})


def _stamped(reply: Mapping[str, Any]) -> flask.Response:
    return _response(encode.stamped(reply, now().wall))


def _response(reply: Mapping[str, Any]) -> flask.Response:
    error = reply.get("error")
    if error is None:
        status = HTTPStatus.ACCEPTED if reply["status"] == "accepted" else HTTPStatus.OK
    else:
        status = status_of(error["code"])
    return _json({"success": error is None, **reply}, status)


def _json(body: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> flask.Response:
    # flask.jsonify would sort the keys, and so the settings of a script.
    return flask.Response(json.dumps(body), status, mimetype="application/json")
