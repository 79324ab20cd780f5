"""What leaves a real Home Assistant leaves no trace, and what moves within it keeps what the user made of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
import yaml

from tests.conftest import BASE, INSTANCE
from tests.support.home_assistant import HomeAssistant
from tests.support.house import DEVICE, House, add_script
from tests.support.mqtt_client import Observer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.home_assistant, pytest.mark.timeout(600)]


def test_a_script_comes_and_goes_with_its_button(cold: House) -> None:
    file = add_script(cold.scripts, "short_lived", "Short lived", "return True, {}")
    cold.await_keys(lambda keys: "start_short_lived" in keys, "the button")
    file.unlink()
    cold.await_keys(lambda keys: "start_short_lived" not in keys, "the button to be gone")


def test_a_script_that_goes_while_octoprint_is_down_leaves_no_button(cold: House) -> None:
    file = add_script(cold.scripts, "doomed", "Doomed", "return True, {}")
    cold.await_keys(lambda keys: "start_doomed" in keys, "the button")
    cold.octoprint.stop()
    file.unlink()
    cold.octoprint.start()
    cold.await_keys(lambda keys: "start_doomed" not in keys and "start_warm_up" in keys, "the button to be gone")


def test_a_tool_that_is_taken_off_leaves_no_trace(cold: House) -> None:
    equip(cold, tools=2)
    cold.await_keys(lambda keys: {"tool1_state", "tool1_target"} <= keys, "the second tool")
    equip(cold, tools=1)
    cold.await_keys(lambda keys: not any("tool1" in key for key in keys), "the second tool to be gone")
    assert not any("tool1" in part for trigger in cold.ha.triggers(DEVICE) for part in trigger)
    assert not [topic for topic in retained(cold) if "tool1" in topic]


def equip(house: House, *, tools: int) -> None:
    """Give the printer so many tools."""
    house.octoprint.disconnect()
    profile = {"profile": {"extruder": {"count": tools}}}
    status, answer = house.octoprint.request("PATCH", "/api/printerprofiles/_default", profile)
    assert status == HTTPStatus.OK, answer
    house.octoprint.save_plugin_settings("virtual_printer", {"numExtruders": tools})
    house.octoprint.connect()


def retained(house: House) -> set[str]:
    """Return the topics that the broker retains."""
    with Observer(house.listener) as late:
        late.publish("test/fence", "x")
        late.wait_for("test/fence")
        return set(late.levels())


@pytest.mark.parametrize("setting", ["mqtt_base_topic", "mqtt_custom_identifier"])
def test_a_moved_printer_leaves_nothing_behind(cold: House, setting: str) -> None:
    cold.save(**{setting: "elsewhere"})
    told_as(cold, f"temp_eta_{'elsewhere' if setting == 'mqtt_custom_identifier' else INSTANCE}")
    cold.save(mqtt_base_topic=BASE.rsplit("/", 1)[0], mqtt_custom_identifier=INSTANCE)
    told_as(cold, DEVICE)
    assert not [topic for topic in retained(cold) if "elsewhere" in topic]


def told_as(house: House, identifier: str) -> None:
    """Wait until the printer is the device `identifier`, alone, and see that what happens is told there."""
    for happens, state in ((house.octoprint.disconnect, "off"), (house.octoprint.connect, "on")):
        happens()
        eventually(lambda s=state: state_of(house.ha, identifier, "printer") == s, f"{identifier} to be {state}", 40)
    assert len([d for d in house.ha.ask("config/device_registry/list") if d["name"] == "Ender"]) == 1


def state_of(ha: HomeAssistant, identifier: str, key: str) -> str | None:
    entity = ha.entities(identifier).get(key)
    return entity.state if entity else None


def test_under_another_prefix_it_disappears(cold: House) -> None:
    cold.save(ha_discovery_prefix="elsewhere")
    gone_and_back(cold, ha_discovery_prefix="homeassistant")
    assert not [topic for topic in retained(cold) if "elsewhere" in topic]


def gone_and_back(house: House, **settings: Any) -> None:
    """Wait until the printer is gone, and with `settings` until it is back."""
    eventually(lambda: not house.ha.devices(DEVICE), "the printer to be gone", 40, poll=0.2)
    house.save(**settings)
    house.await_keys(lambda keys: "bed_state" in keys, "the printer to be back")


def test_switched_off_while_octoprint_is_down_it_disappears(cold: House) -> None:
    cold.octoprint.stop()
    config = cold.octoprint.config()
    config["plugins"]["temp_eta"]["ha_discovery_enabled"] = False
    (cold.octoprint.base / "config.yaml").write_text(yaml.safe_dump(config))
    cold.octoprint.start()
    gone_and_back(cold, ha_discovery_enabled=True)


def test_removed_by_command_it_disappears(cold: House) -> None:
    reply = cold.octoprint.post("/api/plugin/temp_eta", {"command": "remove_from_home_assistant"})
    assert reply["success"]
    assert cold.octoprint.get("/api/settings")["plugins"]["temp_eta"]["ha_discovery_enabled"] is False
    gone_and_back(cold, ha_discovery_enabled=True)


def test_another_form_keeps_what_the_user_made_of_the_entities(cold: House) -> None:
    if cold.mode != "device":
        pytest.skip("this Home Assistant knows one form only")
    entity_id = cold.id_of("bed_state")
    cold.ha.ask("config/entity_registry/update", entity_id=entity_id, name="My bed", icon="mdi:bed")
    before, began_at = {key: e.entity_id for key, e in cold.entities().items()}, time.time()
    for mode, topic in (("per_entity", f"homeassistant/sensor/{DEVICE}/bed_state/config"),
                        ("device", f"homeassistant/device/{DEVICE}/config")):  # fmt: skip
        with Observer(cold.listener) as observer:
            cold.save(ha_discovery_mode=mode)
            observer.wait_for(topic, lambda m: not m.retain and len(m.payload) > 50, timeout=30)
            # once all is announced the levels are told again, also those that no heartbeat repeats
            observer.wait_for(f"{BASE}/info", since=observer.mark(), timeout=30)
        cold.wait("bed_state", "off", "cooled_down")
        after = cold.entities()
        assert {key: e.entity_id for key, e in after.items()} == before
        assert after["bed_state"].name == "My bed"
    yesterday = datetime.fromtimestamp(began_at - 86400, UTC).isoformat()
    history = cold.ha.ask("history/history_during_period", start_time=yesterday, entity_ids=[entity_id])[entity_id]
    assert history[0]["lu"] < began_at < history[-1]["lu"]
    cold.ha.ask("config/entity_registry/update", entity_id=entity_id, name=None, icon=None)
