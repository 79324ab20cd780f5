"""The bridge on real brokers that limit what it may read, how large a packet may be, or how many messages come."""

from __future__ import annotations

import time
from collections import deque

import pytest

from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import OLD_LIBRARY, Client5, impatient
from tests.support.mqtt_proxy import CONNECT, PUBLISH, UNSUPPORTED, Proxy, disconnect, kind_of
from tests.support.running_bridge import BASE, RunningBridge
from tests.support.waiting import eventually

__all__ = ["impatient"]

HEATERS = ("tool0", "tool1", "tool2", "tool3", "bed", "chamber")
LIMIT = 8192
needs_reason = pytest.mark.skipif(OLD_LIBRARY, reason="paho-mqtt 1.6 does not report the reason of a DISCONNECT")


def problems(bridge: RunningBridge) -> str:
    return str(bridge.worker.snapshot["mqtt"]["last_error"])


def test_a_broker_that_grants_the_subscription_but_delivers_nothing_is_reported():
    """mosquitto's access rules do not refuse a subscription: the client just gets nothing."""
    with (
        Broker(acl="topic write #\n") as broker,
        RunningBridge(broker.port) as bridge,
    ):
        eventually(lambda: bridge.connected, "the connection")
        eventually(lambda: "Commands will not arrive." in problems(bridge), "the report", timeout=15)
        assert f"Allow the user to read {BASE}/# (ACL)." in problems(bridge)
        assert bridge.connected


def test_a_broker_that_delivers_is_not_reported():
    with Broker(acl=f"topic readwrite {BASE}/#\n") as broker, RunningBridge(broker.port) as bridge:
        with Observer(broker.listener, filters=(f"{BASE}/#",)) as observer:
            observer.wait_for(f"{BASE}/status", lambda message: message.text == "online")
            observer.publish(f"{BASE}/command/snapshot", "PRESS")
            observer.wait_for(f"{BASE}/response")
        assert bridge.worker.snapshot["mqtt"]["last_error"] is None or "homeassistant" in problems(bridge)


@pytest.mark.parametrize("version_5", [None, UNSUPPORTED], ids=["5", "3.1.1"])
def test_a_broker_with_a_packet_limit_gets_everything_that_fits_and_keeps_the_connection(version_5: bytes | None):
    """MQTT 3.1.1 cannot announce the limit: mosquitto hangs up, twice, before the device message is left out."""
    with (
        Broker(options=(f"max_packet_size {LIMIT}",)) as broker,
        Proxy(broker.listener, version_5=version_5) as proxy,
        RunningBridge(proxy.port) as bridge,
        Observer(broker.listener) as observer,
    ):
        observer.wait_for(f"{BASE}/status", lambda message: message.text == "online")
        bridge.read(**dict.fromkeys(HEATERS, (30.0, 60.0)))
        eventually(
            lambda: [topic for topic in observer.retained() if topic.startswith("homeassistant/sensor/")],
            "the entities, one by one",
            timeout=40,
        )
        eventually(lambda: f"{BASE}/chamber/eta" in observer.retained(), "the states")
        assert not [topic for topic in observer.retained() if topic.startswith("homeassistant/device/")]
        connections = [packet for packet in proxy.received if kind_of(packet) == CONNECT and b"MQTT\x05" not in packet]
        before = len(connections)
        assert before == 0 if version_5 is None else before == 3, "two losses at most"
        since = observer.mark()
        bridge.read(**dict.fromkeys(HEATERS, (35.0, 60.0)))
        observer.wait_for(f"{BASE}/bed/eta", lambda message: message.json["actual"] == 35.0, since=since)
        assert bridge.connected
        assert "offline" not in [message.text for message in observer.on(f"{BASE}/status")[since:]]


def test_a_reply_that_exceeds_the_packet_limit_is_replaced_by_a_short_one_and_the_connection_stays():
    reply_topic = "my/replies"
    with (
        Broker(options=("max_packet_size 2048",)) as broker,
        RunningBridge(broker.port, ha_discovery_enabled=False, mqtt_response_topics="my") as bridge,
        Observer(broker.listener, base=BASE) as observer,
        Client5(broker.listener) as client,
    ):
        observer.wait_for(f"{BASE}/status", lambda message: message.text == "online")
        bridge.read(bed=(20.0, 0.0))
        eventually(lambda: f"{BASE}/bed/eta" in observer.retained(), "the state of the bed")
        before = observer.wait_for(f"{BASE}/diagnostics").json["messages"]["dropped"]
        client.publish(f"{BASE}/command/snapshot", b"PRESS", ResponseTopic=reply_topic, CorrelationData=b"1")
        client.publish(f"{BASE}/command/reset", b"PRESS", ResponseTopic=reply_topic, CorrelationData=b"2")
        observer.wait_for(reply_topic, lambda message: message.json["status"] == "completed")
        assert [message.json["status"] for message in observer.on(reply_topic)] == ["failed", "completed"]
        assert f"The message on {BASE}/response" in problems(bridge)
        assert "2048" in problems(bridge)
        assert [message.text for message in observer.on(f"{BASE}/status")].count("online") == 1
        since = observer.mark()
        bridge.change_settings(mqtt_keepalive=31)  # connects again, which publishes the diagnostics
        observer.wait_for(
            f"{BASE}/diagnostics", lambda message: message.json["messages"]["dropped"] >= before + 1, since=since
        )


@needs_reason
def test_a_broker_that_ends_connections_with_too_many_messages_gets_all_of_them_more_slowly():
    most_per_s, times = 10, deque[float]()
    with (
        Broker() as broker,
        Proxy(broker.listener) as proxy,
        Observer(broker.listener) as observer,
    ):

        def limit(packet: bytes) -> bytes | None:
            if kind_of(packet) != PUBLISH:
                return packet
            times.append(time.monotonic())
            if sum(times[-1] - each < 1.0 for each in times) <= most_per_s:
                return packet
            times.clear()
            proxy.end(disconnect(0x96))
            return None

        proxy.to_broker = limit
        with RunningBridge(proxy.port, ha_discovery_mode="per_entity") as bridge:
            bridge.read(**dict.fromkeys(HEATERS, (30.0, 60.0)))
            states = {f"{BASE}/status", *(f"{BASE}/{heater}/eta" for heater in HEATERS)}
            eventually(lambda: states <= set(observer.retained()), "the states", timeout=60)
            eventually(
                lambda: sum(topic.startswith("homeassistant/") for topic in observer.retained()) > 2 * most_per_s,
                "the entities",
                timeout=60,
            )
            assert bridge.connected
            assert "message rate too high. The bridge sends more slowly" in problems(bridge)
        assert 2 <= proxy.count(CONNECT) <= 5
