"""Limits that a broker announces or enforces, and the reasons with which it ends a connection."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.protocol.effects import LARGEST_PACKET, Publish
from octoprint_temp_eta.bridge.protocol.inputs import (
    Answer,
    BrokerConnected,
    BrokerLost,
    BrokerRefused,
    Delivered,
    MessageArrived,
)
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import OLD_LIBRARY, STATUS, Link, impatient, link, peer, spec
from tests.support.mqtt_proxy import CLOSE, CONNACK, CONNECT, Proxy, disconnect, kind_of
from tests.support.waiting import eventually

__all__ = ["impatient", "link", "peer"]

#: Properties of CONNACK.
MAXIMUM_QOS_0, RETAIN_NOT_AVAILABLE = b"\x24\x00", b"\x25\x00"
needs_reason = pytest.mark.skipif(OLD_LIBRARY, reason="paho-mqtt 1.6 does not report the reason of a DISCONNECT")


def announce(added: bytes):
    """Return an edit that adds a property to CONNACK."""

    def edit(packet: bytes) -> bytes:
        if kind_of(packet) != CONNACK:
            return packet
        properties = packet[5:] + added
        return bytes([CONNACK, 3 + len(properties)]) + packet[2:4] + bytes([len(properties)]) + properties

    return edit


def test_the_packet_limit_and_the_window_are_reported_with_the_connection(link: Link):
    with Broker(options=("max_packet_size 8192", "max_inflight_messages 7")) as broker:
        connected = link.connect(broker.port)
        assert (connected.maximum_packet_size, connected.window) == (8192, 7)


def test_a_broker_without_limits_has_none(link: Link, broker: Broker):
    connected = link.connect(broker.port)
    assert (connected.maximum_packet_size, connected.window) == (None, None)


@needs_reason
def test_a_packet_that_is_too_large_ends_the_connection_with_reason_and_remedy(link: Link):
    with Broker(options=("max_packet_size 8192",)) as broker:
        link.connect(broker.port)
        link.mqtt.publish(Publish("test/x", b"x" * 9000, token=1))
        lost = link.wait_for(BrokerLost)
        assert lost.code == 0x95
        assert lost.reason == (
            f"127.0.0.1:{broker.port} closed the connection: packet too large. "
            "Raise the broker's packet limit (mosquitto: max_packet_size, message_size_limit)."
        )
        link.wait_for(BrokerConnected)


@needs_reason
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x87, "not authorized. Check username"),
        (0x8E, "session taken over. Another client"),
        (0x8D, "keep-alive timeout"),
        (0x97, "quota"),
    ],
)
def test_the_reason_of_a_disconnect_is_reported(link: Link, broker: Broker, code: int, words: str):
    with Proxy(broker.listener) as proxy:
        link.connect(proxy.port)
        proxy.end(disconnect(code))
        lost = link.wait_for(BrokerLost)
        assert lost.code == code
        assert f"127.0.0.1:{proxy.port} closed the connection: {words}" in lost.reason


def test_a_broker_that_keeps_no_retained_messages_gets_none_and_is_reported(link: Link, broker: Broker, peer: Observer):
    with Proxy(broker.listener) as proxy:
        proxy.to_client = announce(RETAIN_NOT_AVAILABLE)
        link.connect(proxy.port)
        assert "does not keep retained messages" in link.wait_for(BrokerRefused).reason
        link.mqtt.publish(Publish("test/unretained", b"x", retain=True, token=1))
        link.wait_for(Delivered)
    peer.wait_for("test/unretained")
    with Observer(broker.listener, filters=("test/#",)) as late:
        late.publish("test/end", b"")
        late.wait_for("test/end")
        assert late.on("test/unretained") == []


def test_a_broker_with_qos_0_only_gets_qos_0(link: Link, broker: Broker, peer: Observer):
    with Proxy(broker.listener) as proxy:
        proxy.to_client = announce(MAXIMUM_QOS_0)
        link.connect(proxy.port)
        link.mqtt.publish(Publish("test/qos", b"x", qos=1, token=1))
        assert link.wait_for(Delivered).token == 1, "delivered once it is sent"
        assert peer.wait_for("test/qos").qos == 0


@pytest.mark.parametrize(("code", "will"), [(0x9A, 0x0C), (0x9B, 0x24)], ids=["no retain", "no QoS 1"])
def test_a_will_that_the_broker_does_not_support_is_adapted(link: Link, broker: Broker, code: int, will: int):
    """The connect flags of a will: 0x04, with QoS 1 0x08 and retained 0x20."""
    with Proxy(broker.listener) as proxy:

        def refuse(packet: bytes) -> bytes | None:
            if kind_of(packet) == CONNECT and (0x20 if code == 0x9A else 0x08) & packet[9]:
                proxy.to_client = lambda _: bytes([CONNACK, 3, 0, code, 0])
            elif kind_of(packet) == CONNECT:
                proxy.to_client = lambda packet: packet
            return packet

        proxy.to_broker = refuse
        link.connect(proxy.port)
        assert link.all(BrokerLost)[0].code == code
        flags = [packet[9] & 0x3C for packet in proxy.received if kind_of(packet) == CONNECT]
        assert flags == [0x2C, will]


def test_a_broker_that_refuses_the_client_is_tried_for_ever(link: Link, broker: Broker):
    with Proxy(None, version_5=bytes([CONNACK, 3, 0, 0x8A, 0])) as proxy:
        link.mqtt.connect(spec(proxy.port))
        for _ in range(3):
            lost = link.wait_for(BrokerLost)
            assert lost.code == 0x8A
            assert lost.reason.endswith("refuses the connection: banned. Ask the broker's administrator.")
    link.mqtt.connect(spec(broker.port))
    link.wait_for(BrokerConnected)


def test_messages_are_sent_at_once(link: Link, broker: Broker, peer: Observer):
    """Nagle's algorithm would hold the second of two small messages back until the first is acknowledged."""
    import socket

    link.connect(broker.port)
    session = link.mqtt._session
    assert session is not None
    assert session._client is not None
    connection = session._client._client.socket()
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    for number in range(10):
        link.mqtt.publish(Publish(STATUS, str(number).encode(), qos=0))
    peer.wait_for(STATUS, lambda message: message.text == "9")
    eventually(lambda: len(peer.on(STATUS)) >= 10, "all of them")


