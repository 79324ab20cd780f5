"""Removal from a real Home Assistant leaves nothing behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.support.full_stack import DEVICE, FullStack
from tests.support.mqtt_client import Observer
from tests.support.scripts import add_script
from tests.support.waiting import eventually

pytestmark = [pytest.mark.home_assistant, pytest.mark.timeout(600)]


def test_the_button_of_a_script_appears_and_disappears_with_it(cold: FullStack) -> None:
    file = add_script(cold.scripts, "short_lived", "return True, {}", title="Short lived")
    cold.await_keys(lambda keys: "start_short_lived" in keys, "the button")
    file.unlink()
    cold.await_keys(lambda keys: "start_short_lived" not in keys, "the button to be gone")


def test_the_button_of_a_script_that_is_deleted_while_octoprint_is_down_disappears(cold: FullStack) -> None:
    file = add_script(cold.scripts, "doomed", "return True, {}", title="Doomed")
    cold.await_keys(lambda keys: "start_doomed" in keys, "the button")
    cold.octoprint.stop()
    file.unlink()
    cold.octoprint.start()
    cold.await_keys(lambda keys: "start_doomed" not in keys and "start_warm_up" in keys, "the button to be gone")


def test_a_removed_tool_leaves_nothing_behind(cold: FullStack) -> None:
    cold.equip(tools=2)
    cold.await_keys(lambda keys: {"tool1_state", "tool1_target"} <= keys, "the second tool")
    cold.equip(tools=1)
    cold.await_keys(lambda keys: not any("tool1" in key for key in keys), "the second tool to be gone")
    assert not any("Tool 1" in part for trigger in cold.ha.triggers(DEVICE) for part in trigger)
    assert not [topic for topic in cold.retained() if "tool1" in topic]


def test_under_another_prefix_it_disappears(cold: FullStack) -> None:
    cold.save(ha_discovery_prefix="elsewhere")
    gone_and_back(cold, ha_discovery_prefix="homeassistant")
    assert not [topic for topic in cold.retained() if "elsewhere" in topic]


def gone_and_back(full_stack: FullStack, **settings: Any) -> None:
    """Wait until the printer is gone, and with `settings` until it is back."""
    eventually(lambda: not full_stack.ha.devices(DEVICE), "the printer to be gone", 40, poll=0.2)
    full_stack.save(**settings)
    full_stack.await_keys(lambda keys: "bed_state" in keys, "the printer to be back")


def test_disabled_while_octoprint_is_down_it_disappears(cold: FullStack) -> None:
    cold.octoprint.stop()
    config = cold.octoprint.config()
    config["plugins"]["temp_eta"]["ha_discovery_enabled"] = False
    (cold.octoprint.base / "config.yaml").write_text(yaml.safe_dump(config))
    cold.octoprint.start()
    gone_and_back(cold, ha_discovery_enabled=True)


def test_removed_by_command_it_disappears(cold: FullStack) -> None:
    reply = cold.octoprint.post("/api/plugin/temp_eta", {"command": "remove_from_home_assistant"})
    assert reply["success"]
    assert cold.octoprint.get("/api/settings")["plugins"]["temp_eta"]["ha_discovery_enabled"] is False
    gone_and_back(cold, ha_discovery_enabled=True)


@pytest.mark.slow
def test_leftovers_of_another_plugin_are_removed_on_request(cold: FullStack, watcher: Observer) -> None:
    node = "388e8fa97e9a4e41aedb7051e48e2bb9"
    cold.octoprint.stop()
    config = cold.octoprint.config()
    config["plugins"]["homeassistant"] = {"node_id": node}
    (cold.octoprint.base / "config.yaml").write_text(yaml.safe_dump(config))
    cold.octoprint.start()
    entity = {"name": "Bed Temperature", "uniq_id": f"{node}_BED", "stat_t": "octoPrint/temperature/bed"}
    device = {"ids": node, "name": "Printer of before", "mf": "Clifford Roche"}
    topic = f"homeassistant/sensor/{node}_BED/config"
    watcher.publish(topic, json.dumps({**entity, "device": device}), retain=True)
    eventually(lambda: cold.ha.devices(node), "the other plugin's device", 40, poll=0.2)
    reply = cold.octoprint.post("/api/plugin/temp_eta", {"command": "remove_leftovers"})
    assert reply["status"] == "accepted"
    eventually(lambda: not cold.ha.devices(node), "the other plugin's device to be gone", 40, poll=0.2)
    assert topic not in cold.retained()
    assert cold.ha.devices(DEVICE)


def test_disabled_in_the_plugin_manager_it_disappears_and_enabled_it_is_back(cold: FullStack) -> None:
    manager = "/api/plugin/pluginmanager"
    cold.octoprint.post(manager, {"command": "disable", "plugin": "temp_eta"})
    eventually(lambda: not cold.ha.devices(DEVICE), "the printer to be gone", 40, poll=0.2)
    cold.octoprint.post(manager, {"command": "enable", "plugin": "temp_eta"})
    cold.await_keys(lambda keys: "bed_state" in keys, "the printer to be back")
