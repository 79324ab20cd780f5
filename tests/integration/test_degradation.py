"""What the plugin does where something is missing: it reports that, and does the rest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import BASE, HEATERS, plugin_settings
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint
from tests.support.waiting import eventually, free_port

LOGGER = "octoprint.plugins.temp_eta"

#: Read by each Python that starts with this folder on its path.
SITECUSTOMIZE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""


def octoprint_without(folder: Path, *absent: str, **settings: Any) -> OctoPrint:
    """Return an OctoPrint whose environment lacks the packages `absent`."""
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE.format(absent=absent))
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return OctoPrint(
        plugins={"temp_eta": settings},
        config={"serial": {"timeout": {"temperatureAutoreport": 1}}},
        plugin_files=[HEATERS],
        environment={"PYTHONPATH": path, "HEATERS_SPEED": "10"},
    )


def look(octoprint: OctoPrint) -> dict[str, Any]:
    return dict(octoprint.get("/api/plugin/temp_eta"))


def heats_with_an_eta(octoprint: OctoPrint) -> dict[str, Any]:
    """Heat the bed and return its state once it has an ETA."""
    octoprint.gcode("M140 S60")

    def heating() -> dict[str, Any] | None:
        bed = look(octoprint)["eta"].get("bed", {})
        return bed if bed.get("eta_seconds") else None

    return eventually(heating, "the bed's ETA")


def lines(octoprint: OctoPrint, level: str) -> list[str]:
    """Return what the plugin has logged at `level`."""
    marker = f" - {LOGGER} - {level} - "
    return [line.split(marker)[1] for line in octoprint.log().splitlines() if marker in line]


def test_without_paho_mqtt_the_rest_works(tmp_path: Path):
    with octoprint_without(tmp_path, "paho", **plugin_settings(free_port())) as octoprint:
        heats_with_an_eta(octoprint)
        [missing] = look(octoprint)["missing"]
        assert missing.startswith("paho-mqtt cannot be used (No module named 'paho'): MQTT is not available.")
        assert "paho-mqtt is not installed" in look(octoprint)["mqtt"]["last_error"]
        assert missing in lines(octoprint, "WARNING")
        assert lines(octoprint, "ERROR") == []


def test_without_numpy_and_mecode_the_rest_works(tmp_path: Path):
    with (
        Broker() as broker,
        Observer(broker.listener, base=BASE) as observer,
        octoprint_without(tmp_path, "numpy", "mecode", **plugin_settings(broker.port)) as octoprint,
    ):
        observer.wait_for(f"{BASE}/status", lambda message: message.text == "online")
        assert heats_with_an_eta(octoprint)["method"] == "linear"
        observer.wait_for(f"{BASE}/bed/eta", lambda message: message.json["state"] == "heating")
        assert [sentence.split()[0] for sentence in look(octoprint)["missing"]] == ["numpy", "mecode"]
        assert lines(octoprint, "ERROR") == []


def test_octoprint_starts_without_required_packages_and_reports_them(tmp_path: Path):
    with octoprint_without(tmp_path, "jsonschema") as octoprint:
        assert octoprint.request("GET", "/api/plugin/temp_eta")[0] == 404
        assert "Temperature ETA cannot run: No module named 'jsonschema'" in octoprint.log()


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("no-such-broker.invalid", marks=pytest.mark.slow)])
def test_without_a_broker_the_rest_works_and_the_log_stays_short(host: str, tmp_path: Path):
    settings = plugin_settings(free_port(), mqtt_broker_host=host)
    with octoprint_without(tmp_path, **settings) as octoprint:
        heats_with_an_eta(octoprint)
        eventually(lambda: look(octoprint)["eta"]["bed"]["state"] == "at_target", "the bed to be warm", 60)
        shown = look(octoprint)
        assert shown["mqtt"]["connected"] is False
        assert host in shown["mqtt"]["last_error"]
        assert len(lines(octoprint, "WARNING")) == 1
        # The line of the counters comes after a minute.
        assert len([line for line in lines(octoprint, "INFO") if not line.startswith("Diagnostics")]) <= 2
        assert lines(octoprint, "ERROR") == []
