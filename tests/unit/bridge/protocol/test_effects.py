"""The addresses of a connection."""

from __future__ import annotations

from octoprint_temp_eta.bridge.protocol.effects import Connect, Publish
from octoprint_temp_eta.settings.broker_address import BrokerAddress


def test_the_first_broker_is_tried_first_with_its_own_user():
    other = BrokerAddress("b", 1883, username="second")
    spec = Connect("a", 8883, "id", Publish("t", b""), (), username="first", tls=True, more_addresses=(other,))
    assert spec.addresses == (BrokerAddress("a", 8883, tls=True, username="first"), other)


def test_the_password_is_not_in_the_representation():
    assert "hush" not in repr(Connect("a", 1883, "id", Publish("t", b""), (), password="hush"))
