"""A real OctoPrint with its virtual printer as a context manager, in a temporary base directory."""

from __future__ import annotations

import functools
import http.client
import json
import math
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml

from tests.support.server import Server
from tests.support.waiting import TIMEOUT_S, eventually, free_port

START_SECONDS = 120.0
STOP_SECONDS = 60.0
USER = "admin"
PASSWORD = "operate-me"
API_KEY = "0123456789ABCDEF0123456789ABCDEF"
#: Bundled plugins that access the network or show a wizard.
DISABLED_PLUGINS = (
    "achievements", "announcements", "backup", "classicwebcam", "discovery", "errortracking", "file_check",
    "firmware_check", "health_check", "pi_support", "softwareupdate", "tracking",
)  # fmt: skip


class OctoPrintError(RuntimeError):
    """OctoPrint answered with an error status."""


def configuration(
    plugins: Mapping[str, Mapping[str, Any]], more: Mapping[str, Any], autoconnect: bool
) -> dict[str, Any]:
    """Return config.yaml: no wizard, no network, the virtual printer; `plugins` are settings by plugin id."""
    nowhere = "http://127.0.0.1:9/none"
    base: dict[str, Any] = {
        "server": {
            "firstRun": False,
            "onlineCheck": {"enabled": False},
            "pluginBlacklist": {"enabled": False},
            "ignoreIncompleteStartup": True,
            "seenWizards": {"corewizard": 4, "backup": None, "tracking": None, "classicwebcam": 1, "temp_eta": 1},
        },
        "webcam": {"timelapseEnabled": False},
        "feature": {"sdSupport": False},
        "serial": {"port": "VIRTUAL", "baudrate": 115200, "autoconnect": autoconnect},
        "plugins": {
            "_disabled": list(DISABLED_PLUGINS),
            # The default simulates resend faults at some line numbers, and one of them loses its command.
            "virtual_printer": {"enabled": True, "simulated_errors": []},
            "pluginmanager": {"repository": nowhere, "notices": nowhere},
        },
    }
    return merged(merged(base, {"plugins": plugins}), more)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `over` laid over it, mapping by mapping."""

    def one(below: Any, value: Any) -> Any:
        return merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value

    return {**base, **{key: one(base.get(key), value) for key, value in over.items()}}


@functools.cache
def _users() -> str:
    """Return users.yaml with one administrator, whose password OctoPrint itself has hashed."""
    with tempfile.TemporaryDirectory(prefix="octoprint-users-") as folder:
        command = [sys.executable, "-m", "octoprint", "--basedir", folder, "user", "add", USER]
        subprocess.run([*command, "--password", PASSWORD, "--admin"], check=True, capture_output=True)
        users = yaml.safe_load((Path(folder) / "users.yaml").read_text())
    users[USER]["apikey"] = API_KEY
    return str(yaml.safe_dump(users))


class OctoPrint(Server):
    """An OctoPrint on 127.0.0.1 that runs inside the context, connected to its virtual printer.

    `plugins` are settings by plugin id, `config` anything else of config.yaml; `plugin_files` are single-file plugins
    to put beside it; `environment` is added to the process's. `python` is the interpreter of the environment to run,
    by default the tests' own. The printer profile has `extruders` extruders.
    """

    #: Seconds for a start, and for a stop.
    start_seconds, stop_seconds = START_SECONDS, STOP_SECONDS

    def __init__(
        self,
        *,
        port: int | None = None,
        plugins: Mapping[str, Mapping[str, Any]] | None = None,
        config: Mapping[str, Any] | None = None,
        plugin_files: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
        autoconnect: bool = True,
        python: Path | None = None,
        data: Mapping[str, str] | None = None,
        extruders: int = 1,
    ) -> None:
        super().__init__("OctoPrint", self.stop_seconds)
        self.port = port or free_port()
        # OctoPrint makes its default profile from this on the first start.
        profile = {"extruder": {"count": extruders, "offsets": [[0.0, 0.0]] * extruders}}
        profiles = {"default": "_default", "defaultProfile": profile}
        more = merged({"printerProfiles": profiles}, config or {})
        self._config = configuration(plugins or {}, more, autoconnect)
        self._plugin_files = tuple(plugin_files)
        self._environment = dict(environment or {})
        self._autoconnect = autoconnect
        self._python = python or Path(sys.executable)
        #: The content of files in the plugin's data folder, by name.
        self._data = data

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base(self) -> Path:
        """The base directory. It exists only inside the context."""
        return self.folder

    @property
    def resident_memory(self) -> float:
        """Its resident memory in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def set_up(self) -> None:
        (self.base / "config.yaml").write_text(yaml.safe_dump(self._config))
        (self.base / "users.yaml").write_text(_users())
        (self.base / "plugins").mkdir()
        for file in self._plugin_files:
            shutil.copy(file, self.base / "plugins")
        if self._data is not None:
            folder = self.base / "data" / "temp_eta"
            folder.mkdir(parents=True)
            for name, content in self._data.items():
                (folder / name).write_text(content)
        self.start()

    def start(self) -> None:
        """Start it with the existing base directory, and wait until it responds and the printer is operational."""
        serve = ("-m", "octoprint", "serve", "--iknowwhatimdoing", "--basedir", self.base)
        address = ("--host", "127.0.0.1", "--port", str(self.port))
        self.launch(self._python, *serve, *address, environment=self._environment)
        self.wait_until(self._ready, self.start_seconds)

    def _ready(self) -> bool:
        try:
            status, content = self.request("GET", "/api/connection")
        except (OSError, http.client.HTTPException):
            return False  # the intermediary server that responds during the start sends invalid HTTP
        if status != HTTPStatus.OK or not isinstance(content, dict):
            return False
        return not self._autoconnect or content["current"]["state"] == "Operational"

    # -- its web API, as the administrator ---------------------------------------------------------------------

    def request(self, method: str, path: str, body: Any = None, *, key: str | None = API_KEY) -> tuple[int, Any]:
        """Return the status and the JSON or text of `path` (such as /api/printer) for the owner of `key`."""
        request = urllib.request.Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"} | ({"X-Api-Key": key} if key else {}),
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
                return response.status, _content(response.read())
        except urllib.error.HTTPError as error:
            return error.code, _content(error.read())

    def get(self, path: str) -> Any:
        """Return the response to a GET. Raises OctoPrintError for an error status."""
        return self._checked("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """Return the response to a POST. Raises OctoPrintError for an error status."""
        return self._checked("POST", path, body)

    def _checked(self, method: str, path: str, body: Any) -> Any:
        status, content = self.request(method, path, body)
        if status == HTTPStatus.CONFLICT:
            # Mostly a printer that is not operational: why it is not, and the last lines of the terminal, are there.
            content = content, self.request("GET", "/api/printer/error")[1]
        if status >= HTTPStatus.BAD_REQUEST:
            raise OctoPrintError(f"{method} {path}: {status} {content}")
        return content

    def add_user(self, name: str, permissions: Sequence[str] = ()) -> str:
        """Add a user with only these permissions and no group, and return the user's API key."""
        user = {"name": name, "password": PASSWORD, "active": True, "groups": [], "permissions": list(permissions)}
        self.post("/api/access/users", user)
        return str(self.post(f"/api/access/users/{name}/apikey", {})["apikey"])

    def gcode(self, *lines: str) -> None:
        """Send G-code to the printer."""
        self.post("/api/printer/command", {"commands": list(lines)})

    def printer_state(self) -> str:
        """Return the connection's state, such as Operational."""
        return str(self.get("/api/connection")["current"]["state"])

    def connect(self) -> None:
        """Connect to the virtual printer and wait until it is operational."""
        self.post("/api/connection", {"command": "connect", "port": "VIRTUAL", "baudrate": 115200})
        eventually(lambda: self.printer_state() == "Operational", "the printer to be operational")

    def disconnect(self) -> None:
        """Close the connection to the printer."""
        self.post("/api/connection", {"command": "disconnect"})
        # OctoPrint 1 calls it "Closed", 2 "Offline"
        eventually(lambda: self.printer_state() in ("Closed", "Offline"), "the printer to be disconnected")

    def temperatures(self) -> dict[str, dict[str, float | None]]:
        """Return OctoPrint's own view of the heaters: actual, target and offset in °C by heater."""
        return dict(self.get("/api/printer?exclude=sd,state")["temperature"])

    def actual(self, heater: str) -> float:
        """Return the heater's temperature in °C as OctoPrint sees it, -inf before the first reading."""
        reading = self.temperatures().get(heater, {}).get("actual")
        return -math.inf if reading is None else reading

    def save_plugin_settings(self, plugin: str, settings: Mapping[str, Any]) -> None:
        """Save settings of `plugin` as the settings dialog does."""
        self.post("/api/settings", {"plugins": {plugin: dict(settings)}})

    # -- its files -----------------------------------------------------------------------------------------------

    def config(self) -> dict[str, Any]:
        """Return config.yaml from disk."""
        return dict(yaml.safe_load((self.base / "config.yaml").read_text()))

    def log(self) -> str:
        """Return octoprint.log."""
        path = self.base / "logs" / "octoprint.log"
        return path.read_text(errors="replace") if path.exists() else ""


def _content(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
