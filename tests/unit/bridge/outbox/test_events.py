"""Events whose sender hears what became of them."""

from __future__ import annotations

from math import inf

from octoprint_temp_eta.bridge.outbox.events import Receipt
from octoprint_temp_eta.bridge.outbox.outbox import Outbox
from octoprint_temp_eta.bridge.protocol.effects import Publish
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected
from tests.support.outbox_driver import deliver, drain, now, outbox


def send(box: Outbox, receipt: Receipt, *names: str, keep_s: float = inf) -> None:
    for name in names:
        box.send_event(name, Publish(name, b"x" * 100), now(), keep_s=keep_s, receipt=receipt)


def test_a_receipt_waits_until_each_message_is_acknowledged():
    box, receipt = outbox(), Receipt()
    box.connect(1, now())
    send(box, receipt, "one", "two")
    first, second = drain(box, acknowledged=False)
    assert receipt.waiting == 2
    deliver(box, first)
    assert receipt.waiting == 1
    deliver(box, second)
    assert (receipt.waiting, receipt.failed) == (0, set())


def test_it_names_what_was_not_sent():
    box, receipt = outbox(), Receipt()
    box.limits.connected(BrokerConnected(1, "broker.test", 1883, "5", maximum_packet_size=50))
    box.connect(1, now())
    send(box, receipt, "large")
    assert drain(box) == []
    assert (receipt.waiting, receipt.failed) == (0, {"large"})


def test_it_names_what_has_waited_too_long():
    box, receipt = outbox(), Receipt()
    box.connect(1, now())
    send(box, receipt, "late", keep_s=5)
    assert drain(box, at=6) == []
    assert (receipt.waiting, receipt.failed) == (0, {"late"})


def test_messages_with_a_receipt_end_with_the_connection():
    box, receipt = outbox(), Receipt()
    box.connect(1, now())
    send(box, receipt, "in flight")
    drain(box, acknowledged=False)
    send(box, receipt, "waiting")
    box.connect(2, now())
    assert drain(box) == []
