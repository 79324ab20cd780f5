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
from tests.support.waiting import eventually

__all__ = ["impatient", "link", "peer"]

RESPONSE_TOPIC, CONTENT_TYPE, UNKNOWN = b"\x08", b"\x03", b"\x7f"
PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE = 0x40, 0x50, 0x62, 0x70, 0x82
#: How a message is acknowledged, by its QoS.
ACKNOWLEDGED = {0: [], 1: [PUBACK], 2: [PUBREC]}


def text(content: bytes) -> bytes:
    return struct.pack("!H", len(content)) + content


#: The packet id of injected messages: the broker does not get that far.
MID = struct.pack("!H", 60_000)


def publish(topic: bytes = b"test/command/x", properties: bytes = b"", *, qos: int = 1) -> bytes:
    """Return a PUBLISH of MQTT 5."""
    body = text(topic) + (MID if qos else b"") + bytes([len(properties)]) + properties + b"{}"
    return bytes([0x30 | qos << 1, len(body)]) + body


def hide_replies(packet: bytes) -> bytes | None:
    """Keep the replies to injected messages from the broker, which has not sent these."""
    return None if packet[0] in (PUBACK, PUBREC, PUBCOMP) and packet[2:4] == MID else packet


def replies(proxy: Proxy) -> list[int]:
    """Return the types of the replies to injected messages."""
    return [packet[0] for packet in proxy.received if hide_replies(packet) is None]


MALFORMED = {
    "a topic that is not UTF-8": publish(b"test/command/\xff\xfe"),
    "a topic that is not UTF-8, QoS 0": publish(b"test/command/\xff\xfe", qos=0),
    "a topic that is not UTF-8, QoS 2": publish(b"test/command/\xff\xfe", qos=2),
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
        proxy.to_broker = hide_replies
        link.connect(proxy.port)
        proxy.inject(packet)
        link.wait_for(MalformedMessage)
        peer.publish("test/command/x", b"valid")
        assert link.wait_for(MessageArrived).payload == b"valid"
        sent_before = peer.mark()
        link.mqtt.publish(Publish(STATUS, b"online", 1, retain=True))
        peer.wait_for(STATUS, lambda message: message.text == "online", since=sent_before)
        assert not link.all(BrokerLost)
        assert replies(proxy) == ACKNOWLEDGED[packet[0] >> 1 & 3]


def test_a_message_with_qos_2_is_taken_at_once(link: Link, broker: Broker, peer: Observer):
    """The subscriptions have QoS 1, but aedes delivers with the QoS of the sender."""
    with Proxy(broker.listener) as proxy:
        proxy.to_broker = hide_replies
        link.connect(proxy.port)
        for _ in range(2):
            proxy.inject(publish(qos=2))
            assert link.wait_for(MessageArrived).payload == b"{}"
            proxy.inject(bytes([PUBREL, 2]) + MID)
        peer.publish("test/command/x", b"another")
        assert link.wait_for(MessageArrived).payload == b"another"
        eventually(lambda: len(replies(proxy)) == 4, "PUBCOMP")
        assert replies(proxy) == [PUBREC, PUBCOMP, PUBREC, PUBCOMP]
        assert not link.all(BrokerLost)


@pytest.mark.parametrize(
    "packet",
    [publish(qos=3), b"\x90\x00", b"\x40\x00", b"\xf0\x02\x00\x00", b"\x32\x02\x00\x05"],
    ids=["QoS 3", "empty SUBACK", "empty PUBACK", "AUTH", "PUBLISH without an id"],
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
