"""The REST interface: what is to be seen, and the commands that MQTT takes too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import flask
import octoprint.plugin
from octoprint.access import ADMIN_GROUP, READONLY_GROUP, USER_GROUP
from octoprint.access.permissions import Permissions

from ..adapters.inbox import now
from ..adapters.pending_replies import NoAnswer
from ..app import App
from ..core.scripts.catalogue import convert_id
from ..messages.catalogue import COMMANDS
from .settings_store import SavedSettings

#: The key of each permission of ours, what it allows, and who has it unless told otherwise.
PERMISSIONS = (
    ("READ", "Read estimates", "Allows to see the estimates and the state of the bridge", (USER_GROUP, READONLY_GROUP)),
    ("RESET", "Reset estimates", "Allows to forget what was measured or learned", (USER_GROUP,)),
    ("RUN", "Run scripts", "Allows to start and cancel automation scripts", (USER_GROUP,)),
    ("ADMINISTER", "Administer the bridge", "Allows to test and change the connection", (ADMIN_GROUP,)),
)
_OURS = "PLUGIN_TEMP_ETA_"
READ = f"{_OURS}READ"

#: Other names of commands, as REST clients of Automation-Scripts would look for them.
ALIASES = {"start_script": "script/start", "cancel_script": "script/cancel", "cancel": "script/cancel"}

#: The commands: the contract's, and some of our own.
NAMES = (
    "get_eta",
    "list_scripts",
    "save_script_settings",
    "create_script_folder",
    "remove_from_home_assistant",
    *COMMANDS,
    *ALIASES,
)

#: The permission that a command needs; one that stands in no row is the administrator's.
NEEDED = {
    "get_eta": READ,
    "list_scripts": READ,
    "snapshot": READ,
    "forecast": READ,
    "reset": f"{_OURS}RESET",
    "script/start": f"{_OURS}RUN",
    "script/cancel": f"{_OURS}RUN",
    # whoever may heat with OctoPrint's own buttons
    "target": "CONTROL",
    # whoever may open OctoPrint's settings dialog
    "save_script_settings": "SETTINGS",
    "create_script_folder": "SETTINGS",
}

#: The status of an answer, where the error is not the request's form.
STATUS = {
    "not_permitted": HTTPStatus.FORBIDDEN,
    "disabled": HTTPStatus.FORBIDDEN,
    "unknown_heater": HTTPStatus.NOT_FOUND,
    "unknown_script": HTTPStatus.NOT_FOUND,
    "busy": HTTPStatus.CONFLICT,
    "broken_script": HTTPStatus.CONFLICT,
    "printer_not_ready": HTTPStatus.CONFLICT,
    "printer_gone": HTTPStatus.CONFLICT,
    "not_running": HTTPStatus.CONFLICT,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "internal_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "not_available": HTTPStatus.SERVICE_UNAVAILABLE,
    "shutdown": HTTPStatus.SERVICE_UNAVAILABLE,
    "timeout": HTTPStatus.GATEWAY_TIMEOUT,
}


class _AnyCommand(dict[str, list[str]]):
    """Lets whatever comes through to `on_api_command`, whose errors have the contract's form; OctoPrint's don't."""

    def __contains__(self, _: object) -> bool:
        return True

    def __getitem__(self, _: object) -> list[str]:
        return []


