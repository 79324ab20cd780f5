"""Events whose sender hears what became of them."""

from __future__ import annotations

from math import inf

import pytest

from octoprint_temp_eta.bridge.outbox.events import MAX_EVENTS, MOST_REFUSALS, Receipt
from octoprint_temp_eta.bridge.outbox.outbox import Outbox
from octoprint_temp_eta.bridge.outbox.pauses import LONGEST_PAUSE_S, pause
from octoprint_temp_eta.bridge.protocol.effects import Publish
from octoprint_temp_eta.bridge.protocol.inputs import Answer, BrokerConnected
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


# Refused


def test_an_event_that_is_refused_for_now_is_sent_again_after_pauses_and_dropped_in_the_end():
    box, receipt = outbox(), Receipt()
    box.connect(1, now())
    send(box, receipt, "refused")
    at = 0.0
    for refusal in range(1, MOST_REFUSALS + 1):
        assert receipt.waiting == 1
        assert len(drain(box, at, answer=Answer.REFUSED_FOR_NOW)) == 1
        at += pause(refusal)
        assert drain(box, at - 0.1) == []
    assert drain(box, at + LONGEST_PAUSE_S) == []
    assert (receipt.waiting, receipt.failed) == (0, {"refused"})
    assert (receipt.for_now, receipt.for_good) == (True, False)
    assert box.events_dropped == {"refused": 1}


@pytest.mark.parametrize(("answer", "for_good"), [(Answer.REFUSED, True), (Answer.TOO_LARGE, False)])
def test_one_that_is_refused_for_good_is_dropped(answer: Answer, for_good: bool):
    box, receipt = outbox(), Receipt()
    box.connect(1, now())
    send(box, receipt, "refused")
    drain(box, answer=answer)
    assert drain(box, LONGEST_PAUSE_S) == []
    assert (receipt.waiting, receipt.failed) == (0, {"refused"})
    assert (receipt.for_now, receipt.for_good) == (False, for_good)
    assert box.events_dropped == {"refused": 1}


def test_one_that_was_refused_for_now_is_sent_on_the_next_connection_unless_it_is_too_late():
    box = outbox()
    box.connect(1, now())
    box.send_event("kept", Publish("kept", b"1"), now(), keep_s=30)
    box.send_event("late", Publish("late", b"1"), now(), keep_s=2)
    drain(box, answer=Answer.REFUSED_FOR_NOW)
    box.connect(2, now(3))
    assert [publish.topic for publish in drain(box, 3)] == ["kept"]


def test_the_number_of_refused_events_that_wait_is_limited():
    box = outbox()
    box.connect(1, now())
    for number in range(MAX_EVENTS + 7):
        box.send_event(str(number), Publish("x", b"1"), now(), keep_s=60)
    drain(box, answer=Answer.REFUSED_FOR_NOW)
    assert box.events_dropped.total() == 7
