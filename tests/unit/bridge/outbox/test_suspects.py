"""Finding the message at which the broker ends the connection."""

from __future__ import annotations

import random

import pytest

from octoprint_temp_eta.bridge.outbox.closed_groups import LONGEST_PAUSE_S, PAUSE_S
from octoprint_temp_eta.bridge.outbox.outbox import Outbox
from octoprint_temp_eta.bridge.outbox.suspects import (
    LASTS_S,
    MOST_ACCEPTED,
    Suspects,
    may_be_a_message,
)
from octoprint_temp_eta.bridge.protocol.effects import Publish
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected
from tests.support.outbox_driver import BASE, change, deliver, drain, fill, now, outbox, topics


@pytest.mark.parametrize("code", [None, -1, 0x00, 0x80, 0x82, 0x87, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B])
def test_a_message_may_be_the_reason(code: int | None):
    assert may_be_a_message(code)


@pytest.mark.parametrize("code", [0x88, 0x89, 0x8B, 0x8D, 0x8E, 0x96, 0x98, 0x9C, 0x9D, 0x9F, 0xA0, 0xFF])
def test_a_reason_that_clears_all_messages(code: int):
    assert not may_be_a_message(code)


def test_a_suspect_that_arrives_is_none_any_more():
    suspects = Suspects()
    assert not suspects.lost("a/b")
    assert "a/b" in suspects
    suspects.delivered("a/b", 10)
    assert "a/b" not in suspects


def found() -> Suspects:
    """Return suspects that have found a culprit on a/b and hold it back."""
    suspects = Suspects()
    suspects.lost("a/b")
    suspects.connected()
    suspects.delivered("other", 10)
    assert suspects.lost("a/b")
    assert suspects.hold("a/b", 10, 0.0)
    return suspects


def test_the_second_loss_makes_a_culprit_of_the_same_topic_only():
    suspects = found()
    assert not suspects.lost("other")
    assert suspects.holds_back("a/b", 10)
    assert not suspects.holds_back("other", 10)


def test_nothing_is_left_after_forget():
    suspects = found()
    suspects.forget()
    assert not suspects.holds_back("a/b", 10)
    assert suspects.hold("other", 10, 0.0), "what was accepted is forgotten"


def test_a_much_smaller_message_than_the_culprit_is_sent_alone():
    suspects = found()
    assert suspects.holds_back("a/b", 9), "sizes vary"
    assert not suspects.holds_back("a/b", 5)
    assert "a/b" in suspects


def test_a_culprit_is_held_back_for_growing_pauses_until_it_arrives():
    suspects = found()
    at, pause = 0.0, PAUSE_S
    while pause < 4 * LONGEST_PAUSE_S:
        assert not suspects.release(at + min(pause, LONGEST_PAUSE_S) - 1)
        at, pause = at + min(pause, LONGEST_PAUSE_S), 2 * pause
        assert suspects.release(at)
        assert not suspects.release(at), "once"
        assert suspects.lost("a/b"), "one loss is enough now"
        assert suspects.hold("a/b", 10, at)
    suspects.release(at + LONGEST_PAUSE_S)
    suspects.delivered("a/b", 10)
    assert not suspects.hold("a/b", 10, at)
    assert suspects.release(at + LASTS_S)


def test_what_the_broker_has_accepted_before_is_held_back_only_until_a_connection_has_lasted():
    suspects = Suspects()
    suspects.delivered("a/b", 10)
    assert not suspects.hold("a/b", 10, 0.0), "no culprit yet"
    assert suspects.holds_back("a/b", 10)
    assert suspects.release(LASTS_S)
    assert suspects.lost("a/b")
    assert suspects.hold("a/b", 10, LASTS_S), "that connection had lasted"


def test_a_much_larger_message_than_the_broker_has_accepted_may_be_the_culprit():
    suspects = Suspects()
    for topic in ("a", "b"):
        suspects.delivered(topic, 10)
    assert not suspects.hold("a", 11, 0.0), "sizes vary"
    assert suspects.hold("b", 20, 0.0)


def test_what_is_known_of_topics_is_bounded():
    suspects = Suspects()
    for number in range(MOST_ACCEPTED + 1):
        suspects.delivered(f"{number}", 10)
    assert suspects.hold("0", 10, 0.0)
    assert not suspects.hold("1", 10, 0.0)


def test_a_broker_that_acknowledges_nothing_has_no_culprit():
    suspects = Suspects()
    for _ in range(10):
        suspects.connected()
        assert not suspects.lost("a/b")
    assert "a/b" in suspects


def test_a_message_without_qos_that_was_written_does_not_prove_that_the_broker_works():
    box = outbox()
    fill(box, "bed")
    for link in range(1, 4):
        box.connect(link, now())
        drain(box, acknowledged=False)
        box.send_event("other_plugins", Publish("other", b"", 0), now(), keep_s=60)
        for publish in drain(box, acknowledged=False):
            deliver(box, publish)
        box.lost(now(30.0))
    assert box.limits.take_reports() == []


def test_a_suspect_that_was_first_is_last_on_the_next_connection():
    suspects = Suspects()
    for topic in ("a", "b", "c"):
        suspects.lost(topic)
    suspects.connected()
    assert not suspects.lost("a")
    assert sorted("abcd", key=suspects.order) == ["d", "b", "c", "a"]


# In the outbox


def hang_up(box: Outbox, topic: str, link: int, at: float = 0.0) -> list[str]:
    """Connect, and acknowledge until the connection ends at the first message on `topic`; return the topics."""
    box.connect(link, now(at))
    return acknowledge(box, topic, at)


