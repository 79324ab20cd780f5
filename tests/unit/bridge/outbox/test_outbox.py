"""What is still to be sent: the newest state of each topic, and a bounded number of events."""

from __future__ import annotations

import json

import pytest

from octoprint_temp_eta.bridge.outbox.events import MAX_EVENTS
from octoprint_temp_eta.bridge.outbox.in_flight import ACK_TIMEOUT_S, SLOWEST
from octoprint_temp_eta.bridge.outbox.outbox import offline_message
from octoprint_temp_eta.bridge.outbox.send_limits import WINDOW
from octoprint_temp_eta.bridge.protocol.effects import Publish
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected, Delivered
from tests.support.outbox_driver import BASE, change, deliver, drain, fill, heater, now, numbers, outbox, topics

# Retained states


def test_without_a_connection_nothing_is_sent():
    box = outbox()
    fill(box, "bed")
    assert drain(box) == []
    assert not box.connected


def test_a_state_is_retained_with_seq_and_timestamp():
    box = outbox()
    box.connect(1, now())
    fill(box, "bed", at=5.0)
    [publish] = drain(box)
    assert (publish.topic, publish.qos, publish.retain) == (f"{BASE}/bed/eta", 1, True)
    assert publish.content_type == "application/json"
    stamps = {"timestamp": 1_795_188_605.0, "seq": 1, "boot_id": "b0b0"}
    assert json.loads(publish.payload) == heater() | stamps
    assert box.states["eta", "bed"] == heater() | stamps


def test_an_unchanged_state_is_not_published_again():
    box = outbox()
    box.connect(1, now())
    fill(box, "bed", at=1.0)
    fill(box, "bed", at=2.0)
    assert len(drain(box)) == 1
    fill(box, "bed", at=3.0)
    assert drain(box) == []


def test_only_the_newest_value_of_each_state_is_sent_after_a_reconnect():
    box = outbox()
    for actual in range(50):
        fill(box, "bed", "tool0", actual=actual)
    box.connect(1, now())
    sent = drain(box)
    assert topics(sent) == ["bed/eta", "tool0/eta"]
    assert numbers(sent) == [49, 49]
    assert box.superseded == 98


def test_each_connection_gets_all_states_and_status_last():
    box = outbox()
    box.publish_state("status", "online", now())
    fill(box, "bed", "tool0")
    for link in (1, 2):
        box.connect(link, now())
        assert topics(drain(box)) == ["bed/eta", "tool0/eta", "status"]
        box.disconnect()
    assert drain(box) == []


def test_an_erased_state_is_cleared_on_this_and_on_later_brokers():
    box = outbox()
    fill(box, "bed")
    box.connect(1, now())
    drain(box)
    box.clear("eta", heater="bed")
    cleared = Publish(f"{BASE}/bed/eta", b"", retain=True)
    for link in (1, 2):
        box.connect(link, now())
        [publish] = drain(box)
        assert (publish.topic, publish.payload, publish.retain) == (cleared.topic, b"", True)
    assert box.states == {}
    fill(box, "bed")
    assert drain(box)[0].payload


def test_a_topic_on_which_only_an_earlier_process_has_published_is_cleared():
    box = outbox()
    box.clear("eta", heater="bed")
    box.connect(1, now())
    assert drain(box)[0].topic == f"{BASE}/bed/eta"
    assert box.to_clear == []


def test_published_states_events_and_cleared_topics_are_returned_while_offline():
    box = outbox()
    fill(box, "bed")
    fill(box, "bed")
    box.publish_event("state_change", change(), now(), keep_s=30, heater="bed")
    box.clear("eta", heater="bed")
    assert [(each.message, each.heater, each.payload is None) for each in box.take_published()] == [
        ("eta", "bed", False),
        ("state_change", "bed", False),
        ("eta", "bed", True),
    ]
    assert box.take_published() == []


# Events


