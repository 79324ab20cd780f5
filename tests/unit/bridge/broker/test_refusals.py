"""Refusals on a connection that continues: known ones, and those that have ended."""

from __future__ import annotations

import logging

from octoprint_temp_eta.bridge.broker.refusals import MOST_TOPICS, Refusals
from octoprint_temp_eta.bridge.outbox.pauses import FIRST_FOR_GOOD_S, LONGEST_FOR_GOOD_S
from octoprint_temp_eta.bridge.protocol.effects import Connect
from octoprint_temp_eta.bridge.protocol.inputs import Answer, BrokerRefused, SubscriptionGranted
from tests.support.bridge_driver import BridgeDriver, logged


def refused(topic: str, reason: str = "") -> BrokerRefused:
    return BrokerRefused(reason or f"Not permitted to publish to {topic}", topic, published=True)


def test_a_refusal_is_new_once_for_each_topic_and_reason():
    refusals = Refusals()
    new = [refusals.is_new(refused(topic)) for topic in ("a", "b", "a", "b")]
    assert new == [True, True, False, False]
    assert refusals.is_new(refused("a", "another reason"))
    refusals.connected()
    assert refusals.is_new(refused("b"))


def test_a_subscription_is_always_new_and_no_message_ends_its_error():
    refusals = Refusals()
    event = BrokerRefused("Not permitted to subscribe to a", "a")
    assert [refusals.is_new(event) for _ in range(2)] == [True, True]
    assert refusals.accepted("a", event.reason) == event.reason


def test_a_granted_subscription_ends_its_error():
    refusals = Refusals()
    first, second = (BrokerRefused(f"Not permitted to subscribe to {topic}", topic) for topic in "ab")
    for event in (first, second, refused("c")):
        refusals.is_new(event)
    assert refusals.newest == second.reason
    assert refusals.granted("b", second.reason) == first.reason
    assert refusals.granted("a", "another error") == "another error"
    assert refusals.newest == refused("c").reason


def test_a_subscription_that_is_not_wanted_any_more_is_no_problem():
    refusals = Refusals()
    for topic in "ab":
        refusals.is_new(BrokerRefused(f"Not permitted to subscribe to {topic}", topic))
    refusals.only(["a", "c"])
    assert refusals.newest == "Not permitted to subscribe to a"


def test_the_error_ends_when_one_refused_topic_is_accepted_and_what_is_still_refused_is_new():
    refusals = Refusals()
    for topic in ("a", "b", "c"):
        refusals.is_new(refused(topic))
    error = refusals.newest
    assert error == refused("c").reason
    assert refusals.accepted("unknown", error) == error
    assert refusals.accepted(None, error) == error
    assert refusals.accepted("a", error) is None
    assert refusals.newest is None
    assert refusals.is_new(refused("b"))


def test_another_error_stays():
    refusals = Refusals()
    refusals.is_new(refused("a"))
    assert refusals.accepted("a", "another error") == "another error"


def test_the_number_of_topics_is_limited():
    refusals = Refusals()
    for number in range(2 * MOST_TOPICS):
        refusals.is_new(refused(str(number)))
    assert not refusals.is_new(refused(str(MOST_TOPICS)))
    assert refusals.is_new(refused("0"))


# In the bridge


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


def test_the_error_that_nothing_arrives_ends_when_our_own_info_arrives():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.answer, driver.answers_on, driver.delivers = Answer.REFUSED, driver.topic("info"), False
    driver.connect()
    driver.advance(20)
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert "delivers no messages" in mqtt["last_error"]
    assert mqtt["problem"] == mqtt["last_error"]
    driver.answer, driver.delivers = Answer.ACCEPTED, True
    driver.advance(FIRST_FOR_GOOD_S)
    assert driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] is None
