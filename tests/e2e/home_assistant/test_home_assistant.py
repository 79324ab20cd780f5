"""The printer in a real Home Assistant: it appears, tells the truth, can be commanded, and leaves without a trace.

Run by `make test-home-assistant`. With HA_URL, HA_TOKEN and HA_MQTT (the broker that it uses, as host:port) it is tried
on a Home Assistant that runs already; what would need to restart that one is skipped.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from octoprint_temp_eta.messages.entity_parts import EXPIRE_AFTER_S
from tests.conftest import BASE, INSTANCE
from tests.support.broker_programs import Listener
from tests.support.home_assistant import HomeAssistant
from tests.support.home_assistant_server import LocalHomeAssistant
from tests.support.house import DEVICE, SEEN, House, add_script, automation, printer
from tests.support.mqtt_client import Observer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.home_assistant, pytest.mark.timeout(600)]

#: s within which all is right again after a restart; in practice it is a few.
TRUTH_S = 20.0
#: What Home Assistant says when a device changes its form, and means nothing.
HARMLESS = "No device components to cleanup"


#: By key: domain, state ("": whatever happened before), unit, device class.
PRINTER = {
    "ready_at": ("sensor", "unknown", None, "timestamp"),
    "printing": ("binary_sensor", "off", None, "running"),
    "printer": ("binary_sensor", "on", None, "connectivity"),
    "bridge": ("binary_sensor", "on", None, "connectivity"),
    "script": ("sensor", "idle", None, "enum"),
    "script_status": ("sensor", "unknown", None, None),
    "last_script": ("sensor", "", None, "enum"),
    "script_event": ("event", "", None, None),
    "cancel_script": ("button", "", None, None),
    "start_warm_up": ("button", "", None, None),
    "start_unlucky": ("button", "", None, None),
    "reset": ("button", "", None, None),
    "forecast_pla": ("sensor", "", "s", "duration"),
    "forecast_abs": ("sensor", "", "s", "duration"),
}
HEATER = {
    "ready_at": ("sensor", "unknown", None, "timestamp"),
    "cool_at": ("sensor", "unknown", None, "timestamp"),
    "state": ("sensor", "off", None, "enum"),
    "stalled": ("binary_sensor", "off", None, "problem"),
    "target": ("number", "0.0", "°C", "temperature"),
}
EXPECTED = PRINTER | {f"{heater}_{key}": row for heater in ("tool0", "bed") for key, row in HEATER.items()}
TRIGGERS = {(kind, heater) for kind in ("reached_target", "cooled_down", "stalled") for heater in ("tool0", "bed")} | {
    (kind, "script") for kind in ("started", "finished", "failed", "error", "cancelled")
}


def unknown(house: House, state: str) -> tuple[str, ...]:
    """Return what stands for `state` in this Home Assistant: older ones take no "unknown", see `older_servers`."""
    return ("unavailable",) if house.mode == "per_entity" and state == "unknown" else (state,)


def test_the_printer_is_one_device_with_its_entities(cold: House) -> None:
    [device] = cold.ha.devices(DEVICE)
    model = cold.octoprint.get("/api/printerprofiles")["profiles"]["_default"]["model"]
    assert (device["name"], device["manufacturer"], device["model"]) == ("Ender", "OctoPrint", model)
    for key, (_, state, _, _) in EXPECTED.items():
        if state:
            cold.wait(key, *unknown(cold, state))
    entities = cold.entities()
    shown = {
        key: (e.entity_id.split(".")[0], e.attributes.get("unit_of_measurement"), e.attributes.get("device_class"))
        for key, e in entities.items()
        if not e.disabled
    }
    assert shown == {key: (domain, unit, kind) for key, (domain, _, unit, kind) in EXPECTED.items()}
    ids = {key: entity.entity_id for key, entity in entities.items()}
    assert ids == {key: f"{entity_id.split('.')[0]}.ender_{key}" for key, entity_id in ids.items()}
    assert entities["bed_temperature"].disabled
    assert entities["bridge"].category == "diagnostic"
    assert entities["reset"].category == "config"
    assert cold.ha.triggers(DEVICE) == TRIGGERS


def test_a_target_that_is_set_in_home_assistant_is_reached(cold: House) -> None:
    number = cold.id_of("bed_target")
    cold.ha.call("number.set_value", entity_id=number, value=60)
    cold.wait("bed_state", "heating")
    assert cold.ha.state(number) == "60.0"
    eventually(lambda: (cold.ha.state(cold.id_of("bed_ready_at")) or "").startswith("20"), "a moment")
    assert cold.ha.state(cold.id_of("ready_at")) == cold.ha.state(cold.id_of("bed_ready_at"))
    cold.wait("bed_state", "at_target")
    cold.wait("bed_ready_at", *unknown(cold, "unknown"))


def test_a_device_trigger_fires_once_and_not_again_after_a_restart(cold: House, watcher: Observer) -> None:
    device = cold.ha.devices(DEVICE)[0]["id"]
    trigger = {"device_id": device, "domain": "mqtt", "discovery_id": "", "type": "reached_target", "subtype": "bed"}
    cold.ha.automate("hot", automation({"platform": "device", **trigger}, "hot"))
    try:
        cold.octoprint.gcode("M140 S50")
        watcher.wait_for(SEEN, lambda m: m.text == "hot", timeout=60)
        restart_all_around(cold)
        assert [m.text for m in watcher.on(SEEN)] == ["hot"]
    finally:
        cold.ha.forget_automation("hot")


def test_a_button_starts_a_script_whose_event_comes_once(cold: House, watcher: Observer) -> None:
    event = cold.id_of("script_event")
    trigger = {"platform": "state", "entity_id": event, "not_from": ["unavailable"], "not_to": ["unavailable"]}
    words = "{{ trigger.to_state.attributes.event_type }} {{ trigger.to_state.attributes.id }}"
    cold.ha.automate("event", automation(trigger, words))
    try:
        cold.ha.call("button.press", entity_id=cold.id_of("start_warm_up"))
        watcher.wait_for(SEEN, lambda m: m.text == "finished warm_up", timeout=30)
        cold.wait("last_script", "finished")
        cold.wait("script", "idle")
        restart_all_around(cold)
        heard = [m.text for m in watcher.on(SEEN)]
        assert heard == ["started warm_up", "status_changed warm_up", "finished warm_up"]
    finally:
        cold.ha.forget_automation("event")


def restart_all_around(house: House) -> None:
    """Restart Home Assistant, if that is ours, and OctoPrint, and wait until both are back."""
    if isinstance(house.ha, LocalHomeAssistant):
        house.ha.restart()
    house.octoprint.restart()
    house.wait("printer", "on")


def restart_home_assistant(house: House) -> None:
    house.local.restart()


def restart_broker(house: House) -> None:
    """Restart the broker, which forgets all."""
    assert house.broker is not None
    house.broker.restart()


def kill_octoprint(house: House) -> None:
    house.octoprint.kill()
    house.octoprint.start()


def reconnect_printer(house: House) -> None:
    house.octoprint.disconnect()
    house.octoprint.connect()


RESTARTS = (restart_home_assistant, restart_broker, kill_octoprint, reconnect_printer)
ORDERS = (
    RESTARTS,
    RESTARTS[::-1],
    (restart_broker, restart_home_assistant),
    (kill_octoprint, restart_broker),
    (restart_broker, reconnect_printer, restart_home_assistant),
)


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(step.__name__ for step in order))
def test_after_restarts_in_any_order_the_truth_is_shown(
    cold: House, order: tuple[Callable[[House], None], ...]
) -> None:
    cold.local  # noqa: B018 - skips where nothing may be restarted
    for step in order:
        step(cold)
    cold.octoprint.gcode("M140 S55")
    truth = {"bridge": "on", "printer": "on", "script": "idle", "bed_target": "55.0", "tool0_state": "off"}
    ids = {f"{domain(key)}.ender_{key}": state for key, state in truth.items()}

    def all_true() -> bool:
        return all(cold.ha.state(entity_id) == state for entity_id, state in ids.items())

    eventually(all_true, f"the truth after {[step.__name__ for step in order]}", TRUTH_S, poll=0.2)


def domain(key: str) -> str:
    return {"bridge": "binary_sensor", "printer": "binary_sensor", "bed_target": "number"}.get(key, "sensor")


def test_a_printer_that_is_off_is_told_from_a_bridge_that_is_off(cold: House) -> None:
    cold.octoprint.disconnect()
    cold.wait("printer", "off")
    cold.wait("bed_state", "unavailable")
    cold.wait("bridge", "on")
    cold.octoprint.stop()
    cold.wait("bridge", "off")
    cold.wait("script", "unavailable")
    cold.octoprint.start()
    cold.wait("bed_state", "off")


@pytest.mark.slow
def test_when_even_the_will_is_lost_states_are_not_believed_for_long(cold: House, watcher: Observer) -> None:
    """As with a broker's node that dies together with the printer: what it retained says online for ever."""
    cold.octoprint.kill()
    watcher.wait_for(f"{BASE}/status", lambda m: m.text == "offline", timeout=60)
    watcher.publish(f"{BASE}/status", "online", retain=True)
    cold.wait("bed_state", "off")
    cold.wait("bed_state", "unavailable", timeout=EXPIRE_AFTER_S + 30)
    cold.wait("bridge", "off", timeout=EXPIRE_AFTER_S + 30)
    cold.octoprint.start()
    cold.wait("bridge", "on")
    cold.wait("bed_state", "off")


