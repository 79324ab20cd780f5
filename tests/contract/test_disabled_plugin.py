"""A plugin that was disabled or uninstalled leaves nothing in Home Assistant."""

from __future__ import annotations

import json
from typing import Any

import pytest

from octoprint_temp_eta.bridge.home_assistant.discovery import COALESCE_S
from octoprint_temp_eta.bridge.protocol.effects import Disconnect
from octoprint_temp_eta.bridge.protocol.inputs import PluginSwitched, Stopping
from tests.support.announcements import SETTLE_S, TOPIC, announced, idle, settled


def test_a_disabled_plugin_removes_the_device_at_once_and_an_enabled_one_announces_it_again():
    driver = settled()
    assert TOPIC in driver.retained
    driver.handle(PluginSwitched(enabled=False))
    assert TOPIC not in driver.retained
    idle(driver, 2 * SETTLE_S)
    assert announced(driver) == {}
    driver.handle(PluginSwitched(enabled=True))
    idle(driver, SETTLE_S)
    assert "bed_state" in json.loads(driver.retained[TOPIC])["components"]


@pytest.mark.parametrize("seconds", range(12))
@pytest.mark.parametrize("changed", [{}, {"allow_job_cancel": False}, {"ha_discovery_mode": "per_entity"}], ids=str)
def test_nothing_is_left_of_the_device_wherever_in_its_removal_a_disabled_plugin_ends(
    changed: dict[str, Any], seconds: int
):
    """OctoPrint asks for a restart at once. What was recalled stayed in Home Assistant as a device of its own.

    The removal waits for an announcement that has begun.
    """
    driver = settled()
    driver.change_settings(**changed)
    driver.advance(COALESCE_S + 0.5)
    driver.handle(PluginSwitched(enabled=False))
    driver.advance(seconds)
    driver.handle(Stopping())
    (end,) = driver.of(Disconnect)
    assert end.last_messages[-1].topic == f"{driver.base}/status"
    sent = [publish for _, publish in driver.sent]
    published = {publish.topic: publish.payload for publish in (*sent, *end.last_messages)}
    assert TOPIC in published
    assert not [topic for topic, payload in published.items() if topic.startswith("homeassistant/") and payload]
