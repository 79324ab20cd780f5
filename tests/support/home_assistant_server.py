"""A real Home Assistant for the tests, installed once into .cache and run in a temporary folder.

The release is the newest one for the Python versions on this machine. HA_URL and HA_TOKEN name a running one instead,
HA_MQTT its broker, as host:port. That one is neither stopped nor cleaned up.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.support.contract import PROJECT
from tests.support.home_assistant import HomeAssistant, HomeAssistantError
from tests.support.server import Server
from tests.support.waiting import eventually, free_port

#: The newest release for each Python version, newest first.
RELEASES = (((3, 14, 0), "2026.11.0"), ((3, 13, 2), "2026.2.3"), ((3, 13, 0), "2025.4.4"), ((3, 12, 0), "2025.1.4"))
CACHE = PROJECT / ".cache" / "home-assistant"
NO_PYTHON = "no Python 3.12 or newer here that Home Assistant could run on; HA_URL and HA_TOKEN name a running one"
INSTALL_SECONDS, STOP_SECONDS = 600.0, 30.0
USER, PASSWORD = "tester", "only-for-tests"
#: Skips the onboarding steps that set up weather, radio and other integrations.
ONBOARDED = {
    "version": 4,
    "minor_version": 1,
    "key": "onboarding",
    "data": {"done": ["core_config", "analytics", "integration"]},
}


def pythons() -> list[Path]:
    """Return the paths of Python interpreters: our own, those on the path, and pyenv's."""
    on_path = (shutil.which(f"python3.{minor}") for minor in (14, 13, 12))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [Path(sys.executable), *(Path(path) for path in on_path if path), *sorted(pyenv.glob("3.1?.*/bin/python"))]


def newest() -> tuple[Path, str] | None:
    """Return the Python of this machine that can run the newest Home Assistant, and that release."""
    best: tuple[tuple[int, ...], Path, str] | None = None
    for python in pythons():
        ask = [str(python), "-c", "import sys, venv, ensurepip, sqlite3; print(*sys.version_info[:3])"]
        output = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.split()
        version = tuple(int(part) for part in output)
        release = next((release for least, release in RELEASES if version >= least), None)
        if version and release and (best is None or version > best[0]):
            best = (version, python, release)
    return best[1:] if best else None


def environment_of_newest() -> Path:
    """Return an environment with the newest release that this machine can run. Raises LookupError: none."""
    found = newest()
    if found is None:
        raise LookupError(NO_PYTHON)
    return install(*found)


def install(python: Path, release: str) -> Path:
    """Return the folder of an environment with this release; made when it is not there yet."""
    folder = CACHE / release
    if (folder / "installed").exists():
        return folder
    print(f"installing Home Assistant {release} into {folder}: some minutes", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    _run(str(python), "-m", "venv", str(folder))
    _run(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv")
    uv = (str(folder / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"))
    _run(*uv, "--no-deps", f"homeassistant=={release}")
    [constraints] = folder.glob("lib/python3*/site-packages/homeassistant/package_constraints.txt")
    # uv installs without the constraints of the running environment, which do not suit older releases.
    _run(*uv, f"homeassistant=={release}", "setuptools", "--constraint", str(constraints))
    (folder / "installed").touch()
    return folder


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS)
    if done.returncode:
        raise HomeAssistantError(f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


class LocalHomeAssistant(Server, HomeAssistant):
    """A context manager that runs a Home Assistant on 127.0.0.1, with a user and only the MQTT integration."""

    def __init__(self, environment: Path, *, config: dict[str, Any] | None = None) -> None:
        self.port = free_port()
        Server.__init__(self, "Home Assistant", STOP_SECONDS)
        HomeAssistant.__init__(self, f"http://127.0.0.1:{self.port}")
        self._environment = environment
        self._config = config or {}

    def set_up(self) -> None:
        (self.folder / ".storage").mkdir()
        (self.folder / ".storage" / "onboarding").write_text(json.dumps(ONBOARDED))
        (self.folder / "automations.yaml").write_text("[]\n")
        (self.folder / "configuration.yaml").write_text(self._configuration())
        self.start()
        self._make_user()

    def _configuration(self) -> str:
        config = {
            "homeassistant": {"name": "Test", "time_zone": "UTC", "unit_system": "metric", "country": "DE"},
            "http": {"server_host": "127.0.0.1", "server_port": self.port},
            **dict.fromkeys(("api", "config", "frontend", "history", "logbook", "recorder", "system_log")),
            "logger": {"default": "warning"},
            **self._config,
        }
        return yaml.safe_dump(config) + "automation: !include automations.yaml\n"

    def start(self) -> None:
        """Start it in its folder, and wait until it is running."""
        # Home Assistant installs the requirements of an integration when it is first used.
        programs = self._environment / "bin"
        environment = {"PATH": f"{programs}:{os.environ.get('PATH', '')}", "VIRTUAL_ENV": str(self._environment)}
        self.launch(programs / "hass", "--config", self.folder, environment=environment)
        self.wait_until(self._answers, INSTALL_SECONDS)
        if self.token:
            self._wait_until_running()

    def _answers(self) -> bool:
        try:
            return bool(self.request("GET", "/manifest.json")[0] == 200)
        except OSError:
            return False

    def _wait_until_running(self) -> None:
        def running() -> bool:
            return bool(self.checked("GET", "/api/config")["state"] == "RUNNING")

        eventually(running, "Home Assistant to run", INSTALL_SECONDS, poll=0.2)

    def _make_user(self) -> None:
        client = {"client_id": f"{self.url}/"}
        user = {"name": USER, "username": USER, "password": PASSWORD, "language": "en"}
        code = self.checked("POST", "/api/onboarding/users", {**client, **user})["auth_code"]
        grant = {**client, "grant_type": "authorization_code", "code": code}
        self.token = self.checked("POST", "/auth/token", grant, form=True)["access_token"]
        self.token = self.ask("auth/long_lived_access_token", client_name="tests", lifespan=30)
        self._wait_until_running()
        with contextlib.suppress(HomeAssistantError):
            # Newer releases revert an address that is not confirmed within 5 minutes; older ones have no such command.
            self.ask("http/config/promote")