def test_an_event_is_sent_once_with_its_expiry_and_not_retained():
    box = outbox()
    box.connect(1, now())
    box.publish_event("state_change", change(), now(), keep_s=30, heater="bed")
    [publish] = drain(box)
    assert (publish.retain, publish.qos, publish.expiry_seconds) == (False, 1, 30)
    box.connect(2, now())
    assert drain(box) == []


def test_states_are_sent_before_events():
    box = outbox()
    box.publish_event("state_change", change(), now(), keep_s=30, heater="bed")
    fill(box, "bed")
    box.connect(1, now())
    assert topics(drain(box)) == ["bed/eta", "bed/state_change"]


def test_an_event_does_not_wait_for_the_states_that_change_later():
    box = outbox()
    box.connect(1, now())
    box.limits.window = 1
    fill(box, "bed")
    [in_flight] = box.drain(now())
    box.publish_event("state_change", change(), now(), keep_s=30, heater="bed")
    fill(box, "tool0")
    assert list(box.drain(now())) == []
    for actual in range(5):
        fill(box, "tool0", "bed", actual=actual)
        assert list(box.drain(now())) == []
    deliver(box, in_flight)
    assert topics(drain(box)) == ["tool0/eta", "bed/state_change", "bed/eta"]


def test_events_keep_their_order_and_timestamp():
    box = outbox()
    for number in range(3):
        box.publish_event("state_change", change(number=number), now(number), keep_s=30, heater="bed")
    box.connect(1, now(9))
    sent = drain(box, at=9)
    assert numbers(sent) == [0, 1, 2]
    assert [json.loads(publish.payload)["timestamp"] - now().wall for publish in sent] == [0, 1, 2]


def test_an_expired_event_is_dropped_and_counted():
    box = outbox()
    for number in range(3):
        box.publish_event("state_change", change(number=number), now(10.0 * number), keep_s=30, heater="bed")
    box.connect(1, now(45))
    assert numbers(drain(box, at=45)) == [2]
    assert box.events_dropped == {"state_change": 2}


def test_events_are_bounded_by_type_and_the_oldest_is_dropped():
    box = outbox()
    box.send_event("discovery", Publish("homeassistant/x", b"{}"), now(), keep_s=30)
    for number in range(MAX_EVENTS + 7):
        box.publish_event("state_change", change(number=number), now(), keep_s=30, heater="bed")
    box.connect(1, now())
    sent = drain(box)
    assert sent[0].topic == "homeassistant/x"
    assert numbers(sent[1:]) == list(range(7, MAX_EVENTS + 7))
    assert box.events_dropped == {"state_change": 7}


def test_an_unacknowledged_event_is_sent_again_in_order():
    box = outbox()
    box.connect(1, now())
    for number in range(3):
        box.publish_event("state_change", change(number=number), now(), keep_s=30, heater="bed")
    sent = drain(box, acknowledged=False)
    deliver(box, sent[0])
    box.publish_event("state_change", change(number=3), now(), keep_s=30, heater="bed")
    box.disconnect()
    box.connect(2, now(1))
    assert numbers(drain(box, at=1)) == [1, 2, 3]


def test_an_unacknowledged_state_is_sent_with_its_newest_value():
    box = outbox()
    box.connect(1, now())
    fill(box, "bed", actual=1)
    drain(box, acknowledged=False)
    fill(box, "bed", actual=2)
    box.connect(2, now())
    assert numbers(drain(box)) == [2]


# The window


def test_a_frozen_broker_gets_a_window_and_then_the_newest_states():
    box = outbox()
    box.connect(1, now())
    names = [f"tool{number}" for number in range(WINDOW + 5)]
    for actual in range(10):
        fill(box, *names, actual=actual)
        if actual == 0:
            stuck = drain(box, acknowledged=False)
    assert len(stuck) == WINDOW
    assert drain(box, acknowledged=False) == []
    for publish in stuck:
        deliver(box, publish)
    sent = drain(box)
    assert len(sent) == len(names)
    assert set(numbers(sent)) == {9}