def test_a_new_name_renames_the_device_and_moves_nothing(cold: House, watcher: Observer) -> None:
    since = watcher.mark()
    before = {key: entity.entity_id for key, entity in cold.entities().items()}
    cold.octoprint.post("/api/settings", {"appearance": {"name": "Prusa"}})
    eventually(lambda: cold.ha.devices(DEVICE)[0]["name"] == "Prusa", "the new name", 20)
    assert {key: entity.entity_id for key, entity in cold.entities().items()} == before
    topics = {message.topic for message in watcher.messages[since:]}
    assert all(topic.startswith((f"{BASE}/", "homeassistant/")) for topic in topics)
    cold.octoprint.post("/api/settings", {"appearance": {"name": "Ender"}})
    eventually(lambda: cold.ha.devices(DEVICE)[0]["name"] == "Ender", "the old name", 20)


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


@pytest.mark.parametrize("setting", ["mqtt_base_topic", "mqtt_custom_identifier"])
def test_a_moved_printer_leaves_nothing_behind(cold: House, setting: str) -> None:
    moved = f"temp_eta_{'elsewhere' if setting == 'mqtt_custom_identifier' else INSTANCE}"
    cold.save(**{setting: "elsewhere"})
    eventually(lambda: state_of(cold.ha, moved, "bridge") == "on", "the printer at its new place", 40)
    assert len([d for d in cold.ha.ask("config/device_registry/list") if d["name"] == "Ender"]) == 1
    cold.save(mqtt_base_topic=BASE.rsplit("/", 1)[0], mqtt_custom_identifier=INSTANCE)
    eventually(lambda: state_of(cold.ha, DEVICE, "bridge") == "on", "the printer at its old place", 40)
    assert len([d for d in cold.ha.ask("config/device_registry/list") if d["name"] == "Ender"]) == 1
    with Observer(cold.listener) as late:
        late.publish("test/fence", "x")
        late.wait_for("test/fence")
        assert not [topic for topic in late.levels() if "elsewhere" in topic]


