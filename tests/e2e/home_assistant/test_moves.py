"""Moves in a real Home Assistant: nothing is left at the old place, and the user's changes are kept."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from octoprint_temp_eta.bridge.home_assistant.announcing import NEW_DEVICE
from tests.conftest import BASE, INSTANCE
from tests.support.full_stack import DEVICE, SEEN, FullStack, automation
from tests.support.home_assistant import HomeAssistant
from tests.support.mqtt_client import Observer
from tests.support.waiting import eventually

from .conftest import HARMLESS

pytestmark = [pytest.mark.home_assistant, pytest.mark.timeout(600)]


@pytest.mark.parametrize("setting", ["mqtt_base_topic", "mqtt_custom_identifier"])
def test_a_moved_printer_leaves_nothing_behind(cold: FullStack, setting: str) -> None:
    [before], logged = cold.ha.devices(DEVICE), len(cold.octoprint.log())
    cold.save(**{setting: "elsewhere"})
    moved = f"temp_eta_{'elsewhere' if setting == 'mqtt_custom_identifier' else INSTANCE}"
    is_device(cold, moved)
    [after] = cold.ha.devices(moved)
    # automations name a device trigger by its device: either it stays, or the log warns that they must be changed
    assert (after["id"] == before["id"]) is (NEW_DEVICE not in cold.octoprint.log()[logged:])
    assert (after["id"] == before["id"]) is (setting == "mqtt_base_topic")
    cold.save(mqtt_base_topic=BASE.rsplit("/", 1)[0], mqtt_custom_identifier=INSTANCE)
    is_device(cold, DEVICE)
    assert not [topic for topic in cold.retained() if "elsewhere" in topic]


def is_device(full_stack: FullStack, identifier: str) -> None:
    """Wait until the printer is the device `identifier`, and no other, and its state is updated there."""
    for happens, state in ((full_stack.octoprint.disconnect, "off"), (full_stack.octoprint.connect, "on")):
        happens()
        eventually(
            lambda s=state: state_of(full_stack.ha, identifier, "printer") == s, f"{identifier} to be {state}", 40
        )
    assert len([d for d in full_stack.ha.ask("config/device_registry/list") if d["name"] == "Ender"]) == 1


def state_of(ha: HomeAssistant, identifier: str, key: str) -> str | None:
    entity = ha.entities(identifier).get(key)
    return entity.state if entity else None


def test_another_form_keeps_the_users_changes_of_entities(cold: FullStack) -> None:
    if cold.mode != "device":
        pytest.skip("this Home Assistant supports one form only")
    entity_id = cold.id_of("bed_state")
    cold.ha.ask("config/entity_registry/update", entity_id=entity_id, name="My bed", icon="mdi:bed")
    before, began_at = {key: e.entity_id for key, e in cold.entities().items()}, time.time()
    for mode, topic in (("per_entity", f"homeassistant/sensor/{DEVICE}/bed_state/config"),
                        ("device", f"homeassistant/device/{DEVICE}/config")):  # fmt: skip
        with Observer(cold.listener) as observer:
            cold.save(ha_discovery_mode=mode)
            observer.wait_for(topic, lambda m: not m.retain and len(m.payload) > 50, timeout=30)
            # after the announcement all states are published again, also those without a heartbeat
            observer.wait_for(f"{BASE}/info", since=observer.mark(), timeout=30)
        cold.wait("bed_state", "Off", "Cooled down")
        after = cold.entities()
        assert {key: e.entity_id for key, e in after.items()} == before
        assert after["bed_state"].name == "My bed"
    cold.ha.ask("config/entity_registry/update", entity_id=entity_id, name=None, icon=None)
    if "history" not in cold.ha.checked("GET", "/api/config")["components"]:
        return
    yesterday = datetime.fromtimestamp(began_at - 86400, UTC).isoformat()
    history = cold.ha.ask("history/history_during_period", start_time=yesterday, entity_ids=[entity_id])[entity_id]
    assert history[0]["lu"] < began_at < history[-1]["lu"]


def test_an_automation_works_with_the_present_texts_of_a_trigger(cold: FullStack, watcher: Observer) -> None:
    """With a second tool, "Nozzle" is "Tool 0". Automations in which the trigger is chosen again work at once."""
    [device] = cold.ha.devices(DEVICE)
    trigger = {"platform": "device", "domain": "mqtt", "device_id": device["id"], "type": "reached its target"}
    for tools, name, target in ((2, "Tool 0", 60), (1, "Nozzle", 100), (2, "Tool 0", 140), (1, "Nozzle", 180)):
        cold.equip(tools=tools)
        eventually(lambda n=name: (trigger["type"], n) in cold.ha.triggers(DEVICE), f"a trigger of {name}", 40)
        since = watcher.mark()
        if target < 140:  # the others were chosen before
            cold.ha.automate(name.replace(" ", ""), automation({**trigger, "subtype": name}, name))
        cold.octoprint.gcode(f"M104 S{target}")
        watcher.wait_for(SEEN, lambda message, n=name: message.text == n, since=since, timeout=60)
    for name in ("Tool0", "Nozzle"):
        cold.ha.forget_automation(name)


@pytest.mark.slow
def test_another_form_and_a_removal_while_home_assistant_has_no_broker_are_taken_over(cold: FullStack) -> None:
    """The bridge connects before Home Assistant does: that misses the release of the old form."""
    if cold.mode != "device" or cold.broker is None:
        pytest.skip("needs a Home Assistant with both forms, and its broker")
    cold.broker.stop()
    cold.save(ha_discovery_mode="per_entity")
    cold.broker.start()
    with Observer(cold.listener) as observer:
        observer.wait_for(f"homeassistant/sensor/{DEVICE}/bed_state/config", lambda m: len(m.payload) > 50, timeout=30)
    cold.wait("bed_state", "Off", "Cooled down", timeout=60)
    record = cold.octoprint.base / "data" / "temp_eta" / "announced.json"
    eventually(lambda: not json.loads(record.read_text())["former"], "the old form to be released", 60)
    for change in ({"allow_job_cancel": False}, {"allow_job_cancel": True}):
        cold.save(**change)
        cold.await_keys(lambda keys, on=change["allow_job_cancel"]: ("job_cancel" in keys) is on, f"{change}")
    cold.broker.stop()
    cold.save(ha_discovery_enabled=False)
    cold.broker.start()
    eventually(lambda: not cold.ha.devices(DEVICE), "everything to be gone", 90)
    cold.save(ha_discovery_enabled=True, ha_discovery_mode="device")
    cold.await_keys(lambda keys: "bed_state" in keys, "the printer to be back")
    warnings = cold.ha.warnings()
    cold.ha.call("system_log.clear")
    assert all("conflicting MQTT discovery" in line or any(word in line for word in HARMLESS) for line in warnings)
