"""What a real OctoPrint announces to Home Assistant, seen on the broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import BASE, INSTANCE
from tests.support.mqtt_client import Observer, Received
from tests.support.octoprint import OctoPrint

CONFIG = f"homeassistant/device/temp_eta_{INSTANCE}/config"
API = "/api/plugin/temp_eta"
HEATERS = ("bed", "tool0", "tool1")


def is_called(name: str):
    return lambda message: message.payload and message.json["device"]["name"] == name


def is_cleared(message: Received) -> bool:
    return not message.payload


@pytest.fixture
def restored(octoprint: OctoPrint) -> Iterator[OctoPrint]:
    yield octoprint
    octoprint.post("/api/settings", {"appearance": {"name": ""}})
    octoprint.save_plugin_settings("temp_eta", {"ha_discovery_enabled": True})


def test_the_device_has_the_name_that_octoprint_has_now(restored: OctoPrint, observer: Observer) -> None:
    observer.wait_for(CONFIG, lambda message: bool(message.payload), timeout=30)
    for heater in HEATERS:
        observer.wait_for(f"{BASE}/{heater}/eta", lambda message: message.json["state"] != "unknown")
    events = {f"{BASE}/diagnostics", f"{BASE}/event", *(f"{BASE}/{heater}/state_change" for heater in HEATERS)}
    topics = set(observer.retained())
    restored.post("/api/settings", {"appearance": {"name": "Workshop"}})
    renamed = observer.wait_for(CONFIG, is_called("Workshop"), timeout=20)
    assert observer.wait_for(f"{BASE}/info", lambda m: m.json["device_name"] == "Workshop").retain is False
    assert set(observer.retained()) - topics <= events
    assert renamed.json["device"]["identifiers"] == [f"temp_eta_{INSTANCE}"]


def test_removed_by_command_it_stays_away_until_it_is_switched_on(restored: OctoPrint, observer: Observer) -> None:
    observer.wait_for(CONFIG, lambda message: bool(message.payload), timeout=30)
    since = observer.mark()
    assert restored.post(API, {"command": "remove_from_home_assistant"})["status"] == "completed"
    observer.wait_for(CONFIG, is_cleared, since=since, timeout=20)
    assert restored.config()["plugins"]["temp_eta"]["ha_discovery_enabled"] is False
    since = observer.mark()
    observer.publish("homeassistant/status", "online")
    restored.save_plugin_settings("temp_eta", {"ha_discovery_enabled": True})
    observer.wait_for(CONFIG, lambda message: bool(message.payload), since=since, timeout=30)
