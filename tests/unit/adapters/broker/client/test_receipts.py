"""Sent messages and their acknowledgements, in whichever order they come."""

from __future__ import annotations

from octoprint_temp_eta.adapters.broker.client.receipts import Receipts
from octoprint_temp_eta.bridge.protocol.effects import Publish

MESSAGE = Publish("a", b"x", token=7)


def test_an_acknowledgement_belongs_to_the_message_with_its_id():
    receipts = Receipts()
    assert receipts.expect(3, MESSAGE) is False
    assert receipts.arrived(4) is None
    assert receipts.arrived(3) == MESSAGE
    assert receipts.arrived(3) is None


def test_an_acknowledgement_may_come_before_the_id():
    receipts = Receipts()
    assert receipts.arrived(3) is None
    assert receipts.expect(3, MESSAGE) is True
    assert receipts.expect(3, MESSAGE) is False, "each counts once"