def test_a_packet_that_is_too_large_for_us_is_not_delivered_and_the_connection_stays(
    link: Link, broker: Broker, peer: Observer
):
    link.connect(broker.port)
    peer.publish("test/command/x", bytes(LARGEST_PACKET + 1))
    peer.publish("test/command/x", b"small")
    assert link.wait_for(MessageArrived).payload == b"small"
    assert not link.all(BrokerLost)


def test_a_message_beyond_mosquittos_message_size_limit_is_refused_and_the_connection_stays(link: Link):
    """It answers with a reason code that PUBACK does not have."""
    with Broker(options=("message_size_limit 500",)) as broker:
        link.connect(broker.port)
        link.mqtt.publish(Publish("test/x", b"x" * 501, token=1))
        refused = link.wait_for(BrokerRefused)
        assert refused.too_large
        assert refused.reason == (
            "The broker refuses the message on test/x: it is too large. Raise the broker's limit (mosquitto: "
            "message_size_limit)."
        )
        assert link.wait_for(Delivered).answer is Answer.TOO_LARGE
        link.mqtt.publish(Publish("test/x", b"x" * 500, token=2))
        assert link.wait_for(Delivered).answer is Answer.ACCEPTED
        assert not link.all(BrokerLost)


def test_commands_arrive_after_any_number_of_packets_that_are_too_large(link: Link, broker: Broker, peer: Observer):
    """With QoS 1, mosquitto counts each of them as in flight for ever: after 20, it delivers nothing more."""
    link.connect(broker.port)
    for _ in range(25):
        peer.publish("test/command/x", bytes(LARGEST_PACKET + 1))
    peer.publish("test/command/x", b"small")
    assert link.wait_for(MessageArrived).payload == b"small"
    assert not link.all(BrokerLost)


def test_of_a_payload_that_is_too_large_only_the_beginning_is_kept_with_mqtt_3_1_1(link: Link, broker: Broker):
    with Proxy(broker.listener, version_5=CLOSE) as proxy, Observer(broker.listener) as peer:
        assert link.connect(proxy.port).protocol == "3.1.1"
        peer.publish("test/command/x", bytes(10 * LARGEST_PACKET))
        assert len(link.wait_for(MessageArrived).payload) == LARGEST_PACKET
