"""Somebody else removes our device: it is announced again."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from octoprint_temp_eta.bridge.home_assistant.cleared_device import BROKEN_S, MOST_BROKEN, SETTLE_S
from octoprint_temp_eta.bridge.outbox.pauses import LONGEST_PAUSE_S
from octoprint_temp_eta.bridge.protocol.inputs import BrokerRefused, MessageArrived
from tests.support.bridge_driver import INSTANCE, BridgeDriver, connected, logged
from tests.unit.bridge.home_assistant.test_discovery import announcements, settle

TOPIC = f"homeassistant/device/temp_eta_{INSTANCE}/config"
BASE = f"octoprint/temp_eta/{INSTANCE}"
STATUS = "homeassistant/status"


def announced(**settings: Any) -> BridgeDriver:
    driver = connected(**settings)
    driver.read(bed=(22.0, 0.0))
    settle(driver)
    return driver


def arrives(driver: BridgeDriver, payload: bytes) -> None:
    """Let somebody else publish on the topic of our device."""
    driver.retained[TOPIC] = payload
    driver.handle(MessageArrived(TOPIC, payload))


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


def test_what_is_announced_there_is_no_reason_to_announce_anything():
    driver = announced()
    mark = len(driver.sent)
    others = driver.retained[TOPIC].replace(BASE.encode(), b"farm/p2/other")
    for payload in (driver.retained[TOPIC], others, b"not JSON \xff", b'{"migrate_discovery":true}'):
        arrives(driver, payload)
    settle(driver)
    assert announcements(driver, mark) == []


@pytest.mark.parametrize("changes", [{"mqtt_custom_identifier": "renamed"}, {"ha_discovery_enabled": False}])
def test_a_device_that_we_have_removed_stays_away(changes: dict[str, Any]):
    driver = announced()
    driver.change_settings(**changes)
    driver.connect()
    driver.advance(60)
    assert TOPIC not in driver.retained
    assert not subscribes(driver)


@pytest.mark.parametrize(("topic", "enabled"), [(TOPIC, True), (STATUS, True), (STATUS, False)])
def test_a_refused_subscription_is_an_error_for_the_status_of_home_assistant_only(topic: str, *, enabled: bool):
    driver = announced()
    assert subscribes(driver)
    driver.change_settings(ha_discovery_enabled=enabled)
    driver.advance(30)
    driver.handle(BrokerRefused("not authorized", topic))
    assert bool(problem(driver)) is (topic == STATUS)


@pytest.mark.parametrize("in_sequence", [True, False])
def test_after_connections_in_sequence_that_ended_at_the_subscription_there_is_none(*, in_sequence: bool):
    driver = BridgeDriver()
    driver.unreadable = ("homeassistant/",)
    driver.connect()
    settle(driver)
    for _ in range(MOST_BROKEN):
        driver.lose()
        driver.connect()
        driver.advance(BROKEN_S / 2)
        assert subscribes(driver)
        if not in_sequence:
            driver.lose()
            driver.connect()
            settle(driver)
    driver.lose()
    driver.connect()
    settle(driver)
    assert subscribes(driver) is not in_sequence


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
