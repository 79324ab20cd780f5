"""The outbox when its topics change: each earlier retained message is cleared once."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.outbox.outbox import Outbox
from octoprint_temp_eta.bridge.outbox.pauses import LONGEST_FOR_GOOD_S, pause, pause_for_good
from octoprint_temp_eta.bridge.outbox.retained import MOST_REFUSALS
from octoprint_temp_eta.bridge.protocol.effects import Publish
from octoprint_temp_eta.bridge.protocol.inputs import Answer
from octoprint_temp_eta.messages.topics import Topics
from tests.support.outbox_driver import (
    BASE,
    OTHER,
    change,
    clearings,
    connect,
    deliver,
    drain,
    fill,
    now,
    numbers,
    outbox,
    topics,
)


def test_a_move_clears_the_old_topics_and_publishes_the_new_ones():
    box = outbox()
    connect(box, 1)
    fill(box, "bed", "tool0")
    box.publish_event("state_change", change(), now(), keep_s=30, heater="bed")
    assert clearings(box.move(OTHER)) == [f"{BASE}/bed/eta", f"{BASE}/tool0/eta"]
    assert drain(box) == []
    fill(box, "bed")
    connect(box, 2)
    assert "other/bed/eta" in topics(drain(box))


def test_what_was_left_behind_without_a_connection_is_cleared_once_at_the_next():
    box = outbox()
    fill(box, "bed", "tool0")
    box.move(OTHER)
    fill(box, "bed")
    assert box.to_clear == [f"{BASE}/bed/eta", f"{BASE}/tool0/eta"]
    connect(box, 1)
    drain(box, acknowledged=False)
    assert box.to_clear  # it is not acknowledged
    connect(box, 2)
    sent = drain(box)
    assert sorted(clearings(sent)) == [f"{BASE}/bed/eta", f"{BASE}/tool0/eta"]
    assert box.to_clear == []
    connect(box, 3)
    assert topics(drain(box)) == ["other/bed/eta"]


def test_what_was_left_behind_before_a_restart_is_cleared_too():
    box = Outbox(OTHER, "b0b0", left_behind=[f"{BASE}/bed/eta"])
    connect(box, 1)
    assert clearings(drain(box)) == [f"{BASE}/bed/eta"]
    assert box.to_clear == []


def test_what_is_no_more_is_cleared_also_after_a_restart():
    box = outbox()
    fill(box, "bed", "tool1")
    box.clear("eta", heater="tool1")
    assert box.to_clear == [f"{BASE}/tool1/eta"]
    box = Outbox(Topics(BASE), "b0b0", left_behind=box.to_clear)
    fill(box, "bed")
    connect(box, 1)
    assert clearings(drain(box)) == [f"{BASE}/tool1/eta"]
    assert box.to_clear == []
    fill(box, "tool1")
    assert topics(drain(box)) == ["tool1/eta"]


def test_who_comes_back_to_the_topics_left_behind_speaks_there_again():
    box = outbox()
    fill(box, "bed", "tool0")
    box.move(OTHER)
    box.move(Topics(BASE))
    fill(box, "bed")
    connect(box, 1)
    sent = drain(box)
    assert clearings(sent) == [f"{BASE}/tool0/eta"]
    assert topics(sent) == ["bed/eta", "tool0/eta"]
    assert box.to_clear == []


def test_topics_that_another_bridge_uses_now_are_not_cleared():
    box = outbox()
    fill(box, "bed")
    box.move(OTHER)
    fill(box, "bed")
    assert box.move(Topics("third"), clear=False) == []
    connect(box, 1)
    assert clearings(drain(box)) == [f"{BASE}/bed/eta"]


def test_what_is_not_cleared_yet_on_one_broker_is_not_cleared_on_the_next_before_it_is_known_who_uses_it():
    box = outbox()
    fill(box, "bed")
    box.move(OTHER)
    connect(box, 1)
    assert clearings(drain(box, acknowledged=False)) == [f"{BASE}/bed/eta"]
    box.connect(2, now())
    assert drain(box) == []
    assert box.to_clear == box.former == [f"{BASE}/bed/eta"]
    box.forget_former(box.former)
    assert box.to_clear == []


def test_waiting_events_move_in_order_and_waiting_states_are_counted():
    box = outbox()
    connect(box, 1)
    box.publish_event("state_change", change(number=1), now(), keep_s=30, heater="bed")
    assert numbers(drain(box, acknowledged=False)) == [1]
    box.disconnect()
    box.publish_event("state_change", change(number=2), now(), keep_s=30, heater="bed")
    box.send_event("response", Publish("caller/reply", b"{}"), now(), keep_s=30)
    fill(box, "bed", "tool0")
    box.move(OTHER)
    assert (box.superseded, box.events_dropped.total()) == (2, 0)
    connect(box, 2)
    sent = [publish for publish in drain(box) if not publish.retain]
    assert topics(sent) == ["other/bed/state_change", "other/bed/state_change", "caller/reply"]
    assert numbers(sent[:2]) == [1, 2]


def test_a_topic_that_is_being_cleared_can_be_cleared_again():
    box = outbox()
    fill(box, "bed")
    box.move(OTHER)
    connect(box, 1)
    [clearing] = [each for each in drain(box, acknowledged=False) if not each.payload]
    box.resend_states()
    deliver(box, clearing)
    assert clearings(drain(box)) == [clearing.topic]
    assert box.to_clear == []


def test_a_topic_is_cleared_though_its_last_message_arrives_meanwhile():
    box = outbox()
    box.connect(1, now())
    fill(box, "bed")
    [state] = drain(box, acknowledged=False)
    box.clear("eta", heater="bed")
    deliver(box, state)
    assert box.to_clear == [state.topic]
    assert clearings(drain(box)) == [state.topic]
    assert box.to_clear == []


# Refused


def test_a_state_that_is_refused_for_now_is_sent_again_on_the_same_connection_after_growing_pauses():
    box = outbox()
    box.connect(1, now())
    fill(box, "bed")
    assert len(drain(box, answer=Answer.REFUSED_FOR_NOW)) == 1
    assert drain(box, at=pause(1) - 0.1) == []
    assert len(drain(box, at=pause(1), answer=Answer.REFUSED_FOR_NOW)) == 1
    assert drain(box, at=pause(1) + pause(2) - 0.1) == []
    assert numbers(drain(box, at=pause(1) + pause(2))) == [20.0]
    assert drain(box, at=10**6) == []
    assert box.refused == 2


def test_a_state_that_is_refused_for_good_is_sent_again_on_the_same_connection_after_growing_pauses():
    box = outbox()
    box.connect(1, now())
    fill(box, "bed", actual=1)
    assert numbers(drain(box, answer=Answer.REFUSED)) == [1]
    at, pauses = 0.0, [pause_for_good(refusal) for refusal in range(1, 9)]
    for seconds in pauses:
        assert drain(box, at=at + seconds - 0.1) == []
        at += seconds
        assert numbers(drain(box, at=at, answer=Answer.REFUSED)) == [1]
    assert pauses[-1] == LONGEST_FOR_GOOD_S
    fill(box, "bed", actual=2)
    assert numbers(drain(box, at=at, answer=Answer.REFUSED)) == [2], "the newest one, at once"
    assert drain(box, at=at + LONGEST_FOR_GOOD_S - 0.1) == [], "the pauses do not begin anew"
    assert numbers(drain(box, at=at + LONGEST_FOR_GOOD_S)) == [2]
    assert drain(box, at=10**6) == []
    fill(box, "bed", actual=3)
    drain(box, at=10**6, answer=Answer.REFUSED)
    assert numbers(drain(box, at=10**6 + pause_for_good(1))) == [3]


def test_a_state_that_is_too_large_is_not_tried_again_on_the_same_connection():
    box = outbox()
    box.connect(1, now())
    fill(box, "bed")
    assert len(drain(box, answer=Answer.TOO_LARGE)) == 1
    assert drain(box, at=10**6) == []
    assert box.limits.take_reports() == []


def test_a_topic_whose_clearing_is_refused_for_good_is_cleared_later_on_the_same_connection():
    box = outbox()
    fill(box, "bed")
    box.move(OTHER)
    connect(box, 1)
    at = 0.0
    for refusal in range(1, 2 * MOST_REFUSALS):
        assert clearings(drain(box, at=at, answer=Answer.REFUSED)) == [f"{BASE}/bed/eta"]
        at += pause_for_good(refusal)
    assert clearings(drain(box, at=at)) == [f"{BASE}/bed/eta"]
    assert box.to_clear == []


def test_a_newer_state_is_sent_at_once_and_the_refused_one_never_again():
    box = outbox()
    box.connect(1, now())
    fill(box, "bed", actual=1)
    drain(box, answer=Answer.REFUSED_FOR_NOW)
    fill(box, "bed", actual=2)
    assert numbers(drain(box, at=1)) == [2]
    assert drain(box, at=10**6) == []


def test_a_topic_whose_clearing_is_refused_for_now_is_cleared_later():
    box = outbox()
    fill(box, "bed")
    box.move(OTHER)
    connect(box, 1)
    drain(box, answer=Answer.REFUSED_FOR_NOW)
    assert box.to_clear == [f"{BASE}/bed/eta"]
    assert clearings(drain(box, at=pause(1))) == [f"{BASE}/bed/eta"]
    assert box.to_clear == []


def test_one_whose_clearing_is_refused_for_good_is_cleared_by_a_later_connection_and_given_up_in_the_end():
    box = outbox()
    fill(box, "bed")
    box.move(OTHER)
    for link in range(1, MOST_REFUSALS + 1):
        assert box.to_clear == [f"{BASE}/bed/eta"]
        for _ in range(2):
            connect(box, link)
            assert clearings(drain(box, answer=Answer.REFUSED)) == [f"{BASE}/bed/eta"]
            if link == MOST_REFUSALS:
                break
    assert box.to_clear == []
    box.connect(link + 1, now())
    assert drain(box) == []


@pytest.mark.parametrize("answer", [Answer.REFUSED, Answer.REFUSED_FOR_NOW])
def test_what_was_refused_for_now_is_forgotten_with_its_topic(answer: Answer):
    box = outbox()
    fill(box, "bed")
    box.move(OTHER)
    connect(box, 1)
    [first] = drain(box, acknowledged=False)
    box.resend_states()
    [second] = drain(box, acknowledged=False)
    deliver(box, first, answer=answer)
    deliver(box, second)
    assert drain(box, at=10**6) == []
