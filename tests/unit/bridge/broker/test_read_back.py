"""Waiting for our own `info` on each connection."""

from __future__ import annotations

import logging

from octoprint_temp_eta.bridge.broker.read_back import (
    ASK_AFTER_S,
    ASK_EVERY_S,
    ASKS,
    READ_BACK_S,
    ReadBack,
    explain,
)
from octoprint_temp_eta.bridge.outbox.suspects import LASTS_S, PAUSE_S
from octoprint_temp_eta.bridge.protocol.effects import Connect, Page
from octoprint_temp_eta.bridge.protocol.inputs import Answer, MessageArrived
from octoprint_temp_eta.core.clock import Now
from tests.support.bridge_driver import INSTANCE, BridgeDriver, logged


def at(seconds: float) -> Now:
    return Now(seconds, seconds)


def test_info_that_comes_back_is_not_missing():
    read_back = ReadBack()
    read_back.connected(at(0))
    read_back.arrived(at(1))
    assert not read_back.tick(at(READ_BACK_S + 1))
    assert not read_back.missing


def test_info_that_does_not_come_back_is_reported_once_for_each_connection():
    read_back = ReadBack()
    for start in (0.0, 100.0):
        read_back.connected(at(start))
        assert not read_back.tick(at(start + READ_BACK_S - 0.1))
        assert read_back.tick(at(start + READ_BACK_S))
        assert read_back.missing
        assert not read_back.tick(at(start + READ_BACK_S + 1))


def test_info_that_comes_late_ends_the_problem():
    read_back = ReadBack()
    read_back.connected(at(0))
    read_back.tick(at(READ_BACK_S))
    read_back.arrived(at(1))
    assert not read_back.missing


def test_without_a_connection_nothing_is_missing():
    read_back = ReadBack()
    assert not read_back.tick(at(1000))
    read_back.connected(at(0))
    read_back.ended()
    assert not read_back.tick(at(1000))


def test_the_explanation_has_consequence_and_remedy():
    text = explain("octoprint/temp_eta/ender")
    assert "octoprint/temp_eta/ender/info did not come back within 10 s" in text
    assert "Commands will not arrive. Allow the user to read octoprint/temp_eta/ender/# (ACL)." in text


def test_a_broker_that_delivers_nothing_is_reported_with_the_remedy():
    driver = BridgeDriver()
    driver.delivers = False
    driver.connect()
    driver.advance(READ_BACK_S - 1)
    assert logged(driver, logging.WARNING) == []
    driver.advance(1)
    [warning] = logged(driver, logging.WARNING)
    assert f"Commands will not arrive. Allow the user to read octoprint/temp_eta/{INSTANCE}/# (ACL)." in warning
    assert driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] == warning
    assert warning in [page.message["message"] for page in driver.of(Page) if page.message["type"] == "notification"]
    driver.advance(61)
    assert driver.state("diagnostics")["last_error"] == warning


def test_a_command_that_arrives_ends_the_problem():
    """The user's permissions were corrected: the broker does not say so."""
    driver = BridgeDriver()
    driver.delivers = False
    driver.connect()
    driver.advance(READ_BACK_S)
    assert "Commands will not arrive." in driver.bridge.snapshot(driver.now)["mqtt"]["last_error"]
    driver.command("snapshot")
    assert driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] is None


def test_a_broker_that_delivers_is_not_reported():
    driver = BridgeDriver()
    driver.connect()
    driver.advance(60)
    assert logged(driver, logging.WARNING) == []


def test_a_connection_that_ends_before_info_can_come_back_is_not_reported():
    driver = BridgeDriver()
    driver.delivers = False
    driver.connect()
    driver.lose()
    driver.advance(60)
    assert [text for text in logged(driver, logging.WARNING) if "ACL" in text] == []


