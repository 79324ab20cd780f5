"""Topics that the broker does not let the client read: named, tried again, or left out."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.adapters.broker import connection
from octoprint_temp_eta.bridge.protocol.effects import Publish, Subscribe
from octoprint_temp_eta.bridge.protocol.inputs import (
    BrokerConnected,
    BrokerLost,
    BrokerRefused,
    Delivered,
    MessageArrived,
    SubscriptionGranted,
)
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import COMMANDS, OLD_LIBRARY, Link, impatient, link, peer, spec
from tests.support.mqtt_proxy import SUBACK, SUBSCRIBE, Proxy, disconnect, kind_of

__all__ = ["impatient", "link", "peer"]

FORBIDDEN = "home/status"
TOPICS = (COMMANDS, FORBIDDEN, "test/info")


def refuse(proxy: Proxy) -> None:
    """Let the broker refuse FORBIDDEN, and nothing else."""
    mids: set[bytes] = set()

    def to_broker(packet: bytes) -> bytes:
        if kind_of(packet) == SUBSCRIBE and FORBIDDEN.encode() in packet:
            mids.add(packet[2:4])
        return packet

    proxy.to_broker = to_broker
    proxy.to_client = lambda packet: (
        packet[:-1] + b"\x87" if kind_of(packet) == SUBACK and packet[2:4] in mids else packet
    )


def hang_up(proxy: Proxy, last: bytes) -> None:
    """Let the broker end the connection at FORBIDDEN."""

    def to_broker(packet: bytes) -> bytes | None:
        if kind_of(packet) == SUBSCRIBE and FORBIDDEN.encode() in packet:
            proxy.end(last)
            return None
        return packet

    proxy.to_broker = to_broker


def receives(link: Link, peer: Observer, topic: str) -> None:
    peer.publish(topic, b"x")
    link.wait_for(MessageArrived, lambda message: message.topic == topic)


def test_a_refused_topic_is_named_and_the_others_work(link: Link, broker: Broker, peer: Observer):
    with Proxy(broker.listener) as proxy:
        refuse(proxy)
        link.connect(proxy.port, subscriptions=TOPICS)
        assert link.wait_for(BrokerRefused) == BrokerRefused(
            "Not permitted to subscribe to home/status (not authorized). Allow the user to read this topic (ACL).",
            FORBIDDEN,
        )
        receives(link, peer, "test/command/reset")
        receives(link, peer, "test/info")
        proxy.to_client = lambda packet: packet
        assert link.wait_for(SubscriptionGranted).topic == FORBIDDEN
        peer.publish(FORBIDDEN, b"online", retain=True)
        try:
            link.wait_for(MessageArrived, lambda message: message.topic == FORBIDDEN)
        finally:
            peer.publish(FORBIDDEN, b"", retain=True)
        subscribed = [packet for packet in proxy.received if kind_of(packet) == SUBSCRIBE]
        assert sum(COMMANDS.encode() in packet for packet in subscribed) == 1, "what is granted is not asked for again"


@pytest.mark.parametrize("last", [b"", disconnect(0x87)], ids=["without a word", "0x87"])
def test_a_broker_that_ends_the_connection_at_a_topic_gets_the_others(
    link: Link, broker: Broker, peer: Observer, last: bytes
):
    with Proxy(broker.listener) as proxy:
        hang_up(proxy, last)
        link.connect(proxy.port, subscriptions=TOPICS)
        refused = link.wait_for(BrokerRefused)
        assert refused.topic == FORBIDDEN
        assert "the broker closes the connection at it" in refused.reason
        receives(link, peer, "test/command/reset")
        receives(link, peer, "test/info")
        link.mqtt.publish(Publish("test/x", b"x", token=1))
        link.wait_for(Delivered)
        assert len(link.all(BrokerLost)) == 2, "once for all topics together, once for each on its own"
        assert len(link.all(BrokerConnected)) == 1


@pytest.mark.skipif(OLD_LIBRARY, reason="paho-mqtt 1.6 does not pass the reason on")
def test_a_broker_that_stops_while_it_is_subscribed_to_has_refused_nothing(link: Link, broker: Broker, peer: Observer):
    with Proxy(broker.listener) as proxy:
        hang_up(proxy, disconnect(0x8B))
        link.mqtt.connect(spec(proxy.port, subscriptions=TOPICS))
        for _ in range(4):
            link.wait_for(BrokerLost, lambda lost: "shutting down" in lost.reason)
        proxy.to_broker = lambda packet: packet
        link.wait_for(BrokerConnected)
        receives(link, peer, FORBIDDEN)
        assert link.all(BrokerRefused) == []


def test_a_topic_that_was_left_out_is_tried_again_after_a_connection_that_lasted(
    link: Link, broker: Broker, peer: Observer, monkeypatch: pytest.MonkeyPatch
):
    with Proxy(broker.listener) as proxy:
        hang_up(proxy, b"")
        link.connect(proxy.port, subscriptions=TOPICS)
        proxy.to_broker = lambda packet: packet
        monkeypatch.setattr(connection, "STEADY_S", 0.0)
        proxy.cut()
        link.wait_for(BrokerConnected)
        receives(link, peer, FORBIDDEN)


def test_a_lost_suback_does_not_hold_up_the_connection(link: Link, broker: Broker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "SUBSCRIBE_TIMEOUT_S", 0.2)
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: None if kind_of(packet) == SUBACK else packet
        link.connect(proxy.port)
        assert "no answer to the subscription" in link.wait_for(BrokerRefused).reason
        link.mqtt.publish(Publish("test/x", b"x", token=1))
        assert link.wait_for(Delivered).token == 1


def test_subscriptions_change_without_a_new_connection(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port, subscriptions=(COMMANDS, "test/info"))
    link.mqtt.subscribe(Subscribe((COMMANDS, "test/status")))
    peer.publish("test/status", b"kept", retain=True)
    try:
        link.wait_for(MessageArrived, lambda message: message.topic == "test/status")
    finally:
        peer.publish("test/status", b"", retain=True)
    peer.publish("test/info", b"x")
    receives(link, peer, "test/command/reset")
    assert "test/info" not in [message.topic for message in link.all(MessageArrived)]
    assert link.all(BrokerLost) == []
