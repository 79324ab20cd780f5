"""The connection to a real broker. Runs with paho-mqtt 2; test_mqtt_paho16.py runs the same tests with 1.6."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import paho.mqtt
import paho.mqtt.client as mqtt
import pytest

from octoprint_temp_eta.adapters.broker import backoff, connection, protocol_version
from octoprint_temp_eta.bridge.outbox.send_limits import WINDOW
from octoprint_temp_eta.bridge.protocol.effects import Disconnect, Publish
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected, BrokerLost, Delivered, MessageArrived
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import OFFLINE, STATUS, TIMEOUT, Client5, Link, impatient, link, peer, spec
from tests.support.mqtt_proxy import CONNECT, PUBACK, PUBLISH, UNSUPPORTED, Proxy, kind_of
from tests.support.waiting import eventually, free_port

__all__ = ["impatient", "link", "peer"]


def test_the_library_is_the_one_under_test():
    assert paho.mqtt.__version__.startswith(os.environ.get("PAHO_UNDER_TEST", "2."))


def test_a_connection_that_gets_no_thread_is_given_up_and_the_next_one_works(
    link: Link, broker: Broker, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        link.mqtt.connect(spec(broker.port))
    lost = link.wait_for(BrokerLost)
    assert (lost.reason, lost.given_up) == ("The connection could not be started: can't start new thread", True)
    assert link.connect(broker.port) == BrokerConnected(2, "127.0.0.1", broker.port, "5")


# Connected


def test_a_connection_is_reported_with_its_broker_and_version(link: Link, broker: Broker):
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
        reply = Publish("my/replies", b"{}", content_type="application/json", expiry_seconds=300, correlation=b"\0\1")
        link.mqtt.publish(reply)
        properties = other.messages.get(timeout=TIMEOUT).properties
    assert (properties.ContentType, properties.CorrelationData) == ("application/json", b"\0\1")
    assert 0 < properties.MessageExpiryInterval <= 300


def test_a_command_has_its_response_topic_and_correlation_data(link: Link, broker: Broker):
    link.connect(broker.port)
    with Client5(broker.listener) as other:
        other.publish("test/command/reset", b"{}", ResponseTopic="my/replies", CorrelationData=b"42")
    expected = MessageArrived("test/command/reset", b"{}", False, "my/replies", b"42")
    assert link.wait_for(MessageArrived) == expected


@pytest.mark.parametrize("version_5", [None, UNSUPPORTED], ids=["5", "3.1.1"])
def test_a_retained_command_differs_from_a_live_one(
    link: Link, broker: Broker, peer: Observer, version_5: bytes | None
):
    peer.publish("test/command/old", b"1", retain=True)
    with Proxy(broker.listener, version_5=version_5) as proxy:
        link.connect(proxy.port)
        assert link.wait_for(MessageArrived) == MessageArrived("test/command/old", b"1", retained=True)
        peer.publish("test/command/new", b"2", retain=True)
        live = link.wait_for(MessageArrived)
        assert live.topic == "test/command/new"
        assert live.retained is (version_5 is None), "MQTT 5 also marks a live one that will be retained"
    for topic in ("old", "new"):
        peer.publish(f"test/command/{topic}", b"", retain=True)


def test_other_topics_are_not_received(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port, subscriptions=("test/command/#", "test/birth"))
    peer.publish("test/status", b"x")
    peer.publish("test/birth", b"online")
    assert link.wait_for(MessageArrived).topic == "test/birth"


# Disconnecting


def test_a_clean_disconnect_publishes_offline_once(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port)
    link.mqtt.publish(Publish(STATUS, b"online", 1, retain=True))
    peer.wait_for(STATUS, lambda message: message.text == "online")
    link.mqtt.disconnect(Disconnect((OFFLINE,)))
    link.mqtt.close(TIMEOUT)
    peer.wait_for(STATUS, lambda message: message.text == "offline")
    peer.publish("test/end", b"")
    peer.wait_for("test/end")
    assert [message.text for message in peer.on(STATUS)][-2:] == ["online", "offline"]
    assert link.all(BrokerLost) == [], "a wanted end is no loss"


def test_close_publishes_offline_if_the_worker_did_not(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port)
    link.mqtt.publish(Publish(STATUS, b"online", 1, retain=True))
    peer.wait_for(STATUS, lambda message: message.text == "online")
    since = peer.mark()
    link.mqtt.close(TIMEOUT)
    assert peer.wait_for(STATUS, since=since).text == "offline"


def test_the_broker_publishes_the_will_of_a_killed_process(broker: Broker, peer: Observer):
    script = (
        "import sys, time; from tests.support.mqtt_link import *; link = Link()\n"
        "link.connect(int(sys.argv[1])); link.mqtt.publish(Publish(STATUS, b'online', 1, retain=True))\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(broker.port)]) as child:
        try:
            peer.wait_for(STATUS, lambda message: message.text == "online", timeout=TIMEOUT)
        finally:
            child.send_signal(signal.SIGKILL)
    assert peer.wait_for(STATUS, lambda message: message.text == "offline").text == "offline"
    with Observer(broker.listener, filters=("test/#",)) as late:
        assert late.wait_for(STATUS).text == "offline"


def test_nothing_is_published_without_a_connection(link: Link, broker: Broker, peer: Observer):
    link.mqtt.publish(Publish("test/early", b"x"))
    link.connect(broker.port)
    link.mqtt.disconnect(Disconnect())
    link.mqtt.publish(Publish("test/late", b"x"))
    link.mqtt.close(TIMEOUT)
    peer.publish("test/end", b"")
    peer.wait_for("test/end")
    assert peer.on("test/early") == peer.on("test/late") == []


def test_disconnecting_twice_or_without_a_connection_does_no_harm(link: Link, broker: Broker):
    link.mqtt.disconnect(Disconnect((OFFLINE,)))
    link.mqtt.close(TIMEOUT)
    link.connect(broker.port)
    for _ in range(2):
        link.mqtt.disconnect(Disconnect((OFFLINE,)))
        link.mqtt.close(TIMEOUT)


def test_another_connection_replaces_the_first_which_publishes_offline(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port)
    link.mqtt.disconnect(Disconnect((OFFLINE,)))
    connected = link.connect(broker.port, client_id="temp_eta_other")
    assert connected.link > 1
    link.mqtt.publish(Publish(STATUS, b"online", 1, retain=True))
    peer.wait_for(STATUS, lambda message: message.text == "online")
    assert [message.text for message in peer.on(STATUS)][-2:] == ["offline", "online"]


def test_an_abandoned_connection_posts_nothing_more(link: Link, broker: Broker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(protocol_version, "CONNACK_TIMEOUT_S", TIMEOUT)
    with Proxy(None) as silent:
        link.mqtt.connect(spec(silent.port))
        eventually(lambda: silent.count(CONNECT), "the attempt")
        connected = link.connect(broker.port)
        assert connected.port == broker.port
        link.mqtt.publish(Publish("test/x", b"x", token=1))
        link.wait_for(Delivered)
    assert link.all(BrokerLost) == []


def test_an_attempt_that_is_left_during_the_name_look_up_sends_no_connect(
    link: Link, broker: Broker, monkeypatch: pytest.MonkeyPatch
):
    """It would end the next connection, which has the same client id."""
    begun, go, look_up = threading.Event(), threading.Event(), socket.getaddrinfo

    def slow(host: str, *arguments: Any, **options: Any) -> Any:
        if host != "slow.test":
            return look_up(host, *arguments, **options)
        begun.set()
        assert go.wait(TIMEOUT)
        return look_up("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(connection, "SUCCESSION_S", 0.1)
    with Proxy(broker.listener) as proxy:
        link.mqtt.connect(spec(proxy.port, host="slow.test"))
        assert begun.wait(TIMEOUT)
        left = link.mqtt._session
        assert left is not None
        link.connect(broker.port)
        go.set()
        left.join(TIMEOUT)
        assert proxy.count(CONNECT) == 0
        link.mqtt.publish(Publish("test/x", b"x", token=1))
        link.wait_for(Delivered)
    assert link.all(BrokerLost) == []


# Reconnecting


def test_a_broker_that_is_down_is_tried_until_it_is_up(link: Link):
    port = free_port()
    link.mqtt.connect(spec(port))
    for _ in range(3):
        assert link.wait_for(BrokerLost).reason == (
            f"TCP: 127.0.0.1:{port} refuses the connection: is the broker running?"
        )
    with Broker(port=port):
        assert link.wait_for(BrokerConnected).port == port


def test_an_unknown_host_name_is_reported(link: Link):
    link.mqtt.connect(spec(1883, host="no-such-broker.invalid"))
    assert link.wait_for(BrokerLost).reason.startswith("Name look-up: 'no-such-broker.invalid' is not known")


def test_settings_that_the_library_refuses_are_reported(link: Link):
    link.mqtt.connect(spec(1883, host=""))
    assert "don't work" in link.wait_for(BrokerLost).reason


def test_the_connection_to_a_restarted_broker_has_another_number(link: Link, broker: Broker):
    first = link.connect(broker.port)
    broker.stop()
    lost = link.wait_for(BrokerLost)
    assert lost == BrokerLost(first.link, f"The connection to 127.0.0.1:{broker.port} is lost")
    broker.start()
    second = link.wait_for(BrokerConnected)
    assert second.link > first.link
    link.mqtt.publish(Publish("test/x", b"x", token=7))
    assert link.wait_for(Delivered) == Delivered(second.link, 7)


def test_a_frozen_broker_is_noticed_and_connected_to_again(link: Link, broker: Broker):
    link.connect(broker.port, keepalive=1)
    broker.freeze()
    try:
        for token in range(16):
            link.mqtt.publish(Publish("test/x", b"x" * 1000, token=token))
        link.wait_for(BrokerLost)
    finally:
        broker.resume()
    link.wait_for(BrokerConnected)


def test_it_can_be_closed_while_the_broker_is_frozen(link: Link, broker: Broker):
    link.connect(broker.port)
    broker.freeze()
    try:
        link.mqtt.publish(Publish("test/x", b"x", token=1))
        link.mqtt.disconnect(Disconnect((OFFLINE,)))
        link.mqtt.close(0.01)
        link.mqtt.close(TIMEOUT)
        assert "temp_eta-mqtt" not in [thread.name for thread in threading.enumerate()]
    finally:
        broker.resume()


def test_it_can_be_closed_while_it_waits_for_connack_or_to_retry(link: Link, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(protocol_version, "CONNACK_TIMEOUT_S", 3600.0)
    with Proxy(None) as silent:
        link.mqtt.connect(spec(silent.port))
        eventually(lambda: silent.count(CONNECT), "the attempt")
        link.mqtt.close(TIMEOUT)
    monkeypatch.setattr(backoff, "FIRST_RETRY_S", 3600.0)
    link.mqtt.connect(spec(free_port()))
    link.wait_for(BrokerLost)
    link.mqtt.close(TIMEOUT)


def test_the_connection_can_end_while_the_worker_publishes(link: Link, broker: Broker, monkeypatch: pytest.MonkeyPatch):
    """The library's callbacks wait for nothing that a thread holds which calls the library."""
    with Proxy(broker.listener) as proxy:
        link.connect(proxy.port)
        publish = mqtt.Client.publish

        def publish_while_it_ends(*args: Any, **kwargs: Any) -> mqtt.MQTTMessageInfo:
            sent = publish(*args, **kwargs)
            proxy.cut()
            link.wait_for(BrokerLost)
            return sent

        monkeypatch.setattr(mqtt.Client, "publish", publish_while_it_ends)
        link.mqtt.publish(Publish("test/state", b"", token=1))
        monkeypatch.undo()
        link.wait_for(BrokerConnected)


def test_the_library_does_not_resend_unacknowledged_messages(link: Link, broker: Broker, peer: Observer):
    """It would replace a new state with an old one: the bridge decides what to resend."""
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: None if kind_of(packet) == PUBACK else packet
        proxy.to_broker = lambda packet: None if kind_of(packet) == PUBLISH else packet
        link.connect(proxy.port)
        link.mqtt.publish(Publish("test/state", b"old", retain=True, token=1))
        eventually(lambda: proxy.count(PUBLISH), "the message to be dropped")
        proxy.to_client = proxy.to_broker = lambda packet: packet
        proxy.cut()
        link.wait_for(BrokerConnected)
        link.mqtt.publish(Publish("test/state", b"new", retain=True, token=2))
        assert link.wait_for(Delivered).token == 2
    peer.wait_for("test/state")
    assert [message.text for message in peer.on("test/state")] == ["new"]
