"""The life cycle of the connection: its states, what moves it between them, and what is published after it was lost."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoprint_temp_eta.bridge.broker.connect_settings import topics_of
from octoprint_temp_eta.bridge.broker.connection import Connection
from octoprint_temp_eta.bridge.broker.former_bases import FormerBases
from octoprint_temp_eta.bridge.broker.states import State
from octoprint_temp_eta.bridge.other_plugins import OtherPlugins
from octoprint_temp_eta.bridge.outbox.in_flight import ACK_TIMEOUT_S
from octoprint_temp_eta.bridge.outbox.outbox import Outbox
from octoprint_temp_eta.bridge.outbox.publish_policy import CONTINUED_S
from octoprint_temp_eta.bridge.protocol.effects import Connect, Disconnect, Effect, Log, Subscribe
from octoprint_temp_eta.bridge.protocol.inputs import (
    BrokerConnected,
    BrokerLost,
    BrokerRefused,
    Delivered,
    Input,
    MessageArrived,
    Started,
    Stopping,
)
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.messages.encode import instant
from octoprint_temp_eta.settings.table import parse
from tests.support import curves
from tests.support.bridge_driver import IDENTITY, INSTANCE, BridgeDriver, connected, heating, logged

SETTINGS = {"mqtt_broker_host": "broker.test", "mqtt_custom_identifier": "ender"}
ACCEPTED = BrokerConnected(1, "broker.test", 1883, "5")
OTHER = replace(IDENTITY, machine="0000000000000000", boot_id="0", host="other")


class Driver:
    """A connection on its own, and the effects of the last input."""

    def __init__(self, **settings: Any) -> None:
        self.settings = parse(SETTINGS | settings)
        self.outbox = Outbox(topics_of(self.settings), IDENTITY.boot_id)
        former_bases = FormerBases(self.outbox, IDENTITY, self.settings)
        self.connection = Connection(self.outbox, IDENTITY, self.settings, OtherPlugins(self.outbox), former_bases)
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


def test_the_error_of_the_former_settings_is_cleared_once_others_connect():
    driver = Driver()
    driver.handle(Started(), ACCEPTED, BrokerLost(1, "The connection is lost."))
    driver.configure(mqtt_broker_host="other.test")
    assert driver.connection.last_error == "The connection is lost."
    driver.handle(replace(ACCEPTED, link=2, host="other.test"))
    assert driver.connection.last_error is None
    driver.handle(BrokerLost(2, "Lost again."), replace(ACCEPTED, link=3, host="other.test"))
    assert driver.connection.last_error == "Lost again."


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
    assert driver.handle(driver.info(OTHER), driver.info(IDENTITY)) == []
    effects = driver.handle(driver.info(OTHER))
    assert Disconnect() in effects
    assert driver.connection.state is State.LEFT
    assert "other" in (driver.connection.conflict.text or "")
    assert driver.connection.last_error == driver.connection.conflict.text
    assert kinds(driver.configure(mqtt_custom_identifier="prusa")) == [Disconnect, Connect]
    assert (driver.connection.state, driver.connection.conflict.text) == (State.CONNECTING, None)


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


def test_a_former_broker_gets_offline_before_the_topics_are_cleared():
    driver = connected()
    driver.change_settings(mqtt_broker_host="another", mqtt_custom_identifier="another")
    leave = driver.of(Disconnect)[-1]
    status = [message.payload for message in leave.last_messages if message.topic == f"{BASE}/status"]
    assert status == [b"offline", b""]


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


BASE = f"octoprint/temp_eta/{INSTANCE}"


def test_a_broker_without_states_receives_all_of_them():
    driver = heating()
    driver.advance(10)
    before = set(driver.retained)
    driver.lose()
    driver.heat("bed", curves.heating(60.0, start=40.0, hold=10.0))
    driver.connect(forget=True)
    assert before - {topic for topic in before if "homeassistant" in topic} <= set(driver.retained)
    assert driver.state("eta", heater="bed")["state"] == "at_target"
    assert driver.state("status") == "online"


def test_while_offline_nothing_is_published_and_old_events_are_dropped():
    driver = heating()
    driver.lose()
    driver.heat("bed", curves.resting(36.0, lasting=5))
    driver.advance(60)
    driver.heat("bed", curves.resting(36.0, 60.0, lasting=5))
    mark = len(driver.sent)
    driver.connect()
    assert [body["state"] for body in driver.bodies("state_change", since=mark)] == ["heating"]
    driver.advance(1)
    assert driver.state("diagnostics")["events_dropped"]["state_change"] == 1


def test_each_reconnect_is_counted_and_published():
    driver = BridgeDriver()
    for _ in range(3):
        driver.connect()
        driver.lose()
    driver.connect()
    driver.advance(1)
    assert driver.state("diagnostics")["connections"] == 4
    assert len(logged(driver, logging.INFO)) == 4


def test_the_same_trouble_is_logged_once():
    driver = BridgeDriver()
    for _ in range(20):
        driver.lose("TCP: broker.test:1883 refuses the connection: is the broker running?")
    driver.lose("TCP: broker.test:1883 does not answer")
    assert len(logged(driver, logging.WARNING)) == 2
    driver.connect()
    driver.lose("TCP: broker.test:1883 does not answer")
    assert len(logged(driver, logging.WARNING)) == 3
    assert driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] == "TCP: broker.test:1883 does not answer"


def test_what_is_refused_on_a_connection_does_not_end_it():
    driver = heating()
    driver.handle(BrokerRefused("Not permitted to subscribe"))
    driver.advance(61)
    assert driver.state("diagnostics")["last_error"] == "Not permitted to subscribe"
    assert driver.bridge.snapshot(driver.now)["mqtt"]["connected"] is True


def test_a_try_that_was_given_up_long_ago_does_not_end_the_connection():
    driver = heating()
    driver.change_settings(mqtt_broker_host="other")
    driver.connect()
    driver.handle(BrokerLost(1, "TCP: broker.test:1883 does not answer"))
    mark = len(driver.sent)
    driver.heat("bed", curves.heating(60.0, start=40.0)[:10])
    assert driver.bodies("eta", since=mark)


def test_a_connection_that_the_adapter_has_given_up_is_requested_again_after_its_pause():
    driver = BridgeDriver()
    driver.handle(
        BrokerLost(1, "The connection could not be started: can't start new thread", pause=30.0, given_up=True)
    )
    assert driver.bridge.snapshot(driver.now)["mqtt"]["retry_at"] == instant(driver.now.wall + 30)
    driver.advance(29)
    assert len(driver.of(Connect)) == 1
    driver.advance(1)
    assert len(driver.of(Connect)) == 2
    driver.handle(BrokerLost(2, "The connection is lost", pause=30.0))
    driver.advance(120)
    assert len(driver.of(Connect)) == 2


def test_a_connection_that_was_given_up_is_not_requested_again_once_it_is_not_wanted():
    driver = BridgeDriver()
    driver.handle(BrokerLost(1, "The connection could not be started", pause=30.0, given_up=True))
    driver.change_settings(mqtt_enabled=False)
    driver.advance(60)
    assert len(driver.of(Connect)) == 1


def test_a_broker_without_acknowledgements_is_reconnected():
    driver = heating()
    driver.acknowledges = False
    driver.heat("bed", curves.heating(60.0, start=36.0, rate=0.1)[: int(ACK_TIMEOUT_S)])
    before = len(driver.of(Connect))
    driver.advance(5)
    assert len(driver.of(Connect)) == before + 1
    assert driver.bridge.snapshot(driver.now)["mqtt"]["connected"] is False
    assert driver.bridge.snapshot(driver.now)["mqtt"]["broker"] is None
    driver.acknowledges = True
    driver.connect()
    driver.advance(2)
    assert driver.state("eta", heater="bed")["actual"] == pytest.approx(37.9, abs=0.6)


def test_a_late_acknowledgement_of_the_previous_connection_is_ignored():
    driver = heating()
    driver.acknowledges = False
    old = driver.link
    assert old is not None
    driver.lose()
    driver.connect()
    newest = driver.sent[-1][1].token
    assert newest is not None
    driver.handle(Delivered(old, newest))
    driver.advance(ACK_TIMEOUT_S + 1)
    assert len(driver.of(Connect)) == 2


@settings(max_examples=25)
@given(
    breaks=st.lists(
        st.sampled_from(["lose", "connect", "forget", "freeze", "thaw", "printer", "silence", "move", "move back"]),
        max_size=12,
    )
)
def test_whatever_befalls_the_broker_in_the_end_holds_what_is_true(breaks: list[str]):
    driver = heating(mqtt_publish_interval=1)
    actual = 37.0
    for event in breaks:
        if event == "lose" and driver.link is not None:
            driver.lose()
        elif event in ("connect", "forget"):
            driver.connect(forget=event == "forget")
        elif event in ("freeze", "thaw"):
            driver.acknowledges = event == "thaw"
        elif event == "printer":
            driver.printer(connected=False, state="OFFLINE")
            driver.printer()
        elif event == "silence":
            driver.advance(130)
        elif event in ("move", "move back"):
            driver.change_settings(mqtt_base_topic="farm/eta" if event == "move" else "octoprint/temp_eta")
        actual += 0.5
        driver.heat("bed", [(1, actual, 60.0), (2, actual, 60.0)])
    driver.acknowledges = True
    driver.connect()
    driver.heat("bed", [(1, 42.0, 60.0), (CONTINUED_S, 42.0, 60.0), (CONTINUED_S + 2, 42.0, 60.0)])
    assert driver.state("status") == "online"
    assert driver.state("eta", heater="bed")["actual"] == 42.0
    assert driver.state("eta", heater="bed")["state"] == "heating"
    assert driver.state("printer")["connected"] is True
    ours = [topic for topic in driver.retained if not topic.startswith("homeassistant/")]
    assert not [topic for topic in ours if not topic.startswith(f"{driver.base}/")]


@pytest.mark.parametrize(
    ("topic", "consequence"),
    [
        (f"{BASE}/command/#", " Commands will not arrive."),
        ("homeassistant/status", " The bridge does not notice when Home Assistant starts."),
        (f"{BASE}/info", ""),
    ],
)
def test_a_refused_subscription_is_reported_with_its_consequence(topic: str, consequence: str):
    driver = heating()
    driver.handle(BrokerRefused(f"Not permitted to subscribe to {topic}.", topic))
    assert logged(driver, logging.WARNING) == [f"Not permitted to subscribe to {topic}.{consequence}"]


def test_home_assistants_status_is_subscribed_to_only_while_discovery_is_on():
    driver = BridgeDriver(ha_discovery_enabled=False)
    [connect] = driver.of(Connect)
    assert connect.subscriptions == (f"{BASE}/command/#", f"{BASE}/info")
    driver.connect()
    effects = driver.change_settings(ha_discovery_enabled=True)
    wanted = (f"{BASE}/command/#", "homeassistant/status", f"{BASE}/info")
    assert [effect for effect in effects if isinstance(effect, Subscribe)] == [Subscribe(wanted)]
    assert driver.of(Disconnect) == [], "the connection stays"
    effects = driver.change_settings(ha_discovery_enabled=False)
    assert [effect for effect in effects if isinstance(effect, Subscribe)] == [Subscribe(connect.subscriptions)]
    assert driver.change_settings(mqtt_publish_interval=7) == []
