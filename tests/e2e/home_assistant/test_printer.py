"""The printer in a real Home Assistant: its entities, their states, and commands."""

from __future__ import annotations

import pytest

from tests.conftest import BASE
from tests.e2e.home_assistant.expected import DISABLED, EXPECTED, TRIGGERS, entity_id, is_time, unknown
from tests.support.full_stack import DEVICE, FullStack
from tests.support.mqtt_client import Observer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.home_assistant, pytest.mark.timeout(600)]


def test_the_printer_is_one_device_with_its_entities(cold: FullStack) -> None:
    [device] = cold.ha.devices(DEVICE)
    model = cold.octoprint.get("/api/printerprofiles")["profiles"]["_default"]["model"]
    assert (device["name"], device["manufacturer"], device["model"]) == ("Ender", "OctoPrint", model)
    for key, (_, state, _, _) in EXPECTED.items():
        if state:
            cold.wait(key, *unknown(cold, key, state))
    entities = cold.entities()
    shown = {
        key: (e.entity_id, e.attributes.get("unit_of_measurement"), e.attributes.get("device_class"))
        for key, e in entities.items()
        if not e.disabled
    }
    assert shown == {key: (entity_id(key), unit, kind) for key, (_, _, unit, kind) in EXPECTED.items()}
    assert {key for key, entity in entities.items() if entity.disabled} == DISABLED
    assert entities["bridge"].category == "diagnostic"
    assert entities["reset"].category == "config"
    assert cold.ha.triggers(DEVICE) == TRIGGERS


def test_a_target_that_is_set_in_home_assistant_is_reached(cold: FullStack) -> None:
    number = cold.id_of("bed_target")
    cold.ha.call("number.set_value", entity_id=number, value=60)
    cold.wait("bed_state", "Heating")
    assert cold.ha.state(number) == "60.0"
    eventually(lambda: is_time(cold.ha.state(entity_id("bed_ready_at"))), "a time")
    assert cold.ha.state(entity_id("ready_at")) == cold.ha.state(entity_id("bed_ready_at"))
    cold.wait("bed_state", "At target")
    cold.wait("bed_ready_at", *unknown(cold, "bed_ready_at", "unknown"))


def test_at_the_temperatures_of_a_preset_its_warm_up_time_is_zero(cold: FullStack) -> None:
    cold.octoprint.gcode("M140 S60", "M104 S180")
    cold.wait("status", "Ready", timeout=90)
    cold.wait("forecast_pla", "0")


def test_a_disconnected_printer_and_a_stopped_bridge_look_different(cold: FullStack) -> None:
    cold.octoprint.disconnect()
    cold.wait("printer", "off")
    cold.wait("bed_state", "unavailable")
    cold.wait("bridge", "on")
    cold.octoprint.stop()
    cold.wait("bridge", "off")
    cold.wait("script", "unavailable")
    cold.octoprint.start()
    cold.wait("bed_state", "Off")


def test_a_new_name_renames_the_device_and_moves_nothing(cold: FullStack, watcher: Observer) -> None:
    since = watcher.mark()
    before = {key: entity.entity_id for key, entity in cold.entities().items()}
    cold.octoprint.post("/api/settings", {"appearance": {"name": "Prusa"}})
    eventually(lambda: cold.ha.devices(DEVICE)[0]["name"] == "Prusa", "the new name", 40)
    assert {key: entity.entity_id for key, entity in cold.entities().items()} == before
    topics = {message.topic for message in watcher.messages[since:] if not message.topic.endswith("/config")}
    assert all(topic.startswith(f"{BASE}/") for topic in topics)
    cold.octoprint.post("/api/settings", {"appearance": {"name": "Ender"}})
    eventually(lambda: cold.ha.devices(DEVICE)[0]["name"] == "Ender", "the old name", 40)
