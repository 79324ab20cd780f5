"""MQTT 5 and 3.1.1: when the connection falls back, and that it does not stay there."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.adapters.broker import protocol_version
from octoprint_temp_eta.bridge.protocol.effects import Publish
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected, BrokerLost, Delivered
from tests.support.broker import Broker
from tests.support.mqtt_link import Link, impatient, impatient_with_silence, link, spec
from tests.support.mqtt_proxy import CLOSE, CONNECT, UNSUPPORTED, Proxy

__all__ = ["impatient", "impatient_with_silence", "link"]

#: Seconds that a packet takes in either direction, on a link that must still connect.
SLOW_S = 3.0


@pytest.mark.parametrize("response", [UNSUPPORTED, CLOSE], ids=["0x84", "closes"])
def test_the_connection_after_a_fallback_uses_mqtt_5_again(link: Link, broker: Broker, response: bytes):
    with Proxy(broker.listener, version_5=response) as proxy:
        assert link.connect(proxy.port).protocol == "3.1.1"
        proxy.version_5 = None
        proxy.cut()
        assert link.wait_for(BrokerConnected).protocol == "5"


def test_a_broker_that_closes_the_connection_at_connect_is_reported_once(link: Link, broker: Broker):
    with Proxy(broker.listener, version_5=CLOSE) as proxy:
        link.connect(proxy.port)
        for _ in range(3):
            proxy.cut()
            assert link.wait_for(BrokerConnected).protocol == "3.1.1"
        closed = [lost for lost in link.all(BrokerLost) if "does not answer in MQTT 5" in lost.reason]
        assert len(closed) == 1, "each reconnect tries MQTT 5 first, which is no news"


@pytest.mark.usefixtures("impatient_with_silence")
def test_a_broker_that_was_frozen_while_the_bridge_connected_gets_mqtt_5(link: Link, broker: Broker):
    broker.freeze()
    try:
        link.mqtt.connect(spec(broker.port))
        for _ in range(3):
            assert "does not answer in MQTT" in link.wait_for(BrokerLost).reason
    finally:
        broker.resume()
    assert link.wait_for(BrokerConnected).protocol == "5"


def test_a_link_with_three_seconds_each_way_connects_with_mqtt_5(
    link: Link, broker: Broker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(protocol_version, "CONNACK_TIMEOUT_S", 15.0)
    with Proxy(broker.listener, delay=SLOW_S) as proxy:
        assert link.connect(proxy.port).protocol == "5"
        assert proxy.count(CONNECT) == 1
        link.mqtt.publish(Publish("test/slow", b"x", token=1))
        assert link.wait_for(Delivered).token == 1
        assert link.all(BrokerLost) == []
