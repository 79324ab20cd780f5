"""The client of one connection, without a broker: the fault can't be provoked with one."""

from __future__ import annotations

from octoprint_temp_eta.adapters.broker.client.client import Client, Events
from octoprint_temp_eta.adapters.broker.client.paho import Limits
from octoprint_temp_eta.bridge.protocol.effects import Connect, Publish
from octoprint_temp_eta.bridge.protocol.inputs import Answer, BrokerRefused, Delivered, Input
from octoprint_temp_eta.settings.broker_address import BrokerAddress


def test_a_refusal_that_comes_before_the_packets_id_is_reported_once():
    posted: list[Input] = []
    spec, events = Connect("broker.test", 1883, "id", Publish("t", b""), ()), Events()
    client = Client(spec, BrokerAddress("broker.test", 1883), "5", Limits(), 1, posted.append, events)
    client._delivered(1, 0x87)
    client.publish(Publish("a/b", b"{}", qos=1, token=7))
    refused, delivered = posted
    assert isinstance(refused, BrokerRefused)
    assert refused.topic == "a/b"
    assert delivered == Delivered(1, 7, Answer.REFUSED)
