"""Packets that are no valid MQTT, or that the library refuses: a broker, or any of its clients, may cause them."""

from __future__ import annotations

import struct

import pytest

from octoprint_temp_eta.bridge.protocol.effects import Publish
from octoprint_temp_eta.bridge.protocol.inputs import (
    BrokerConnected,
    BrokerLost,
    BrokerRefused,
    MalformedMessage,
    MessageArrived,
)
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import STATUS, Link, impatient, link, peer, spec
from tests.support.mqtt_proxy import Proxy

__all__ = ["impatient", "link", "peer"]

RESPONSE_TOPIC, CONTENT_TYPE, UNKNOWN = b"\x08", b"\x03", b"\x7f"
PUBACK, SUBSCRIBE = 0x40, 0x82


def text(content: bytes) -> bytes:
    return struct.pack("!H", len(content)) + content


def publish(topic: bytes = b"test/command/x", properties: bytes = b"", *, qos: int = 1, mid: int = 60_000) -> bytes:
    """Return a PUBLISH of MQTT 5."""
    body = text(topic) + (struct.pack("!H", mid) if qos else b"") + bytes([len(properties)]) + properties + b"{}"
    return bytes([0x30 | qos << 1, len(body)]) + body


MALFORMED = {
    "a topic that is not UTF-8": publish(b"test/command/\xff\xfe"),
    "a topic that is not UTF-8, QoS 0": publish(b"test/command/\xff\xfe", qos=0),
    "a response topic with U+FEFF": publish(properties=RESPONSE_TOPIC + text(b"test/\xef\xbb\xbf")),
    "a response topic that is not UTF-8": publish(properties=RESPONSE_TOPIC + text(b"\xff")),
    "a content type with NUL": publish(properties=CONTENT_TYPE + text(b"\0")),
    "an unknown property": publish(properties=UNKNOWN + b"\1"),
    "no whole topic": b"\x30\x01\x00",
    "a doubled property": publish(properties=2 * (RESPONSE_TOPIC + text(b"test/a"))),
}


@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_message_is_acknowledged_and_dropped_and_the_connection_stays(
    link: Link, broker: Broker, peer: Observer, packet: bytes
):
    with Proxy(broker.listener) as proxy:
        proxy.to_broker = lambda packet: None if packet[0] == PUBACK and packet[2:4] == b"\xea\x60" else packet
        link.connect(proxy.port)
        proxy.inject(packet)
        link.wait_for(MalformedMessage)
        peer.publish("test/command/x", b"valid")
        assert link.wait_for(MessageArrived).payload == b"valid"
        sent_before = peer.mark()
        link.mqtt.publish(Publish(STATUS, b"online", 1, retain=True))
        peer.wait_for(STATUS, lambda message: message.text == "online", since=sent_before)
        assert not link.all(BrokerLost)
        acknowledged = [packet[2:4] for packet in proxy.received if packet[0] == PUBACK]
        assert acknowledged.count(b"\xea\x60") == (packet[0] >> 1 & 3)


@pytest.mark.parametrize(
    "packet",
    [publish(qos=2), b"\x90\x00", b"\x40\x00", b"\xf0\x02\x00\x00", b"\x32\x02\x00\x05"],
    ids=["QoS 2", "empty SUBACK", "empty PUBACK", "AUTH", "PUBLISH without an id"],
)
def test_a_packet_that_cannot_be_read_ends_the_connection_with_its_reason_and_it_connects_again(
    link: Link, broker: Broker, packet: bytes
):
    with Proxy(broker.listener) as proxy:
        link.connect(proxy.port)
        proxy.inject(packet)
        lost = link.wait_for(BrokerLost)
        assert lost.reason.startswith(f"127.0.0.1:{proxy.port} sent a packet that is no valid MQTT. Check what answers")
        link.wait_for(BrokerConnected)


def test_no_subscription_is_blamed_for_a_packet_that_cannot_be_read(link: Link, broker: Broker):
    with Proxy(broker.listener) as proxy:
        proxy.to_broker = lambda packet: proxy.inject(b"\x90\x00") if packet[0] == SUBSCRIBE else packet
        link.mqtt.connect(spec(proxy.port))
        lost = link.wait_for(BrokerLost)
        assert "sent a packet that is no valid MQTT" in lost.reason
        assert not link.all(BrokerRefused)
