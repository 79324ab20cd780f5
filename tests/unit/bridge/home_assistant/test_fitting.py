"""The announcement fits the broker's Maximum Packet Size, and goes back to the device form where that fits."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest

from ha_discovery import Form
from octoprint_temp_eta.bridge.home_assistant.fitting import Fitted, fit
from octoprint_temp_eta.bridge.outbox.send_limits import SendLimits
from octoprint_temp_eta.bridge.protocol.effects import Log, Save
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected
from octoprint_temp_eta.home_assistant.device import announcement
from tests.support.announced_printer import FACTS, OFFER, TOPICS
from tests.support.announcements import SETTLE_S, idle, settled
from tests.support.bridge_driver import INSTANCE, BridgeDriver, connected

TOPIC = f"homeassistant/device/temp_eta_{INSTANCE}/config"
WANTED = announcement(FACTS, TOPICS, OFFER, prefix="homeassistant", form=Form.DEVICE)
SIZE = len(WANTED.messages[0].payload.encode())


def limited(maximum_packet_size: int | None) -> SendLimits:
    """Return the limits on a connection to a broker with this one."""
    limits = SendLimits()
    limits.connected(BrokerConnected(1, "broker.test", 1883, "5", maximum_packet_size))
    return limits


@pytest.mark.parametrize("limit", [None, SIZE + 500])
def test_the_device_form_is_kept_where_it_fits(limit: int | None):
    assert fit(WANTED, limited(limit)) == Fitted(WANTED)


def test_a_device_message_that_is_too_large_is_split_and_the_reason_is_reported():
    fitted = fit(WANTED, limited(8192))
    assert fitted.announcement == replace(WANTED, form=Form.SINGLE)
    assert fitted.problem is not None
    assert "8192" in fitted.problem
    assert "max_packet_size" in fitted.problem
    assert "left out" not in fitted.problem


def test_an_entity_that_does_not_fit_on_its_own_is_left_out():
    fitted = fit(WANTED, limited(1000))
    assert all(len(message.payload.encode()) < 1000 for message in fitted.announcement.messages)
    kept = len(fitted.announcement.config.components)
    assert 0 < kept < len(WANTED.config.components)
    assert f"{len(WANTED.config.components) - kept} entities do not fit" in str(fitted.problem)


def announced(driver: BridgeDriver) -> set[str]:
    return {topic for topic in driver.retained if topic.startswith("homeassistant/")}


def reconnect(driver: BridgeDriver, limit: int | None) -> None:
    driver.lose()
    driver.connect(maximum_packet_size=limit)
    driver.advance(60)


def test_the_form_follows_the_limit_of_each_connection_and_leaves_nothing_behind():
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    driver.advance(60)
    assert announced(driver) == {TOPIC}
    reconnect(driver, 8192)
    single = announced(driver)
    assert TOPIC not in single
    assert f"homeassistant/sensor/temp_eta_{INSTANCE}/bed_state/config" in single
    assert all(len(driver.retained[topic]) < 8192 for topic in single)
    [warning] = [log for log in driver.of(Log) if "8192" in log.text]
    assert warning.level == logging.WARNING
    reconnect(driver, None)
    assert announced(driver) == {TOPIC}
    # nothing is left to remove but what Home Assistant may have missed
    record = {save.name: save.value for save in driver.of(Save)}["announced"]
    assert {place["form"] for place in record["places"]} == {"device"}
    assert record["departed"] == []
    assert json.loads(driver.retained[TOPIC])["components"]


def test_no_message_of_a_change_of_form_is_larger_than_the_limit():
    driver = connected()
    driver.read(bed=(22.0, 0.0), tool0=(22.0, 0.0))
    driver.advance(60)
    mark = len(driver.sent)
    reconnect(driver, 8192)
    assert max(len(publish.payload) for _, publish in driver.sent[mark:]) < 8192


def test_entities_are_announced_one_by_one_where_the_device_message_exceeds_the_packet_limit():
    driver = settled()
    assert TOPIC in driver.retained
    names = set(json.loads(driver.retained[TOPIC])["components"])
    mark = len(driver.sent)
    driver.lose()
    driver.connect(maximum_packet_size=4096)
    idle(driver, 3 * SETTLE_S)
    configs = [topic for topic, payload in driver.retained.items() if topic.endswith("/config") and payload]
    assert TOPIC not in configs
    assert len(configs) == len(names)
    assert max(len(publish.payload) for _, publish in driver.sent[mark:]) < 4096
    assert not [log for log in driver.of(Log) if "is not sent" in log.text]
    driver.lose()
    driver.connect()
    idle(driver, 3 * SETTLE_S)
    assert set(json.loads(driver.retained[TOPIC])["components"]) == names, "without the limit as one device again"
