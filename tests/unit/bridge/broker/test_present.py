"""The problems of the present connection, in the bridge: reported once, shown, and ended when they have ended."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from octoprint_temp_eta.bridge.outbox.pauses import LONGEST_FOR_GOOD_S
from octoprint_temp_eta.bridge.protocol.effects import Connect
from octoprint_temp_eta.bridge.protocol.inputs import (
    Answer,
    BrokerRefused,
    MessageArrived,
    Renamed,
    SubscriptionGranted,
)
from octoprint_temp_eta.core.scripts.catalogue import Script
from tests.support.bridge_driver import INSTANCE, BridgeDriver, logged


def refused(topic: str) -> BrokerRefused:
    return BrokerRefused(f"Not permitted to publish to {topic}", topic, published=True)


def refuse(driver: BridgeDriver, *messages: str) -> None:
    """Report that the broker has refused these messages."""
    for message in messages:
        topic = driver.topic(message)
        driver.handle(BrokerRefused(f"Not permitted to publish to {topic}", topic, published=True))


def test_a_refusal_that_is_repeated_is_logged_once_and_no_error_any_more_once_the_message_is_accepted():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.answer = Answer.REFUSED
    driver.connect()
    for _ in range(5):
        refuse(driver, "info", "scripts")
        driver.advance(60)
    warnings = [f"Not permitted to publish to {driver.topic(message)}" for message in ("info", "scripts")]
    assert logged(driver, logging.WARNING) == warnings
    assert driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] == warnings[1]
    driver.answer = Answer.ACCEPTED
    driver.advance(LONGEST_FOR_GOOD_S)
    assert {driver.topic("info"), driver.topic("scripts")} <= driver.retained.keys()
    assert driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] is None
    assert len(driver.of(Connect)) == 1


def test_a_refused_subscription_is_a_problem_of_the_connection_until_it_is_granted():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.connect()
    topic = f"{driver.base}/command/#"
    assert driver.bridge.snapshot(driver.now)["mqtt"]["problem"] is None
    driver.handle(BrokerRefused("Not permitted to subscribe.", topic))
    text = "Not permitted to subscribe. Commands will not arrive."
    driver.advance(60)
    assert driver.bridge.snapshot(driver.now)["mqtt"]["problem"] == text
    assert driver.state("diagnostics")["warnings"] == [text]
    driver.handle(SubscriptionGranted(topic))
    driver.advance(60)
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert (mqtt["problem"], mqtt["last_error"]) == (None, None)
    assert driver.state("diagnostics")["warnings"] == []


def test_a_refused_response_topic_is_no_problem_of_the_connection():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.connect()
    driver.handle(refused("nodered/answers/1"))
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert mqtt["problem"] is None
    assert "nodered/answers/1" in mqtt["last_error"]


@pytest.mark.parametrize(("too_large", "ended"), [(True, False), (False, True)])
def test_a_reply_that_the_broker_refused_as_too_large_is_lost_whatever_is_accepted_there_later(too_large, ended):
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.connect()
    driver.handle(replace(refused(driver.topic("response")), too_large=too_large))
    driver.command("reset")
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert (mqtt["last_error"] is None, mqtt["problem"]) == (ended, None)


@pytest.mark.parametrize("topic", ["{base}/info", f"homeassistant/device/temp_eta_{INSTANCE}/config"])
def test_a_state_or_an_announcement_that_the_broker_refused_as_too_large_is_no_error_once_one_is_accepted(topic):
    driver = BridgeDriver()
    driver.connect()
    topic = topic.format(base=driver.base)
    driver.handle(replace(refused(topic), too_large=True))
    assert driver.bridge.snapshot(driver.now)["mqtt"]["problem"] == f"Not permitted to publish to {topic}"
    driver.handle(Renamed("Attic"))
    driver.advance(10)
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert (mqtt["problem"], mqtt["last_error"]) == (None, None)


def test_the_error_that_nothing_arrives_ends_when_our_own_info_arrives():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.delivers = False
    driver.connect()
    driver.advance(20)
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert "delivers no messages" in mqtt["last_error"]
    assert mqtt["problem"] == mqtt["last_error"]
    driver.delivers = True
    driver.handle(MessageArrived(driver.topic("info"), driver.retained[driver.topic("info")]))
    assert driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] is None


def test_an_info_that_the_broker_refuses_is_not_taken_for_messages_that_do_not_arrive():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.answer, driver.answers_on, driver.delivers = Answer.REFUSED, driver.topic("info"), False
    driver.connect()
    refuse(driver, "info")
    driver.advance(60)
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert mqtt["problem"] == mqtt["last_error"] == f"Not permitted to publish to {driver.topic('info')}"


def test_an_info_that_is_too_large_is_not_taken_for_messages_that_do_not_arrive():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.delivers = False
    driver.connect(maximum_packet_size=400)
    driver.advance(60)
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert "/info has" in mqtt["problem"]
    assert f"{driver.topic('info')} has" in "".join(logged(driver, logging.WARNING))
    assert not [text for text in logged(driver, logging.WARNING) if "delivers no messages" in text]


def test_a_broker_without_retained_messages_is_a_problem_of_the_connection():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.connect()
    driver.handle(BrokerRefused("It does not keep retained messages."))
    assert driver.bridge.snapshot(driver.now)["mqtt"]["problem"] == "It does not keep retained messages."


def test_a_message_that_was_too_large_is_no_error_any_more_once_a_smaller_one_arrives():
    driver = BridgeDriver(ha_discovery_enabled=False, script_folder="/s")
    driver.connect(maximum_packet_size=4000)
    driver.found(tuple(Script(f"{number}.py", "x" * 100, f"s{number}") for number in range(50)))
    driver.advance(1)
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert "/scripts has" in mqtt["last_error"]
    assert mqtt["problem"] == mqtt["last_error"]
    driver.found((Script("a.py", "A", "a"),))
    driver.advance(1)
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert (mqtt["last_error"], mqtt["problem"]) == (None, None)