def test_a_broker_that_stops_delivering_is_connected_to_again_and_reported():
    """Such as when the user's permissions change."""
    driver = BridgeDriver()
    driver.connect()
    driver.advance(300)
    connects = len(driver.of(Connect))
    driver.delivers = False
    driver.advance(2 * ASK_AFTER_S + ASKS * ASK_EVERY_S)
    assert len(driver.of(Connect)) == connects + 1
    assert "The broker has stopped delivering messages: connecting anew" in logged(driver, logging.WARNING)
    driver.connect()
    driver.advance(READ_BACK_S)
    assert "Commands will not arrive." in driver.bridge.snapshot(driver.now)["mqtt"]["last_error"]
    driver.advance(600)
    assert len(driver.of(Connect)) == connects + 1, "one on which nothing ever arrived stays"


def test_info_that_has_become_too_large_is_no_sign_of_a_broker_that_does_not_deliver():
    driver = BridgeDriver()
    driver.connect()
    driver.advance(30)
    connects = len(driver.of(Connect))
    driver.answers_on, driver.answer = driver.topic("diagnostics"), Answer.TOO_LARGE
    driver.advance(10 * ASK_AFTER_S)
    assert len(driver.of(Connect)) == connects


def test_info_that_is_held_back_is_no_sign_of_a_broker_that_does_not_deliver():
    driver = BridgeDriver()
    driver.silent_on = (driver.topic("info"),)
    for _ in range(2):
        driver.connect()
        driver.advance(1)
        driver.lose()
    for retry in range(7):  # until it is held back for longer than this test takes
        driver.skip(PAUSE_S * 2**retry)
        driver.connect()
        driver.advance(LASTS_S + 1)
        driver.lose()
    driver.connect()
    driver.handle(MessageArrived(driver.topic("info"), driver.retained[driver.topic("info")]))
    connects = len(driver.of(Connect))
    driver.advance(10 * ASK_AFTER_S)
    assert len(driver.of(Connect)) == connects


def test_while_commands_arrive_info_is_not_published_again():
    driver = BridgeDriver()
    driver.connect()
    driver.advance(30)
    driver.delivers = False
    mark = len(driver.sent)
    for _ in range(20):
        driver.handle(MessageArrived(driver.topic("command/reset"), b""))
        driver.advance(ASK_AFTER_S - 1)
    assert driver.topic("info") not in [publish.topic for _, publish in driver.sent[mark:]]
    assert logged(driver, logging.WARNING) == []


def test_a_broker_that_refuses_info_alone_is_connected_to_again_ever_more_rarely():
    """The retained one of before is delivered at each connection."""
    driver = BridgeDriver()
    driver.connect()
    driver.advance(30)
    old = driver.retained[driver.topic("info")]
    driver.delivers = False
    connects = len(driver.of(Connect))
    for _ in range(60):
        before = len(driver.of(Connect))
        driver.advance(ASK_AFTER_S)
        if len(driver.of(Connect)) > before:
            driver.connect()
            driver.handle(MessageArrived(driver.topic("info"), old))
    assert 3 <= len(driver.of(Connect)) - connects <= 6


def test_a_reply_ends_the_growing_pauses():
    read_back = ReadBack()
    read_back.connected(at(0))
    read_back.arrived(at(0))
    for seconds in (ASK_AFTER_S, ASK_AFTER_S + ASK_EVERY_S, ASK_AFTER_S + 2 * ASK_EVERY_S):
        assert read_back.asks(at(seconds))
    assert read_back.dead
    read_back.connected(at(200))
    read_back.arrived(at(200))
    assert not read_back.asks(at(200 + ASK_AFTER_S))
    assert read_back.asks(at(200 + 2 * ASK_AFTER_S))
    read_back.arrived(at(400))
    assert read_back.asks(at(400 + ASK_AFTER_S))


def test_info_that_is_handled_after_the_end_of_its_connection_makes_no_new_one():
    driver = BridgeDriver()
    driver.connect()
    driver.advance(30)
    info = MessageArrived(driver.topic("info"), driver.retained[driver.topic("info")])
    connects = len(driver.of(Connect))
    driver.lose()
    driver.handle(info)
    driver.advance(10 * ASK_AFTER_S)
    driver.change_settings(mqtt_enabled=False)
    driver.handle(info)
    driver.advance(10 * ASK_AFTER_S)
    assert len(driver.of(Connect)) == connects
