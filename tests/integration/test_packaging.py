"""The distributions that users install: complete, and enough for a bare OctoPrint to load and run the plugin."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import BASE, plugin_settings
from tests.support.bare_environment import make_environment
from tests.support.broker import Broker
from tests.support.distributions import build, source_files
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint

#: Where the source tree's folders lie when installed.
FOLDERS = {
    "octoprint_temp_eta": "octoprint_temp_eta",
    "ha_discovery": "ha_discovery",
    "schemas": "octoprint_temp_eta/schemas",
}


def payload() -> dict[str, str]:
    """Return what must be in a wheel: path in it, by path in the source tree."""
    return {
        name: f"{FOLDERS[folder]}/{rest}"
        for name in source_files(*FOLDERS)
        for folder, _, rest in [name.partition("/")]
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, in the same folder as the source distribution from which it was built."""
    return build(tmp_path_factory.mktemp("distributions"))


def test_the_wheel_is_complete(wheel: Path) -> None:
    assert wheel.name == "octoprint_tempeta-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
        metadata = archive.read("octoprint_tempeta-1.0.0.dist-info/METADATA").decode()
    assert set(payload().values()) - packed == set()
    assert {name.split("/")[0] for name in packed} == {
        "ha_discovery",
        "octoprint_temp_eta",
        "octoprint_tempeta-1.0.0.dist-info",
    }
    assert "Name: OctoPrint-TempETA\n" in metadata
    assert "License-Expression: AGPL-3.0-or-later\n" in metadata


def test_the_source_distribution_is_complete(wheel: Path) -> None:
    with tarfile.open(next(wheel.parent.glob("*.tar.gz"))) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert {*payload(), "pyproject.toml", "README.md", "LICENSE"} - packed == set()


def test_the_zip_has_the_files_of_the_source_distribution(wheel: Path) -> None:
    with tarfile.open(next(wheel.parent.glob("*.tar.gz"))) as archive:
        expected = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    with zipfile.ZipFile(wheel.parent / "OctoPrint-TempETA-1.0.0.zip") as zipped:
        packed = zipped.namelist()
    assert set(packed) == {f"OctoPrint-TempETA-1.0.0/{name}" for name in expected}
    assert len(packed) == len(set(packed))


def test_a_bare_octoprint_runs_the_wheel(wheel: Path, tmp_path: Path, broker: Broker) -> None:
    python = make_environment(tmp_path / "environment", wheel)
    settings = {"temp_eta": plugin_settings(broker.port, mqtt_custom_identifier="from-the-wheel")}
    base = f"{BASE.rpartition('/')[0]}/from-the-wheel"
    with Observer(broker.listener, base=base) as observer, OctoPrint(plugins=settings, python=python) as octoprint:
        observer.wait_for(f"{base}/status", lambda message: message.text == "online")
        octoprint.gcode("M140 S100")
        observer.wait_for(f"{base}/bed/eta", lambda message: message.json["state"] == "heating")
        loaded = octoprint.get("/plugin/pluginmanager/plugins")["plugins"]
        ours = next(plugin for plugin in loaded if plugin["key"] == "temp_eta")
        assert (ours["version"], ours["enabled"], ours["incompatible"]) == ("1.0.0", True, False)
