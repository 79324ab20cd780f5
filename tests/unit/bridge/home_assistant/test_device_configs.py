"""Two bridges with the same printer ID and different base topics: neither removes what the other has announced."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from octoprint_temp_eta.bridge.home_assistant.device_configs import BROKEN_S, MOST_BROKEN, RESOLVED_S, SETTLE_S
from octoprint_temp_eta.bridge.outbox.pauses import LONGEST_PAUSE_S
from octoprint_temp_eta.bridge.protocol.effects import Log, Save
from octoprint_temp_eta.bridge.protocol.inputs import BrokerRefused, MessageArrived
from tests.support.bridge_driver import INSTANCE, BridgeDriver, connected, logged
from tests.unit.bridge.home_assistant.test_discovery import announcements, saved, settle

TOPIC = f"homeassistant/device/temp_eta_{INSTANCE}/config"
BASE, OTHER = f"octoprint/temp_eta/{INSTANCE}", f"farm/p2/{INSTANCE}"


def announced(**settings: Any) -> BridgeDriver:
    driver = connected(**settings)
    driver.read(bed=(22.0, 0.0))
    settle(driver)
    return driver


def of_another(driver: BridgeDriver) -> bytes:
    return driver.retained[TOPIC].replace(BASE.encode(), OTHER.encode())


def arrives(driver: BridgeDriver, payload: bytes, *, retained: bool = False) -> None:
    """Let somebody else publish on the topic of our device."""
    driver.retained[TOPIC] = payload
    driver.handle(MessageArrived(TOPIC, payload, retained=retained))


def problem(driver: BridgeDriver) -> str:
    return str(driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] or "")


def subscribes(driver: BridgeDriver) -> bool:
    return TOPIC in driver.subscribed


def test_a_device_that_somebody_has_cleared_is_announced_again_with_its_states():
    driver = announced()
    arrives(driver, b"")
    mark = len(driver.sent)
    driver.advance(SETTLE_S - 1)
    assert announcements(driver, mark) == []
    driver.advance(10)
    assert len(announcements(driver, mark)) == 1
    assert f"{BASE}/bed/eta" in {publish.topic for _, publish in driver.sent[mark:]}
    assert not logged(driver, logging.WARNING)


def test_a_device_that_is_cleared_each_time_is_announced_ever_more_rarely():
    driver, hour = announced(), 3600
    mark, end = len(driver.sent), driver.now.at + hour
    while driver.now.at < end:
        arrives(driver, b"")
        driver.advance(SETTLE_S)
    assert 5 < len(announcements(driver, mark)) < 6 + hour / LONGEST_PAUSE_S


def test_what_it_publishes_itself_is_no_reason_to_announce_anything():
    driver = announced()
    mark = len(driver.sent)
    for payload in (driver.retained[TOPIC], b"not JSON \xff", b'{"migrate_discovery":true}'):
        arrives(driver, payload)
    settle(driver)
    assert announcements(driver, mark) == []


def test_another_bridge_is_an_error_and_answered_once():
    driver = announced()
    mark = len(driver.sent)
    for _ in range(3):
        arrives(driver, of_another(driver))
        driver.advance(400, tick=2.0)
        assert "'farm/p2'" in problem(driver)
        assert len(announcements(driver, mark)) == 1
    [text] = logged(driver, logging.WARNING)
    assert f"the printer ID '{INSTANCE}'" in text
    assert "Empty Printer ID" in text


def test_when_the_other_bridge_removes_its_device_ours_is_announced_and_the_error_has_ended():
    driver = announced()
    arrives(driver, of_another(driver))
    driver.advance(60)
    arrives(driver, b"")
    driver.advance(60)
    assert BASE.encode() in driver.retained[TOPIC]
    assert problem(driver) == ""


def test_when_the_other_bridge_is_not_heard_any_more_the_error_ends():
    driver = announced()
    arrives(driver, of_another(driver))
    driver.advance(RESOLVED_S - 10, tick=2.0)
    assert problem(driver)
    driver.advance(20)
    assert problem(driver) == ""


def test_what_was_announced_before_ours_is_no_error():
    driver = announced()
    theirs = of_another(driver)
    driver.lose()
    driver.retained[TOPIC] = theirs
    driver.connect()
    settle(driver)
    assert BASE.encode() in driver.retained[TOPIC]
    assert not logged(driver, logging.WARNING)[1:]


@pytest.mark.parametrize("restarted", [False, True])
def test_who_is_renamed_leaves_the_device_that_another_bridge_has_announced(*, restarted: bool):
    driver = announced()
    driver.retained[TOPIC] = theirs = of_another(driver)
    if restarted:
        remembered = {save.name: save.value for save in driver.of(Save)}
        retained = driver.retained
        driver = BridgeDriver(remembered=remembered, mqtt_custom_identifier="renamed")
        driver.retained = retained
    else:
        driver.change_settings(mqtt_custom_identifier="renamed")
    driver.connect()
    driver.advance(60)
    assert driver.retained[TOPIC] == theirs
    assert "homeassistant/device/temp_eta_renamed/config" in driver.retained
    assert {place["device_id"] for place in saved(driver)["announced"]["places"]} == {"temp_eta_renamed"}
    assert len([log for log in driver.of(Log) if "stays in Home Assistant" in log.text]) == 1
    assert not subscribes(driver)


def test_who_is_renamed_removes_the_device_that_it_has_announced_last():
    driver = announced()
    driver.change_settings(mqtt_custom_identifier="renamed")
    driver.connect()
    driver.advance(60)
    assert TOPIC not in driver.retained


@pytest.mark.parametrize("other", [False, True])
def test_discovery_that_is_turned_off_removes_only_what_we_have_announced(*, other: bool):
    driver = announced()
    if other:
        arrives(driver, of_another(driver))
        driver.advance(1)
    driver.change_settings(ha_discovery_enabled=False)
    driver.advance(60)
    assert (TOPIC in driver.retained) is other
    assert saved(driver)["announced"]["places"] == []


def test_a_broker_that_refuses_the_subscription_is_no_error():
    driver = announced()
    assert subscribes(driver)
    driver.handle(BrokerRefused("not authorized", TOPIC))
    assert problem(driver) == ""
    assert not logged(driver, logging.WARNING)


def test_after_connections_that_ended_at_the_subscription_there_is_none():
    driver = BridgeDriver()
    driver.unreadable = ("homeassistant/",)
    driver.connect()
    settle(driver)
    for _ in range(MOST_BROKEN):
        driver.lose()
        driver.connect()
        driver.advance(BROKEN_S / 2)
        assert subscribes(driver)
    driver.lose()
    driver.connect()
    settle(driver)
    assert not subscribes(driver)


def test_connections_that_end_early_do_not_count_where_messages_arrive():
    driver = announced()
    for _ in range(MOST_BROKEN + 1):
        driver.lose()
        driver.connect()
        driver.advance(BROKEN_S / 2)
    assert subscribes(driver)


@pytest.mark.parametrize("settings", [{"ha_discovery_mode": "per_entity"}, {"mqtt_clean_start": False}])
def test_in_the_single_form_and_with_a_kept_session_it_does_not_look(settings: dict[str, Any]):
    assert not subscribes(announced(**settings))
