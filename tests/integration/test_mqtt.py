"""The connection to a real broker that comes and goes. Runs with paho-mqtt 2 and, by a sibling, with 1.6."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import paho.mqtt
import pytest

from octoprint_temp_eta.adapters.broker import connection as adapter
from octoprint_temp_eta.bridge.broker.outbox import WINDOW
from octoprint_temp_eta.bridge.protocol.effects import Disconnect, Publish
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected, BrokerLost, Delivered, MessageArrived
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import OFFLINE, PATIENCE, STATUS, Client5, Link, impatient, link, peer, spec
from tests.support.mqtt_proxy import CONNECT, PUBACK, PUBLISH, UNSUPPORTED, Proxy, kind_of
from tests.support.waiting import eventually, free_port

__all__ = ["impatient", "link", "peer"]


def test_the_library_is_the_one_to_be_tested():
    assert paho.mqtt.__version__.startswith(os.environ.get("PAHO_UNDER_TEST", "2."))


# Connected


def test_a_connection_is_told_with_its_broker_and_version(link: Link, broker: Broker):
    assert link.connect(broker.port) == BrokerConnected(1, "127.0.0.1", broker.port, "5")


def test_messages_arrive_in_order_and_are_acknowledged_by_their_tokens(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port)
    for token in range(WINDOW):
        link.mqtt.publish(Publish("test/bed/eta", str(token).encode(), qos=token % 2, retain=True, token=token))
    for _ in range(WINDOW):
        link.wait_for(Delivered)
    assert {delivered.token for delivered in link.all(Delivered)} == set(range(WINDOW))
    assert {delivered.link for delivered in link.all(Delivered)} == {1}
    peer.wait_for("test/bed/eta", lambda message: message.text == str(WINDOW - 1))
    assert [message.text for message in peer.on("test/bed/eta")] == [str(number) for number in range(WINDOW)]
    with Observer(broker.listener, filters=("test/#",)) as late:
        assert late.wait_for("test/bed/eta").retain


def test_a_message_carries_its_properties(link: Link, broker: Broker):
    with Client5(broker.listener, "my/#") as other:
        link.connect(broker.port)
        reply = Publish("my/answers", b"{}", content_type="application/json", expiry_seconds=300, correlation=b"\0\1")
        link.mqtt.publish(reply)
        properties = other.messages.get(timeout=PATIENCE).properties
    assert (properties.ContentType, properties.CorrelationData) == ("application/json", b"\0\1")
    assert 0 < properties.MessageExpiryInterval <= 300


def test_a_command_comes_with_where_to_answer(link: Link, broker: Broker):
    link.connect(broker.port)
    with Client5(broker.listener) as other:
        other.publish("test/command/reset", b"{}", ResponseTopic="my/answers", CorrelationData=b"42")
    assert link.wait_for(MessageArrived) == MessageArrived("test/command/reset", b"{}", False, "my/answers", b"42")


@pytest.mark.parametrize("version_5", [None, UNSUPPORTED], ids=["5", "3.1.1"])
def test_a_retained_command_is_told_from_a_live_one(
    link: Link, broker: Broker, peer: Observer, version_5: bytes | None
):
    peer.publish("test/command/old", b"1", retain=True)
    with Proxy(broker.listener, version_5=version_5) as proxy:
        link.connect(proxy.port)
        assert link.wait_for(MessageArrived) == MessageArrived("test/command/old", b"1", retained=True)
        peer.publish("test/command/new", b"2", retain=True)
        live = link.wait_for(MessageArrived)
        assert live.topic == "test/command/new"
        assert live.retained is (version_5 is None), "MQTT 5 tells also of a live one that it will be retained"
    for topic in ("old", "new"):
        peer.publish(f"test/command/{topic}", b"", retain=True)


def test_what_is_not_subscribed_to_does_not_come(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port, subscriptions=("test/command/#", "test/birth"))
    peer.publish("test/status", b"x")
    peer.publish("test/birth", b"online")
    assert link.wait_for(MessageArrived).topic == "test/birth"


# The end


def test_a_clean_leave_says_good_bye_once(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port)
    link.mqtt.publish(Publish(STATUS, b"online", 1, retain=True))
    peer.wait_for(STATUS, lambda message: message.text == "online")
    link.mqtt.disconnect(Disconnect((OFFLINE,)))
    link.mqtt.close(PATIENCE)
    peer.wait_for(STATUS, lambda message: message.text == "offline")
    peer.publish("test/end", b"")
    peer.wait_for("test/end")
    assert [message.text for message in peer.on(STATUS)][-2:] == ["online", "offline"]
    assert link.all(BrokerLost) == [], "who leaves has not lost anything"


def test_an_end_that_came_before_the_good_bye_says_it(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port)
    link.mqtt.publish(Publish(STATUS, b"online", 1, retain=True))
    peer.wait_for(STATUS, lambda message: message.text == "online")
    since = peer.mark()
    link.mqtt.close(PATIENCE)
    assert peer.wait_for(STATUS, since=since).text == "offline"


def test_who_dies_is_declared_offline_by_the_broker(broker: Broker, peer: Observer):
    script = (
        "import sys, time; from tests.support.mqtt_link import *; link = Link()\n"
        "link.connect(int(sys.argv[1])); link.mqtt.publish(Publish(STATUS, b'online', 1, retain=True))\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(broker.port)]) as child:
        try:
            peer.wait_for(STATUS, lambda message: message.text == "online", timeout=PATIENCE)
        finally:
            child.send_signal(signal.SIGKILL)
    assert peer.wait_for(STATUS, lambda message: message.text == "offline").text == "offline"
    with Observer(broker.listener, filters=("test/#",)) as late:
        assert late.wait_for(STATUS).text == "offline"


def test_nothing_is_published_after_the_end(link: Link, broker: Broker, peer: Observer):
    link.mqtt.publish(Publish("test/early", b"x"))
    link.connect(broker.port)
    link.mqtt.disconnect(Disconnect())
    link.mqtt.publish(Publish("test/late", b"x"))
    link.mqtt.close(PATIENCE)
    peer.publish("test/end", b"")
    peer.wait_for("test/end")
    assert peer.on("test/early") == peer.on("test/late") == []


def test_to_leave_twice_or_never_connected_does_no_harm(link: Link, broker: Broker):
    link.mqtt.disconnect(Disconnect((OFFLINE,)))
    link.mqtt.close(PATIENCE)
    link.connect(broker.port)
    for _ in range(2):
        link.mqtt.disconnect(Disconnect((OFFLINE,)))
        link.mqtt.close(PATIENCE)


def test_another_connection_replaces_the_first_which_says_good_bye(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port)
    link.mqtt.disconnect(Disconnect((OFFLINE,)))
    connected = link.connect(broker.port, client_id="temp_eta_other")
    assert connected.link > 1
    link.mqtt.publish(Publish(STATUS, b"online", 1, retain=True))
    peer.wait_for(STATUS, lambda message: message.text == "online")
    assert [message.text for message in peer.on(STATUS)][-2:] == ["offline", "online"]


def test_a_connection_that_was_given_up_posts_nothing_more(link: Link, broker: Broker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(adapter, "CONNACK_S", PATIENCE)
    with Proxy(None) as silent:
        link.mqtt.connect(spec(silent.port))
        eventually(lambda: silent.count(CONNECT), "the try to be made")
        connected = link.connect(broker.port)
        assert connected.port == broker.port
        link.mqtt.publish(Publish("test/x", b"x", token=1))
        link.wait_for(Delivered)
    assert link.all(BrokerLost) == []


# A broker that comes and goes


def test_a_broker_that_is_not_there_is_tried_again_until_it_is(link: Link):
    port = free_port()
    link.mqtt.connect(spec(port))
    for _ in range(3):
        assert link.wait_for(BrokerLost).reason == (
            f"TCP: 127.0.0.1:{port} refuses the connection: is the broker running?"
        )
    with Broker(port=port):
        assert link.wait_for(BrokerConnected).port == port


def test_a_name_that_nobody_knows_is_said_to_be_unknown(link: Link):
    link.mqtt.connect(spec(1883, host="no-such-broker.invalid"))
    assert link.wait_for(BrokerLost).reason.startswith("Name look-up: 'no-such-broker.invalid' is not known")


def test_settings_that_the_library_refuses_are_no_crash(link: Link):
    link.mqtt.connect(spec(1883, host=""))
    assert "don't work" in link.wait_for(BrokerLost).reason


def test_a_restarted_broker_is_connected_to_again_as_another_link(link: Link, broker: Broker):
    first = link.connect(broker.port)
    broker.stop()
    lost = link.wait_for(BrokerLost)
    assert lost == BrokerLost(first.link, f"The connection to 127.0.0.1:{broker.port} is lost")
    broker.start()
    second = link.wait_for(BrokerConnected)
    assert second.link > first.link
    link.mqtt.publish(Publish("test/x", b"x", token=7))
    assert link.wait_for(Delivered) == Delivered(second.link, 7)


def test_a_frozen_broker_is_noticed_and_reached_again(link: Link, broker: Broker):
    link.connect(broker.port, keepalive=1)
    broker.freeze()
    try:
        for token in range(16):
            link.mqtt.publish(Publish("test/x", b"x" * 1000, token=token))
        link.wait_for(BrokerLost)
    finally:
        broker.resume()
    link.wait_for(BrokerConnected)


def test_it_can_be_left_while_the_broker_is_frozen(link: Link, broker: Broker):
    link.connect(broker.port)
    broker.freeze()
    try:
        link.mqtt.publish(Publish("test/x", b"x", token=1))
        link.mqtt.disconnect(Disconnect((OFFLINE,)))
        link.mqtt.close(0.01)
        link.mqtt.close(PATIENCE)
        assert "temp_eta-mqtt" not in [thread.name for thread in threading.enumerate()]
    finally:
        broker.resume()


def test_it_can_be_left_while_it_waits_for_an_answer_or_for_the_next_try(link: Link, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(adapter, "CONNACK_S", 3600.0)
    with Proxy(None) as silent:
        link.mqtt.connect(spec(silent.port))
        eventually(lambda: silent.count(CONNECT), "the try to be made")
        link.mqtt.close(PATIENCE)
    monkeypatch.setattr(adapter, "FIRST_RETRY_S", 3600.0)
    link.mqtt.connect(spec(free_port()))
    link.wait_for(BrokerLost)
    link.mqtt.close(PATIENCE)


def test_what_was_not_acknowledged_is_not_sent_again_by_the_library(link: Link, broker: Broker, peer: Observer):
    """It would put an old level over a new one: what is to be said again is the bridge's to know."""
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: None if kind_of(packet) == PUBACK else packet
        proxy.to_broker = lambda packet: None if kind_of(packet) == PUBLISH else packet
        link.connect(proxy.port)
        link.mqtt.publish(Publish("test/level", b"old", retain=True, token=1))
        eventually(lambda: proxy.count(PUBLISH), "the message to be swallowed")
        proxy.to_client = proxy.to_broker = lambda packet: packet
        proxy.cut()
        link.wait_for(BrokerConnected)
        link.mqtt.publish(Publish("test/level", b"new", retain=True, token=2))
        assert link.wait_for(Delivered).token == 2
    peer.wait_for("test/level")
    assert [message.text for message in peer.on("test/level")] == ["new"]