def state_of(ha: HomeAssistant, identifier: str, key: str) -> str | None:
    entity = ha.entities(identifier).get(key)
    return entity.state if entity else None


def test_switched_off_while_octoprint_is_down_it_disappears(cold: House) -> None:
    cold.octoprint.stop()
    config = cold.octoprint.config()
    config["plugins"]["temp_eta"]["ha_discovery_enabled"] = False
    (cold.octoprint.base / "config.yaml").write_text(yaml.safe_dump(config))
    cold.octoprint.start()
    eventually(lambda: not cold.ha.devices(DEVICE), "the printer to be gone", 40, poll=0.5)
    cold.save(ha_discovery_enabled=True)
    cold.await_keys(lambda keys: "bed_state" in keys, "the printer to be back")


def test_removed_by_command_it_disappears(cold: House) -> None:
    reply = cold.octoprint.post("/api/plugin/temp_eta", {"command": "remove_from_home_assistant"})
    assert reply["success"]
    eventually(lambda: not cold.ha.devices(DEVICE), "the printer to be gone", 40, poll=0.5)
    assert cold.octoprint.get("/api/settings")["plugins"]["temp_eta"]["ha_discovery_enabled"] is False
    cold.save(ha_discovery_enabled=True)
    cold.await_keys(lambda keys: "bed_state" in keys, "the printer to be back")


