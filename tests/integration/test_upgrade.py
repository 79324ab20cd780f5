"""Installed through the Plugin Manager of a real OctoPrint by URL, afresh and over TempETA 0.8.9."""

from __future__ import annotations

import functools
import http.server
import re
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import pytest

from octoprint_temp_eta.settings import table
from octoprint_temp_eta.settings.migration import DROPPED, migrated
from tests.support import tempeta
from tests.support.bare_environment import make_environment
from tests.support.contract import PROJECT
from tests.support.distributions import build, source_files
from tests.support.octoprint import OctoPrint
from tests.support.waiting import eventually, free_port

pytestmark = pytest.mark.timeout(300)

VERSION = "1.0.0"
#: The source as GitHub zips it.
SOURCE = "OctoPrint-TempETA-main"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what can be installed: a release, and the source as GitHub zips it."""
    folder = tmp_path_factory.mktemp("shop")
    build(folder)
    with zipfile.ZipFile(folder / f"{SOURCE}.zip", "w") as archive:
        for name in source_files():
            archive.write(PROJECT / name, f"{SOURCE}/{name}")
    return folder


@pytest.fixture(scope="module")
def address(shop: Path) -> Iterator[str]:
    """The address of a web server on this machine that serves the shop."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(shop)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def environment(shop: Path, tmp_path: Path) -> Path:
    """An environment with TempETA 0.8.9 in it, and all that our wheel needs: nothing has to be downloaded."""
    wheel = next(shop.glob("*.whl"))
    needed = next(iter(Distribution.discover(path=[str(wheel)]))).requires or []
    needed = [each for each in needed if "extra ==" not in each]
    old = tempeta.make_wheel(tmp_path, [*needed, "pip", "setuptools"])
    return make_environment(tmp_path / "environment", old)


def octoprint_of(python: Path, settings: dict[str, Any], **config: Any) -> OctoPrint:
    # pip reads the 0 as: there is none
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PYTHONPATH": ""}
    return OctoPrint(python=python, plugins={"temp_eta": settings}, config=config, environment=offline)


def packages(python: Path) -> Path:
    return next((python.parent.parent / "lib").glob("python*/site-packages"))


def plugin(octoprint: OctoPrint) -> dict[str, Any]:
    """Return what the Plugin Manager shows of the plugin."""
    plugins = octoprint.get("/plugin/pluginmanager/plugins")["plugins"]
    return next((dict(each) for each in plugins if each["key"] == "temp_eta"), {})


def install(octoprint: OctoPrint, url: str) -> None:
    """Have the Plugin Manager install from `url`, and restart as it asks."""
    octoprint.post("/api/plugin/pluginmanager", {"command": "install", "url": url})
    eventually(
        lambda: re.search(r"was installed successfully|Could not install|failed, pip", octoprint.log()), "pip", 120
    )
    console = (octoprint.base / "logs" / "plugin_pluginmanager_console.log").read_text()
    assert "Successfully installed" in console, console
    octoprint.restart()


def test_an_upgrade_from_tempeta_keeps_its_settings(environment: Path, address: str, shop: Path):
    with octoprint_of(environment, tempeta.SAVED, appearance={"name": "Prusa MK4"}) as octoprint:
        data = octoprint.base / "data" / "temp_eta"
        assert plugin(octoprint)["version"] == tempeta.VERSION
        eventually((data / tempeta.OLD_HISTORY).exists, "the old plugin's history")

        install(octoprint, f"{address}/{next(shop.glob('*.whl')).name}")

        assert (plugin(octoprint)["version"], plugin(octoprint)["enabled"]) == (VERSION, True)
        expected, _ = migrated(tempeta.SAVED, "Prusa MK4")
        defaults = table.defaults()
        assert octoprint.config()["plugins"]["temp_eta"] == {
            "_config_version": 3,
            **{key: value for key, value in expected.items() if value != defaults[key]},
        }
        assert octoprint.get("/api/plugin/temp_eta")["mqtt"]["base_topic"] == "home/printers/workshop"
        assert not (data / tempeta.OLD_HISTORY).exists()
        assert not (packages(environment) / tempeta.OLD_MODULE).exists()
        assert [
            found.version for found in distributions(path=[str(packages(environment))], name="OctoPrint-TempETA")
        ] == [VERSION]
        assert tempeta.SAVED["mqtt_password"] not in octoprint.log()


@pytest.mark.parametrize("version", [1, 2])
def test_settings_of_an_older_version_are_kept(version: int):
    saved = {**tempeta.SAVED, "_config_version": version, "threshold_start": 70, "mqtt_broker_port": "none"}
    with OctoPrint(plugins={"temp_eta": saved}) as octoprint:
        ours = octoprint.config()["plugins"]["temp_eta"]
        assert (ours["_config_version"], ours["threshold_start"], ours["mqtt_custom_identifier"]) == (
            3,
            50.0,
            "workshop",
        )
        assert not set(ours) & (set(DROPPED) | {"mqtt_use_appearance_name", "mqtt_broker_port"})
        assert ours["mqtt_password"] == tempeta.SAVED["mqtt_password"]
        log = octoprint.log()
        assert f"version {version} becomes 3" in log
        assert "threshold_start must be from 1 to 50 °C: 70 is now 50.0." in log
        assert "mqtt_broker_port must be a whole number: 'none' is now 1883." in log
        assert "mqtt_qos: 2 is dropped." in log


