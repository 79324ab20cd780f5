"""The bridge on real brokers that limit what it may read, or how large a packet may be."""

from __future__ import annotations

from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import impatient
from tests.support.running_bridge import BASE, RunningBridge
from tests.support.waiting import eventually

__all__ = ["impatient"]

HEATERS = ("tool0", "tool1", "tool2", "tool3", "bed", "chamber")
LIMIT = 8192


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


def test_a_broker_with_a_packet_limit_gets_everything_that_fits_and_keeps_the_connection():
    with (
        Broker(options=(f"max_packet_size {LIMIT}",)) as broker,
        RunningBridge(broker.port) as bridge,
        Observer(broker.listener) as observer,
    ):
        observer.wait_for(f"{BASE}/status", lambda message: message.text == "online")
        bridge.read(**dict.fromkeys(HEATERS, (30.0, 60.0)))
        entity = eventually(
            lambda: [topic for topic in observer.retained() if topic.startswith("homeassistant/sensor/")],
            "the entities, one by one",
            timeout=30,
        )
        assert entity
        eventually(lambda: f"{BASE}/chamber/eta" in observer.retained(), "the states")
        assert not [topic for topic in observer.retained() if topic.startswith("homeassistant/device/")]
        diagnostics = observer.wait_for(f"{BASE}/diagnostics").json
        assert diagnostics["connections"] == 1
        assert bridge.connected
        statuses = [message.text for message in observer.on(f"{BASE}/status")]
        assert "offline" not in statuses