def test_an_unrelated_acknowledgement_has_no_effect():
    box = outbox()
    box.connect(7, now())
    fill(box, *(f"tool{number}" for number in range(WINDOW + 1)))
    sent = drain(box, acknowledged=False)
    deliver(box, sent[0], link=6)
    box.delivered(Delivered(7, 10**6), now())
    assert drain(box) == []
    deliver(box, sent[0])
    deliver(box, sent[0])
    assert len(drain(box, acknowledged=False)) == 1


def test_a_large_message_may_take_longer_on_a_slow_link():
    box = outbox()
    box.connect(1, now())
    box.send_event("event", Publish("x/picture", bytes(60 * SLOWEST)), now(), keep_s=0)
    assert len(drain(box, acknowledged=False)) == 1
    assert not box.stuck(now(ACK_TIMEOUT_S + 60))
    assert box.stuck(now(ACK_TIMEOUT_S + 61))


def test_a_broker_without_acknowledgements_is_stuck():
    box = outbox()
    box.connect(1, now())
    assert not box.stuck(now(9999)), "nothing is in flight"
    fill(box, "bed", "tool0", at=9999)
    first, second = drain(box, at=9999, acknowledged=False)
    assert not box.stuck(now(9999 + ACK_TIMEOUT_S))
    assert box.stuck(now(9999 + ACK_TIMEOUT_S + 1))
    deliver(box, first, at=9999 + ACK_TIMEOUT_S)
    assert not box.stuck(now(9999 + ACK_TIMEOUT_S + 1))
    assert box.stuck(now(9999 + 2 * ACK_TIMEOUT_S + 1))
    deliver(box, second, at=99999)
    assert not box.stuck(now(999999))
    fill(box, "bed", actual=2)
    drain(box, at=5, acknowledged=False)
    box.disconnect()
    assert not box.stuck(now(999999)), "nobody to be stuck"


def test_what_is_sent_is_counted():
    box = outbox()
    box.connect(1, now())
    fill(box, "bed", "tool0")
    drain(box)
    box.connect(2, now())
    drain(box)
    assert box.sent == 4


# Messages


def test_the_offline_message_is_retained():
    will = offline_message(outbox())
    assert (will.topic, will.payload, will.qos, will.retain) == (f"{BASE}/status", b"offline", 1, True)
    assert will.content_type == "text/plain"


@pytest.mark.parametrize("message", ["status", "info", "printer", "diagnostics"])
def test_seq_and_boot_id_are_stamped_where_the_schema_asks_for_them(message: str):
    box = outbox()
    box.publish_state(message, "online" if message == "status" else {}, now())
    stamped = box.states[message, None]
    wanted = {"status": set(), "info": {"timestamp", "boot_id"}, "diagnostics": {"timestamp"}}
    found = set(stamped) if isinstance(stamped, dict) else set()
    assert found == wanted.get(message, {"timestamp", "seq", "boot_id"})


def test_a_message_above_the_packet_limit_is_not_sent_and_the_others_are():
    box = outbox()
    fill(box, "bed", "tool0")
    box.publish_event("response", {"command": "x" * 2000, "status": "completed"}, now(), keep_s=60)
    box.limits.connected(BrokerConnected(1, "broker.test", 1883, "5", maximum_packet_size=1000))
    box.connect(1, now())
    assert topics(drain(box)) == ["bed/eta", "tool0/eta"]
    [report] = box.limits.take_reports()
    assert (report.topic, report.limit) == (f"{BASE}/response", 1000)
    assert (box.limits.not_sent, box.events_dropped.total()) == (1, 0), "it is counted once"
    assert drain(box) == []


def test_no_more_messages_are_in_flight_than_the_broker_accepts():
    box = outbox()
    fill(box, *(f"tool{number}" for number in range(10)))
    box.limits.connected(BrokerConnected(1, "broker.test", 1883, "5", window=3))
    box.connect(1, now())
    assert len(drain(box, acknowledged=False)) == 3