def test_another_form_keeps_what_the_user_made_of_the_entities(cold: House) -> None:
    if cold.mode != "device":
        pytest.skip("this Home Assistant knows one form only")
    entity_id = cold.id_of("bed_state")
    cold.ha.ask("config/entity_registry/update", entity_id=entity_id, name="My bed", icon="mdi:bed")
    before = {key: e.entity_id for key, e in cold.entities().items()}
    for mode, topic in (("per_entity", f"homeassistant/sensor/{DEVICE}/bed_state/config"),
                        ("device", f"homeassistant/device/{DEVICE}/config")):  # fmt: skip
        with Observer(cold.listener) as observer:
            cold.save(ha_discovery_mode=mode)
            observer.wait_for(topic, lambda m: not m.retain and len(m.payload) > 50, timeout=30)
            levels = "the levels, once all is announced"
            since = observer.mark()
            eventually(lambda o=observer, s=since: f"{BASE}/status" in {m.topic for m in o.messages[s:]}, levels, 30)
        cold.wait("bed_state", "off", "cooled_down")
        after = cold.entities()
        assert {key: e.entity_id for key, e in after.items()} == before
        assert after["bed_state"].name == "My bed"
    cold.ha.ask("config/entity_registry/update", entity_id=entity_id, name=None, icon=None)


@pytest.mark.slow
def test_a_heat_up_and_an_idle_printer_are_cheap_to_record(cold: House) -> None:
    """Counted in Home Assistant's own database, with heaters as slow as real ones."""
    database = cold.local.folder / "home-assistant_v2.db"
    cold.octoprint.stop()
    with printer(cold.listener, cold.scripts, cold.mode, speed=1) as slow:
        cold.wait("bed_state", "off")
        settled(database)
        before = recorded(database)
        two_minutes(cold.listener)
        assert (recorded(database) - before).total() < 2
        before = recorded(database)
        slow.gcode("M140 S60", "M104 S210")
        cold.wait("bed_state", "at_target", timeout=300)
        cold.wait("tool0_state", "at_target", timeout=300)
        settled(database)
        written = recorded(database) - before
    for heater in ("tool0", "bed"):
        rows = {entity_id: count for entity_id, count in written.items() if f"ender_{heater}_" in entity_id}
        print(f"rows of {heater}: {json.dumps(rows)}")
        assert 3 <= sum(rows.values()) <= 12, written
    cold.octoprint.start()


def two_minutes(listener: Listener) -> None:
    """Wait for two heartbeats, which come every minute."""
    with Observer(listener) as observer:
        for _ in range(2):
            observer.wait_for(f"{BASE}/status", since=observer.mark(), timeout=90)


def settled(database: Path) -> None:
    """Wait until the recorder has written all: it commits every 5 s, or sooner when many rows wait."""
    last: list[Counter[str]] = []

    def stands_still() -> bool:
        last.append(recorded(database))
        return len(last) > 6 and last[-1] == last[-7]

    eventually(stands_still, "the recorder", 60, poll=1.0)


def recorded(database: Path) -> Counter[str]:
    """Return how many rows the recorder has of each of our entities."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        query = "select m.entity_id, count(*) from states s join states_meta m using (metadata_id) group by 1"
        return Counter({entity: count for entity, count in connection.execute(query) if ".ender_" in entity})


def test_home_assistant_has_nothing_to_complain_about(house: House) -> None:
    complaints = [line for line in house.ha.complaints() if HARMLESS not in line]
    assert not complaints, "\n".join(complaints)
