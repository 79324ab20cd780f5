"""The announcements of a whole bridge: birth message, heartbeats, names, forms, and complete removal."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from octoprint_temp_eta.bridge.broker.identity_conflict import LONGEST_GAP_S, RETURN_S
from octoprint_temp_eta.bridge.home_assistant import announcing
from octoprint_temp_eta.bridge.home_assistant.announcing import BIRTH_SPREAD_S, NEW_DEVICE
from octoprint_temp_eta.bridge.home_assistant.discovery import COALESCE_S, HOLD_S
from octoprint_temp_eta.bridge.protocol.effects import Disconnect, Log, Save
from octoprint_temp_eta.bridge.protocol.inputs import (
    MessageArrived,
    Preset,
    Presets,
    Renamed,
    Tick,
)
from octoprint_temp_eta.bridge.scripts.last_good import SCRIPT_FILES
from octoprint_temp_eta.core.scripts.catalogue import FolderState, Script
from octoprint_temp_eta.home_assistant.entities.parts import HEARTBEAT_S, HEARTBEATS
from tests.support.announcements import SETTLE_S, TOPIC, announced, idle, settled
from tests.support.bridge_driver import IDENTITY, INSTANCE, BridgeDriver
from tests.support.two_machines import GREATER, SMALLER, copy_of, info, run_another

PROBE = Script("probe.py", "Probe the bed", "probe")


def components(driver: BridgeDriver, topic: str = TOPIC) -> dict[str, Any]:
    return dict(json.loads(driver.retained[topic])["components"])


def saved(driver: BridgeDriver) -> dict[str, Any]:
    return {save.name: save.value for save in driver.of(Save)}


def announced_topics(driver: BridgeDriver, prefix: str = "homeassistant") -> set[str]:
    return {topic for topic in driver.retained if topic.startswith(f"{prefix}/")}


def test_after_its_birth_message_home_assistant_gets_the_device_and_then_all_states_again():
    driver = settled()
    states = {topic for topic in driver.retained if topic.startswith(f"{driver.base}/")}
    mark = len(driver.sent)
    driver.handle(MessageArrived("homeassistant/status", b"online"))
    driver.advance(BIRTH_SPREAD_S + COALESCE_S + 3)
    topics = [publish.topic for _, publish in driver.sent[mark:]]
    assert states <= set(topics[topics.index(TOPIC) + 1 :])
    assert driver.topic("status") == topics[-1]


def test_only_states_that_expire_and_info_have_a_heartbeat_once_a_minute():
    driver = settled()
    mark = len(driver.sent)
    idle(driver, 10 * HEARTBEAT_S)
    names = [name for name, _ in driver.sent[mark:]]
    assert set(names) <= {*HEARTBEATS, "diagnostics", "info"}
    assert names.count("status") == 10
    assert names.count("eta") == 20


def test_a_heartbeat_repeats_the_state_with_a_new_timestamp():
    driver = settled()
    before = driver.state("eta", heater="bed")
    idle(driver, 2 * HEARTBEAT_S)
    after = driver.state("eta", heater="bed")
    stamps = ("timestamp", "seq")
    assert {k: v for k, v in after.items() if k not in stamps} == {k: v for k, v in before.items() if k not in stamps}
    assert after["timestamp"] > before["timestamp"]


def test_without_a_connection_there_is_no_heartbeat():
    driver = settled()
    driver.lose()
    before = driver.state("eta", heater="bed")
    idle(driver, 600)
    driver.connect()
    assert driver.state("eta", heater="bed") == before


def test_a_new_name_renames_the_device_and_moves_no_topic():
    driver = settled()
    topics = set(driver.retained)
    mark = len(driver.sent)
    driver.handle(Renamed("Prusa"))
    driver.advance(SETTLE_S)
    assert set(driver.retained) == topics
    [update] = [publish for _, publish in driver.sent[mark:] if publish.topic == TOPIC]
    assert json.loads(update.payload)["device"]["name"] == "Prusa"
    # one trigger: a sensor that expires would become unavailable, see Announcement.device_update
    assert {c["platform"] for c in json.loads(update.payload)["components"].values()} == {"device_automation"}
    assert not update.retain
    driver.handle(MessageArrived("homeassistant/status", b"online"))
    driver.advance(SETTLE_S)
    assert json.loads(driver.retained[TOPIC])["device"]["name"] == "Prusa"
    assert driver.state("info")["device_name"] == "Prusa"
    assert {c["unique_id"] for c in components(driver).values() if "unique_id" in c} >= {f"temp_eta_{INSTANCE}_bridge"}


def test_what_changes_within_seconds_is_announced_once(monkeypatch: pytest.MonkeyPatch):
    """An announcement takes 10 ms and more: at the start heaters, presets and scripts become known one by one."""
    made: list[object] = []
    make = announcing.announcement
    monkeypatch.setattr(announcing, "announcement", lambda *given, **more: made.append(given) or make(*given, **more))
    driver = settled()
    made.clear()
    mark = len(driver.sent)
    for name in ("PLA", "PETG", "ABS"):
        driver.handle(Presets((Preset(name, 210, 60),)))
        driver.advance(COALESCE_S / 4)
    assert made == []
    driver.advance(COALESCE_S)
    assert len(made) == 1
    assert TOPIC in [publish.topic for _, publish in driver.sent[mark:]]
    driver.advance(SETTLE_S)
    assert {key for key in components(driver) if key.startswith("forecast_")} >= {"forecast_abs"}


def test_a_change_that_is_undone_within_seconds_is_not_announced():
    driver = settled()
    mark = len(driver.sent)
    driver.handle(Presets((Preset("ABS", 210, 60),)))
    driver.advance(COALESCE_S / 4)
    driver.handle(Presets((Preset("PLA", 210, 60),)))
    driver.advance(SETTLE_S)
    assert [publish for _, publish in driver.sent[mark:] if publish.topic == TOPIC] == []


@pytest.mark.parametrize("away", [False, True])
def test_scripts_that_are_not_found_yet_are_not_removed(*, away: bool):
    """Also while the drive of their folder is away when OctoPrint starts: all else is announced after a while.

    So it is after an update from a version that did not store them.
    """
    before = settled(scripts=(PROBE,))
    assert "start_probe" in components(before)
    remembered = {name: value for name, value in saved(before).items() if name != SCRIPT_FILES}
    after = BridgeDriver(remembered=remembered, scripts=None)
    after.handle(Presets((Preset("PLA", 210, 60),)))
    after.connect()
    if away:
        after.found((), FolderState(error="its drive does not answer"))
    after.advance(HOLD_S - 2)
    assert [publish for _, publish in after.sent if publish.topic == TOPIC] == []
    after.advance(SETTLE_S)
    assert {"reset", "forecast_pla"} <= components(after).keys()
    assert "announced" not in saved(after), "the record has not changed"
    after.scripts = (PROBE,)
    after.found((PROBE,))
    after.advance(SETTLE_S)
    assert "start_probe" in components(after)
    assert all(b'"start_probe":{"platform":"button"}' not in p.payload for _, p in after.sent)


def test_the_button_of_a_deleted_script_is_removed():
    driver = settled(scripts=(PROBE, Script("bad.py", "bad.py", error="no")))
    assert {key for key in components(driver) if key.startswith("start_")} == {"start_probe"}
    driver.scripts = ()
    driver.advance(SETTLE_S)
    assert "start_probe" not in components(driver)


def test_the_forecast_of_a_deleted_preset_is_removed():
    driver = settled()
    assert "forecast_pla" in components(driver)
    driver.handle(Presets(()))
    driver.advance(SETTLE_S)
    assert "forecast_pla" not in components(driver)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("mqtt_custom_identifier", "elsewhere"),
        ("mqtt_base_topic", "else/where"),
        ("ha_discovery_prefix", "ha"),
        ("ha_discovery_mode", "per_entity"),
    ],
)
@pytest.mark.parametrize("meanwhile_down", [False, True])
def test_after_a_move_nothing_is_left_at_the_old_place(setting: str, value: str, meanwhile_down: bool):
    driver = settled(scripts=(PROBE,))
    if meanwhile_down:
        kept, retained = saved(driver), dict(driver.retained)
        driver = BridgeDriver(remembered=kept, scripts=(PROBE,), **{setting: value})
        driver.retained.update(retained)
        driver.handle(Presets((Preset("PLA", 210, 60),)))
        driver.connect()
    else:
        driver.change_settings(**{setting: value})
        if driver.link is None:
            driver.connect()
    driver.advance(2 * SETTLE_S)
    fresh = settled(scripts=(PROBE,), **{setting: value})
    prefixes = ("homeassistant", "ha")
    assert [announced_topics(driver, p) for p in prefixes] == [announced_topics(fresh, p) for p in prefixes]


def test_many_single_announcements_are_removed_completely():
    """More messages than the outbox keeps of one type."""
    scripts = tuple(Script(f"s{number}.py", f"Script {number}", f"s{number}") for number in range(150))
    driver = settled(scripts=scripts, ha_discovery_mode="per_entity")
    assert len(announced_topics(driver)) > 150
    driver.change_settings(ha_discovery_mode="device")
    driver.advance(2 * SETTLE_S)
    assert announced_topics(driver) == {TOPIC}


def test_disabled_while_octoprint_is_down_everything_is_removed():
    before = settled()
    after = BridgeDriver(remembered=saved(before), ha_discovery_enabled=False, scripts=None)
    after.retained.update(before.retained)
    after.connect()
    after.advance(SETTLE_S)
    assert announced_topics(after) == set()


def test_a_forecast_is_published_as_soon_as_the_heaters_are_known():
    driver = BridgeDriver(algorithm="model")
    driver.handle(Presets((Preset("PLA", 210, 60),)))
    driver.connect()
    driver.advance(10)
    assert driver.state("forecast")["presets"] == [{"name": "PLA", "printer": None, "heaters": {}}]
    driver.printer()
    driver.read(bed=(22.0, 0.0), tool0=(22.0, 0.0))
    driver.advance(2)
    [preset] = driver.state("forecast")["presets"]
    assert preset["printer"]["eta_seconds"] > 0
    assert set(preset["heaters"]) == {"bed", "tool0"}


def test_a_new_printer_id_warns_that_device_triggers_belong_to_the_former_device():
    driver = settled()
    driver.change_settings(mqtt_custom_identifier="other")
    assert [log.level for log in driver.of(Log) if log.text == NEW_DEVICE] == [logging.WARNING]


@pytest.mark.parametrize(("printer_id", "warned"), [("other", True), (INSTANCE, False)])
def test_a_printer_id_that_was_changed_in_config_yaml_warns_at_the_start(printer_id: str, *, warned: bool):
    stored = {save.name: save.value for save in settled().of(Save)}
    driver = BridgeDriver(remembered=stored, mqtt_custom_identifier=printer_id)
    assert any(log.text == NEW_DEVICE for log in driver.of(Log)) is warned


@pytest.mark.parametrize("changed", [{"mqtt_base_topic": "elsewhere"}, {"mqtt_publish_interval": 2}])
def test_other_changes_keep_the_device_and_do_not_warn(changed: dict[str, Any]):
    driver = settled()
    driver.change_settings(**changed)
    assert not [log for log in driver.of(Log) if log.text == NEW_DEVICE]


# Another machine with the same printer ID


@pytest.mark.parametrize("mode", ["device", "per_entity"])
@pytest.mark.parametrize("changed", [{}, {"ha_discovery_enabled": False}, {"ha_suggested_area": "Attic"}])
def test_a_copy_neither_announces_nor_removes_while_the_other_machine_is_there(changed: dict[str, Any], mode: str):
    original = settled(ha_discovery_mode=mode)
    copy = copy_of(original, ha_discovery_mode=mode)
    copy.change_settings(**changed)
    before = copy.of(Disconnect)
    for _ in range(5):
        copy.handle(info(copy, "original", GREATER))
        copy.advance(5)
    assert copy.of(Disconnect) == before
    assert announced(copy) == announced(original)


def test_a_setting_that_is_saved_on_a_copy_does_not_make_the_device_its_own():
    """It connects again, and finds its own `info` if the other machine has not published again meanwhile."""
    original = settled()
    copy = copy_of(original)
    copy.handle(info(copy, "original", GREATER))
    copy.handle(info(copy, "original", GREATER))
    copy.change_settings(ha_discovery_enabled=False)
    copy.connect()
    copy.advance(LONGEST_GAP_S - 5)
    assert announced(copy) == announced(original)


def test_a_copy_that_looks_again_waits_for_the_info_of_the_other_machine_before_it_announces():
    original = settled()
    copy = copy_of(original, ha_suggested_area="Attic")
    before = copy.of(Disconnect)
    copy.handle(info(copy, "original", SMALLER))
    copy.handle(info(copy, IDENTITY.boot_id, IDENTITY.machine))
    copy.handle(info(copy, "original", SMALLER))
    assert copy.of(Disconnect) != before
    copy.advance(RETURN_S + LONGEST_GAP_S)
    copy.delivers = False
    copy.connect()
    copy.handle(Tick())
    copy.handle(info(copy, "original", SMALLER))
    copy.advance(LONGEST_GAP_S - 1)
    assert announced(copy) == announced(original)


@pytest.mark.parametrize("mode", ["device", "per_entity"])
def test_a_machine_that_replaces_another_one_announces_once_that_one_is_not_heard(mode: str):
    copy = copy_of(settled(ha_discovery_mode=mode), ha_discovery_mode=mode, ha_suggested_area="Attic")
    copy.advance(LONGEST_GAP_S - 1)
    assert b"Attic" not in b"".join(announced(copy).values())
    copy.advance(SETTLE_S)
    assert b"Attic" in b"".join(announced(copy).values())


def test_after_a_restart_the_device_is_announced_at_once():
    """The `info` that is retained from before the restart is not another machine's."""
    driver = BridgeDriver()
    driver.delivers = False
    driver.connect()
    driver.handle(info(driver, "before-the-restart", IDENTITY.machine))
    driver.handle(info(driver, IDENTITY.boot_id, IDENTITY.machine))
    driver.advance(COALESCE_S + 0.5)
    assert announced(driver)


@pytest.mark.parametrize("mode", ["device", "per_entity"])
def test_who_was_there_first_announces_everything_again_once_the_other_machine_is_not_heard(mode: str):
    """A copy with another version of the plugin may have announced the device in the meantime."""
    driver = settled(ha_discovery_mode=mode)
    ours = announced(driver)
    run_another(driver, SMALLER)
    for topic in ours:
        del driver.retained[topic]
    driver.advance(LONGEST_GAP_S + 10)
    assert announced(driver) == ours


def test_who_was_there_first_announces_its_changes_at_once():
    driver = settled()
    run_another(driver, SMALLER)
    driver.handle(Renamed("Attic"))
    assert any(b"Attic" in publish.payload for publish in driver.advance(COALESCE_S + 0.5) if publish.topic == TOPIC)