class Api(SavedSettings, octoprint.plugin.SimpleApiPlugin):
    """OctoPrint's SimpleApiPlugin, each call a look at the snapshot or an input of the bridge."""

    _app: App | None
    _missing: Sequence[str] = ()

    def is_api_protected(self) -> bool:
        """Answer nobody who has not logged in."""
        return True

    def get_api_commands(self) -> dict[str, list[str]]:
        """Return the commands, and what OctoPrint itself is to check of each: nothing."""
        return _AnyCommand({name: [] for name in NAMES})

    def on_api_get(self, request: flask.Request) -> flask.Response:
        """Return estimates, printer, connection and settings; see docs/rest.md."""
        del request
        if not _may(READ):
            return _refusal(None, "not_permitted", f"This needs the permission {READ}.")
        if self._app is None:
            return _refusal(None, "not_available", "The plugin has not started.")
        shown = {**self._app.snapshot, "settings": self.public_settings(), "missing": list(self._missing), **_stamp()}
        if not _may(NEEDED["save_script_settings"]):
            del shown["script_settings"], shown["script_folder"]
        return _json(shown)

    def on_api_command(self, command: Any, data: Mapping[str, Any]) -> flask.Response:
        """Obey a command and return the reply that MQTT gets too, with `success`; see docs/rest.md."""
        body = {key: value for key, value in data.items() if key != "command"}
        if self._is_script(command):
            command, body = "script/start", {"id": command, "arguments": body}
        if not isinstance(command, str) or command not in NAMES:
            return _refusal(None, "invalid_command", f"There is no command {str(command)[:64]!r}.", "/command")
        command = ALIASES.get(command, command)
        needed = NEEDED.get(command, f"{_OURS}ADMINISTER")
        if not _may(needed):
            return _refusal(command, "not_permitted", f"This needs the permission {needed}.")
        app = self._app
        if app is None:
            return _refusal(command, "not_available", "The plugin has not started.")
        try:
            return self._obeyed(app, command, body)
        except NoAnswer as error:
            return _refusal(command, error.code, str(error))

    def _is_script(self, command: Any) -> bool:
        """Whether `command` is the id of a script, which starts it as in Automation-Scripts."""
        if self._app is None or not isinstance(command, str) or command in NAMES:
            return False
        return any(convert_id(command) == script["id"] for script in self._app.snapshot["scripts"])

    def _obeyed(self, app: App, command: str, body: Mapping[str, Any]) -> flask.Response:
        if command == "get_eta":
            return _json(app.snapshot["eta"])
        if command == "list_scripts":
            return _answer(_done(command) | {"result": app.snapshot["scripts"]})
        if command == "save_script_settings":
            return _answer(app.save_script_settings(body))
        if command == "create_script_folder":
            return _answer(app.create_script_folder())
        if command == "remove_from_home_assistant":
            self.switch_discovery_off()
            return _answer(_done(command))
        return _answer(app.ask(command, body))

    def get_additional_permissions(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        """Return our permissions, for OctoPrint's access control."""
        return [
            {"key": key, "name": name, "description": meaning, "roles": [key.lower()], "default_groups": list(groups)}
            for key, name, meaning, groups in PERMISSIONS
        ]


def _may(permission: str) -> bool:
    return bool(Permissions.find(permission).can())


def _refusal(command: str | None, code: str, message: str, path: str | None = None) -> flask.Response:
    """Return the reply to a call that never reached the bridge, or was not answered by it."""
    status = "failed" if code in ("timeout", "shutdown") else "rejected"
    error = {"code": code, "message": message, "path": path}
    return _answer({"transaction": None, "command": command, "status": status, "error": error, **_stamp()})


def _stamp() -> dict[str, float]:
    return {"timestamp": round(now().wall, 3)}


def _done(command: str) -> dict[str, Any]:
    """Return the reply to a command that was done without the bridge."""
    return {"transaction": None, "command": command, "status": "completed", **_stamp()}


def _answer(reply: Mapping[str, Any]) -> flask.Response:
    error = reply.get("error")
    if error is None:
        status = HTTPStatus.ACCEPTED if reply["status"] == "accepted" else HTTPStatus.OK
    else:
        status = STATUS.get(error["code"], HTTPStatus.BAD_REQUEST)
    return _json({"success": error is None, **reply}, status)


def _json(body: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> flask.Response:
    # flask.jsonify would sort the keys, and so the settings of a script.
    return flask.Response(json.dumps(body), status, mimetype="application/json")