def acknowledge(box: Outbox, topic: str, at: float = 0.0) -> list[str]:
    """Acknowledge what goes out, and end the connection at the first message on `topic`; return the topics."""
    sent: list[str] = []
    while batch := list(box.drain(now(at))):
        for publish in batch:
            sent += topics([publish])
            if publish.topic == f"{BASE}/{topic}":
                box.lost(now(at))
                return sent
            deliver(box, publish, at)
    return sent


def test_a_state_at_which_the_broker_hangs_up_twice_is_left_out_and_the_others_are_sent():
    box = outbox()
    fill(box, "tool0", "bed", "tool1")
    assert hang_up(box, "bed/eta", 1) == ["tool0/eta", "bed/eta"]
    assert hang_up(box, "bed/eta", 2) == ["tool0/eta", "bed/eta"], "suspects last, one by one"
    assert hang_up(box, "bed/eta", 3) == ["tool0/eta", "tool1/eta"]
    [report] = box.limits.take_reports()
    assert report.topic == f"{BASE}/bed/eta"


def test_an_event_at_which_the_broker_hangs_up_twice_is_dropped_and_counted():
    box = outbox()
    fill(box, "bed")
    box.publish_event("response", {"command": "one", "status": "completed"}, now(), keep_s=300)
    box.publish_event("state_change", change(), now(), keep_s=300, heater="bed")
    assert hang_up(box, "response", 1) == ["bed/eta", "response"]
    assert hang_up(box, "response", 2) == ["bed/eta", "response"]
    assert hang_up(box, "response", 3) == ["bed/eta", "bed/state_change"]
    assert box.events_dropped == {"response": 1}


def test_a_connection_that_the_bridge_ends_makes_no_suspects():
    box = outbox()
    fill(box, "tool0", "bed")
    for link in range(1, 5):
        box.connect(link, now())
        assert topics(drain(box, acknowledged=False)) == ["tool0/eta", "bed/eta"]
        box.disconnect()
    assert box.limits.take_reports() == []


@pytest.mark.parametrize("code", [0x8B, 0x8E, 0x8D])
def test_a_broker_that_ends_connections_for_another_reason_makes_no_suspects(code: int):
    box = outbox()
    fill(box, "tool0", "bed")
    for link in range(1, 9):
        box.connect(link, now())
        [first, *_] = box.drain(now())
        deliver(box, first)
        box.lost(now(), code)
    box.connect(9, now())
    assert topics(drain(box, acknowledged=False)) == ["tool0/eta", "bed/eta"]
    assert (box.limits.take_reports(), box.limits.not_sent) == ([], 0)


def test_a_reason_about_a_message_is_evidence_like_none():
    box = outbox()
    fill(box, "tool0", "bed")
    for link in (1, 2):
        box.connect(link, now())
        deliver(box, next(iter(box.drain(now()))))
        list(box.drain(now()))
        box.lost(now(), 0x95)
    assert [report.topic for report in box.limits.take_reports()] == [f"{BASE}/bed/eta"]


def test_after_a_network_that_kept_breaking_everything_is_sent_once_a_connection_has_lasted():
    """Each connection ends after a few messages, with others under way."""
    box, names, chance = outbox(), [f"tool{number}" for number in range(20)], random.Random(1)
    fill(box, *names)
    box.connect(1, now())
    drain(box)
    at = 0.0
    for link in range(2, 40):
        at += 3.0
        fill(box, *names, at=at, actual=link)
        box.limits.connected(BrokerConnected(link, "broker.test", 1883, "5"))
        box.connect(link, now(at))
        for _ in range(chance.randrange(1, 30)):
            batch = list(box.drain(now(at)))
            for publish in batch[: chance.randrange(len(batch) + 1)]:
                deliver(box, publish, at)
        box.lost(now(at))
    assert box.limits.take_reports() == [], "no culprits"
    fill(box, *names, at=at, actual=99)
    box.connect(40, now(at))
    sent = drain(box, at)
    assert len(sent) < len(names), "some are held back"
    box.retry(now(at + LASTS_S - 1))
    assert drain(box, at + LASTS_S - 1) == []
    box.retry(now(at + LASTS_S))
    assert sorted(topics(drain(box, at + LASTS_S))) == sorted(f"{name}/eta" for name in names)


@pytest.mark.parametrize("accepted", [False, True])
def test_a_message_that_ends_each_connection_is_sent_ever_more_rarely(accepted: bool):
    """Whether or not the broker has accepted it at first."""
    box = outbox()
    fill(box, "tool0", "bed")
    at, link, ends = 0.0, 1, 0
    box.connect(link, now(at))
    acknowledge(box, "" if accepted else "bed/eta", at)
    while at < 86400.0:
        if box.connected:
            box.retry(now(at))
        else:
            ends, link = ends + 1, link + 1
            box.connect(link, now(at))
        acknowledge(box, "bed/eta", at)
        at += 5.0
        fill(box, "tool0", "bed", at=at, actual=at)
    assert 10 <= ends <= 16
    assert box.limits.not_sent > 16_000, "held back, and counted"


def test_a_large_message_that_the_broker_has_accepted_before_is_no_limit():
    box = outbox()
    large = Publish(f"{BASE}/large", b"x" * 5000, qos=1)
    box.connect(1, now())
    box.send_event("large", large, now(), keep_s=300)
    drain(box)
    for link in (2, 3):
        fill(box, "bed", actual=link)
        box.send_event("large", large, now(), keep_s=300)
        assert "large" in hang_up(box, "large", link)
    assert box.limits.maximum_packet_size is None
    assert box.events_dropped["large"] == 1
