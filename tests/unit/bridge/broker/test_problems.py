"""Refusals on a connection that continues: known ones, and those that have ended."""

from __future__ import annotations

from octoprint_temp_eta.bridge.broker.problems import MOST_TOPICS, Problems
from octoprint_temp_eta.bridge.protocol.inputs import BrokerRefused


def refused(topic: str, reason: str = "") -> BrokerRefused:
    return BrokerRefused(reason or f"Not permitted to publish to {topic}", topic, published=True)


def test_a_refusal_is_new_once_for_each_topic_and_reason():
    problems = Problems()
    new = [problems.is_new(refused(topic)) for topic in ("a", "b", "a", "b")]
    assert new == [True, True, False, False]
    assert problems.is_new(refused("a", "another reason"))
    problems.connected()
    assert problems.is_new(refused("b"))


def report(problems: Problems, event: BrokerRefused) -> str:
    """Note a refusal as the newest problem, and return its sentence."""
    assert problems.is_new(event)
    problems.last_error = event.reason
    return event.reason


def test_a_subscription_is_always_new_and_no_message_ends_its_error():
    problems = Problems()
    event = BrokerRefused("Not permitted to subscribe to a", "a")
    assert [problems.is_new(event) for _ in range(2)] == [True, True]
    problems.last_error = event.reason
    problems.accepted("a")
    assert problems.last_error == event.reason


def test_a_granted_subscription_ends_its_error():
    problems = Problems()
    events = [*(BrokerRefused(f"Not permitted to subscribe to {topic}", topic) for topic in "ba"), refused("c")]
    texts = [report(problems, event) for event in reversed(events)]
    assert problems.refusal() == texts[1]
    problems.granted("b")
    assert problems.last_error == texts[1]
    problems.last_error = "another error"
    problems.granted("a")
    assert problems.last_error == "another error"
    assert (problems.refusal("c"), problems.refusal("d")) == (texts[0], None)


def test_a_subscription_that_is_not_wanted_any_more_is_no_problem():
    problems = Problems()
    for topic in "ab":
        report(problems, BrokerRefused(f"Not permitted to subscribe to {topic}", topic))
    problems.only(["a", "c"])
    assert problems.refusal() == "Not permitted to subscribe to a"


def test_what_the_broker_refuses_altogether_is_a_problem_until_the_next_connection():
    problems = Problems()
    text = report(problems, BrokerRefused("It keeps no retained messages"))
    problems.only([])
    assert problems.refusal() == text
    problems.connected()
    assert problems.refusal() is None


def test_the_error_ends_when_one_refused_topic_is_accepted_and_what_is_still_refused_is_new():
    problems = Problems()
    texts = [report(problems, refused(topic)) for topic in ("a", "b", "c")]
    problems.accepted("unknown")
    assert problems.last_error == texts[-1]
    assert problems.refuses("a")
    problems.accepted("a")
    assert (problems.last_error, problems.refusal(""), problems.refuses("a")) == (None, None, False)
    assert problems.is_new(refused("b"))


def test_another_error_stays():
    problems = Problems()
    report(problems, refused("a"))
    problems.last_error = "another error"
    problems.accepted("a")
    assert problems.last_error == "another error"


def test_the_number_of_topics_is_limited():
    problems = Problems()
    for number in range(2 * MOST_TOPICS):
        problems.is_new(refused(str(number)))
    assert not problems.is_new(refused(str(MOST_TOPICS)))
    assert problems.is_new(refused("0"))


def test_a_message_that_was_not_sent_is_an_error_until_one_is_accepted_there():
    problems = Problems()
    problems.not_sent("a", "a is too large")
    problems.last_error = "a is too large"
    problems.connected()
    problems.accepted("b")
    assert problems.last_error == "a is too large"
    problems.accepted("a")
    assert problems.last_error is None
