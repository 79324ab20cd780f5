"""Sent messages and their acknowledgements, in whichever order they come."""

from __future__ import annotations

from octoprint_temp_eta.adapters.broker.client.receipts import Receipts
from octoprint_temp_eta.bridge.protocol.effects import Publish

MESSAGE = Publish("a", b"x", token=7)


def test_an_acknowledgement_belongs_to_the_message_with_its_id():
    receipts = Receipts()
    assert receipts.expect(3, MESSAGE) is None
    assert receipts.arrived(4, 0) is None
    assert receipts.arrived(3, 0) == MESSAGE
    assert receipts.arrived(3, 0) is None


def test_an_acknowledgement_may_come_before_the_id_and_keeps_its_reason():
    receipts = Receipts()
    assert receipts.arrived(3, 0x80) is None
    assert receipts.expect(3, MESSAGE) == 0x80
    assert receipts.expect(3, MESSAGE) is None, "each counts once"
