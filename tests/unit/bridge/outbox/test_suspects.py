"""Finding the message at which the broker ends the connection."""

from __future__ import annotations

from octoprint_temp_eta.bridge.outbox.outbox import Outbox
from octoprint_temp_eta.bridge.outbox.suspects import Suspects
from tests.support.outbox_driver import BASE, change, deliver, drain, fill, now, outbox, topics


def test_a_suspect_that_arrives_is_none_any_more():
    suspects = Suspects()
    assert not suspects.lost("a/b", 10)
    assert "a/b" in suspects
    suspects.delivered("a/b")
    assert "a/b" not in suspects


def found() -> Suspects:
    """Return suspects that have found a culprit on a/b."""
    suspects = Suspects()
    suspects.lost("a/b", 10)
    suspects.connected()
    suspects.delivered("other")
    assert suspects.lost("a/b", 10)
    return suspects


def test_the_second_loss_makes_a_culprit_of_the_same_topic_only():
    suspects = found()
    assert not suspects.lost("other", 10)
    assert suspects.holds_back("a/b", 10)
    assert not suspects.holds_back("other", 10)


def test_nothing_is_left_after_forget():
    suspects = found()
    suspects.forget()
    assert not suspects.holds_back("a/b", 10)


def test_a_broker_that_acknowledges_nothing_has_no_culprit():
    suspects = Suspects()
    for _ in range(10):
        suspects.connected()
        assert not suspects.lost("a/b", 10)
    assert "a/b" in suspects


def test_a_suspect_that_was_first_is_last_on_the_next_connection():
    suspects = Suspects()
    for topic in ("a", "b", "c"):
        suspects.lost(topic, 10)
    suspects.connected()
    assert not suspects.lost("a", 10)
    assert sorted("abcd", key=suspects.order) == ["d", "b", "c", "a"]


# In the outbox


def hang_up(box: Outbox, topic: str, link: int) -> list[str]:
    """Connect, acknowledge what goes out, and end the connection at the first message on `topic`; return the topics."""
    box.connect(link, now())
    sent: list[str] = []
    while batch := list(box.drain(now())):
        for publish in batch:
            sent += topics([publish])
            if publish.topic == f"{BASE}/{topic}":
                box.lost(now())
                return sent
            deliver(box, publish)
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