def test_settings_written_by_hand_before_the_first_start_hold():
    written = {"mqtt_broker_host": "broker.invalid", "mqtt_custom_identifier": "mine", "script_time_limit": 60.0}
    with OctoPrint(plugins={"temp_eta": written}, config={"appearance": {"name": "Prusa MK4"}}) as octoprint:
        assert octoprint.config()["plugins"]["temp_eta"] == {**written, "_config_version": 3}
        mqtt = octoprint.get("/api/plugin/temp_eta")["mqtt"]
        assert (mqtt["enabled"], mqtt["base_topic"]) == (True, "octoprint/temp_eta/mine")


@pytest.mark.parametrize("enabled", [True, None])
def test_an_upgrade_from_settings_without_version_and_defaults_moves_no_topic(enabled: bool | None):
    """As the real TempETA 0.8.9 leaves them: config.yaml has what differs from the defaults, and no version."""
    saved = {
        "algorithm": "exponential",
        "cooldown_target_bed": 45.0,
        "mqtt_base_topic": "home/printers",
        "mqtt_broker_host": "127.0.0.1",
        "mqtt_broker_port": free_port(),
        **({} if enabled is None else {"mqtt_enabled": enabled}),
    }
    appearance = {"appearance": {"name": "My Printer"}}
    with OctoPrint(plugins={"temp_eta": saved}, config=appearance, data={tempeta.OLD_HISTORY: "{}"}) as octoprint:
        mqtt = octoprint.get("/api/plugin/temp_eta")["mqtt"]
        assert (mqtt["enabled"], mqtt["base_topic"]) == (bool(enabled), "home/printers/my-printer")
        assert not (octoprint.base / "data" / "temp_eta" / tempeta.OLD_HISTORY).exists()


def test_a_start_with_settings_as_people_write_them_and_damaged_files():
    written = {"mqtt_custom_identifier": 3, "mqtt_username": 1001, "mqtt_password": 123456, "script_time_limit": "soon"}
    data = {
        "learned.json": '{"version":1,"heaters":{"_default/bed":{"learned":{"mean":[1e308]}}}}',
        "heaters.json": "{",
    }
    with OctoPrint(plugins={"temp_eta": written}, data=data) as octoprint:
        state = octoprint.get("/api/plugin/temp_eta")
        assert state["mqtt"]["base_topic"] == "octoprint/temp_eta/3"
        assert state["settings"]["mqtt_username"] == "1001"
        assert octoprint.config()["plugins"]["temp_eta"]["mqtt_password"] == "123456"
        problems = {text.split(" ")[0]: text for text in state["problems"]}
        assert sorted(problems) == ["The", "heaters.json", "learned.json"]
        assert "script_time_limit: must be a number" in problems["The"]
        folder = octoprint.base / "data" / "temp_eta"
        assert {"learned.damaged", "heaters.damaged"} <= {path.name for path in folder.iterdir()}
        octoprint.save_plugin_settings("temp_eta", {"script_time_limit": 60})
        assert len(octoprint.get("/api/plugin/temp_eta")["problems"]) == 2
        assert not re.search(r"temp_eta.*\n+Traceback", octoprint.log())


def test_a_printer_id_that_cannot_be_a_topic_level_is_replaced_and_reported():
    with OctoPrint(plugins={"temp_eta": {"mqtt_custom_identifier": "a/#"}}) as octoprint:
        state = octoprint.get("/api/plugin/temp_eta")
        made = octoprint.config()["plugins"]["temp_eta"]["mqtt_custom_identifier"]
        assert state["mqtt"]["base_topic"] == f"octoprint/temp_eta/{made}"
        assert re.fullmatch(r"[a-z0-9-]+-[0-9a-f]{4}", made)
        assert any(text.startswith("The printer ID 'a/#' cannot be used") for text in state["problems"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", [f"{SOURCE}.zip", f"OctoPrint-TempETA-{VERSION}.zip", "*.tar.gz", "*.whl"])
def test_each_distribution_installs_where_nothing_was(kind: str, environment: Path, address: str, shop: Path):
    [file] = shop.glob(kind)
    remove = [environment, "-I", "-m", "pip", "uninstall", "--yes", "OctoPrint-TempETA"]
    subprocess.run(remove, check=True, capture_output=True)
    with octoprint_of(environment, {}) as octoprint:
        assert plugin(octoprint) == {}

        install(octoprint, f"{address}/{file.name}")

        assert (plugin(octoprint)["version"], plugin(octoprint)["enabled"]) == (VERSION, True)
        saved = octoprint.config()["plugins"]["temp_eta"]
        assert set(saved) == {"_config_version", "mqtt_custom_identifier"}
        assert octoprint.get("/api/plugin/temp_eta")["mqtt"]["enabled"] is False
