"""The life cycle of the connection: its states, and what moves it between them."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, replace
from typing import Any

import pytest

from octoprint_temp_eta.bridge.broker.connection import MOVES, Connection, Event, State, topics_of
from octoprint_temp_eta.bridge.outbox.outbox import ACK_TIMEOUT_S, Outbox
from octoprint_temp_eta.bridge.protocol.effects import Connect, Disconnect, Effect, Log
from octoprint_temp_eta.bridge.protocol.inputs import (
    BrokerConnected,
    BrokerLost,
    Input,
    MessageArrived,
    Started,
    Stopping,
)
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.settings.table import parse
from tests.support.bridge_driver import IDENTITY

SETTINGS = {"mqtt_broker_host": "broker.test", "mqtt_custom_identifier": "ender"}
ACCEPTED = BrokerConnected(1, "broker.test", 1883, "5")
OTHER = replace(IDENTITY, machine="0", boot_id="0", host="other")


class Driver:
    """A connection on its own, and the effects of the last input."""

    def __init__(self, **settings: Any) -> None:
        self.settings = parse(SETTINGS | settings)
        self.outbox = Outbox(topics_of(self.settings), IDENTITY.boot_id)
        self.connection = Connection(self.outbox, IDENTITY, self.settings)
        self.at = 0.0

    @property
    def now(self) -> Now:
        return Now(self.at, 1_795_188_600.0 + self.at)

    def handle(self, *events: Input) -> list[Effect]:
        effects: list[Effect] = []
        for event in events:
            effects = self.connection.inputs[type(event)](event, self.now)
        return effects

    def configure(self, **settings: Any) -> list[Effect]:
        self.settings = parse(SETTINGS | settings)
        return self.connection.configure(self.settings, self.now)

    def info(self, identity: Any) -> MessageArrived:
        return MessageArrived(self.outbox.topics.of("info"), json.dumps(asdict(identity)).encode())


def kinds(effects: list[Effect]) -> list[type]:
    return [type(effect) for effect in effects]


def test_it_connects_waits_and_is_connected_again():
    driver = Driver()
    assert driver.connection.state is State.OFF
    assert kinds(driver.handle(Started())) == [Connect]
    assert driver.connection.state is State.CONNECTING
    driver.handle(ACCEPTED)
    assert (driver.connection.state, driver.outbox.connected) == (State.CONNECTED, True)
    driver.handle(BrokerLost(1, "The connection is lost."))
    assert (driver.connection.state, driver.outbox.connected) == (State.WAITING, False)
    assert driver.connection.last_error == "The connection is lost."
    driver.handle(replace(ACCEPTED, link=2))
    assert driver.connection.state is State.CONNECTED
    assert driver.connection.connections == 2


def test_without_a_broker_it_stays_off():
    driver = Driver(mqtt_broker_host="")
    assert driver.handle(Started()) == []
    assert driver.connection.state is State.OFF


def test_a_connection_that_comes_after_it_was_switched_off_is_ignored_and_logged():
    driver = Driver()
    driver.handle(Started())
    assert kinds(driver.configure(mqtt_enabled=False)) == [Disconnect]
    [log] = driver.handle(ACCEPTED)
    assert log == Log(logging.DEBUG, "The connection is off: ignoring the event accepted")
    assert (driver.connection.state, driver.outbox.connected) == (State.OFF, False)
    assert driver.connection.connections == 0


def test_it_leaves_another_machine_its_identity_until_the_settings_change():
    driver = Driver()
    driver.handle(Started(), ACCEPTED, driver.info(IDENTITY))
    effects = driver.handle(driver.info(OTHER))
    assert Disconnect() in effects
    assert driver.connection.state is State.LEFT
    assert "other" in (driver.connection.conflict or "")
    assert driver.connection.last_error == driver.connection.conflict
    assert kinds(driver.configure(mqtt_custom_identifier="prusa")) == [Disconnect, Connect]
    assert (driver.connection.state, driver.connection.conflict) == (State.CONNECTING, None)


def test_a_broker_that_stops_acknowledging_is_connected_to_again():
    driver = Driver()
    driver.handle(Started(), ACCEPTED)
    list(driver.outbox.drain(driver.now))
    driver.at = ACK_TIMEOUT_S + 1
    effects = driver.connection.tick(driver.now)
    assert kinds(effects)[-1] is Connect
    assert driver.connection.state is State.CONNECTING
    assert "acknowledging" in (driver.connection.last_error or "")


def test_it_stops_with_the_offline_message():
    driver = Driver()
    driver.handle(Started(), ACCEPTED)
    leave = driver.handle(Stopping())[-1]
    assert isinstance(leave, Disconnect)
    assert [message.payload for message in leave.last_messages] == [b"offline"]
    assert driver.connection.state is State.OFF


@pytest.mark.parametrize("state", State)
def test_every_state_can_be_left(state: State):
    assert {Event.CONNECT, Event.DISCONNECT} <= MOVES[state].keys()


def test_a_certificate_that_is_not_verified_is_a_warning_in_log_page_and_snapshot():
    driver = Driver(mqtt_use_tls=True, mqtt_tls_insecure=True)
    driver.handle(Started())
    assert driver.connection.warnings == ()
    logs = [effect for effect in driver.handle(ACCEPTED) if isinstance(effect, Log)]
    (warning,) = driver.connection.warnings
    assert "The certificate of broker.test:1883 is not verified" in warning
    assert [log.text for log in logs if log.level == logging.WARNING] == [warning]
    assert driver.connection.snapshot(driver.now)["mqtt"]["warnings"] == [warning]


@pytest.mark.parametrize("settings", [{"mqtt_use_tls": True}, {"mqtt_tls_insecure": True}])
def test_a_connection_without_tls_or_with_a_verified_certificate_has_no_warning(settings: dict[str, Any]):
    driver = Driver(**settings)
    driver.handle(Started(), ACCEPTED)
    assert driver.connection.warnings == ()
