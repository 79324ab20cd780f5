"""The wheel in environments with other releases of OctoPrint, which pip must leave as they are."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path

import pytest

from tests.conftest import BASE, HEATERS, plugin_settings
from tests.support.broker import Broker
from tests.support.debian import CACHE
from tests.support.distributions import build
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint

# Each OctoPrint is downloaded once.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

#: What a release needs that its own requirements lack: newer versions of these break it.
BOUNDS = {"1.10.3": ["setuptools<81", "limits<4"], "2.0.0rc7": []}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("distributions"))


def installed(version: str, wheel: Path) -> Path:
    """Install the wheel beside an OctoPrint with pip, as the Plugin Manager does; return the interpreter."""
    folder = CACHE / "octoprint" / version
    python = folder / "bin" / "python"
    try:
        if not (folder / "complete").exists():
            venv.create(folder, with_pip=True, clear=True)
            pip(python, f"OctoPrint=={version}", *BOUNDS[version])
            (folder / "complete").touch()
        pip(python, "--force-reinstall", "--no-deps", str(wheel))
        pip(python, str(wheel))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"pip cannot install OctoPrint {version} here: {error.stderr[-300:]}")
    return python


def pip(python: Path, *packages: str) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    subprocess.run(command, check=True, capture_output=True, text=True)


def version_of(python: Path) -> str:
    ask = "from importlib.metadata import version; print(version('OctoPrint'))"
    return subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()


def test_an_octoprint_that_is_too_old_stays_and_shows_why_the_plugin_does_nothing(wheel: Path) -> None:
    python = installed("1.10.3", wheel)
    assert version_of(python) == "1.10.3"
    with OctoPrint(python=python) as octoprint:
        status, page = octoprint.request("GET", "/")
        assert status == 200
        assert page.count("Temperature ETA needs OctoPrint 1.11.2 or newer, but older than 3; this is 1.10.3.") == 2
        assert octoprint.request("GET", "/api/plugin/temp_eta")[0] == 404
        assert "Traceback" not in "".join(line for line in octoprint.log().splitlines() if "temp_eta" in line)


def test_octoprint_2_stays_and_runs_the_plugin(wheel: Path, broker: Broker) -> None:
    python = installed("2.0.0rc7", wheel)
    assert version_of(python) == "2.0.0rc7"
    base = f"{BASE.rpartition('/')[0]}/two"
    with (
        Observer(broker.listener, base=base) as observer,
        OctoPrint(
            python=python,
            plugins={"temp_eta": plugin_settings(broker.port, mqtt_custom_identifier="two")},
            plugin_files=[HEATERS],
            environment={"HEATERS_SPEED": "10"},
        ) as octoprint,
    ):
        octoprint.gcode("M140 S60")
        observer.wait_for(f"{base}/bed/eta", lambda m: m.json["state"] == "heating" and m.json["eta_seconds"], 30)
        observer.wait_for(f"{base}/bed/eta", lambda m: m.json["state"] == "at_target", 60)
