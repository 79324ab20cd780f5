"""What becomes of each subscription."""

from __future__ import annotations

import itertools

from octoprint_temp_eta.adapters.broker.client.subscriptions import Subscriptions

TOPICS = ("a/command/#", "home/status", "a/info")


class Broker:
    """Sends what is due, and keeps the packet ids."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self.subscriptions = subscriptions
        self.mids: dict[str, int] = {}
        self._next_mid = itertools.count(1)

    def send(self) -> list[str]:
        sent = []
        for topic in self.subscriptions.next():
            self.mids[topic] = next(self._next_mid)
            self.subscriptions.sent(topic, self.mids[topic])
            sent.append(topic)
        return sent

    def acknowledge(self, topic: str, code: int = 1) -> None:
        self.subscriptions.answered(self.mids[topic], [code])


def connected() -> tuple[Subscriptions, Broker]:
    subscriptions = Subscriptions(TOPICS)
    subscriptions.connected()
    return subscriptions, Broker(subscriptions)


def test_all_topics_are_subscribed_to_without_waiting():
    subscriptions, broker = connected()
    assert broker.send() == list(TOPICS)
    assert not subscriptions.complete
    for topic in TOPICS:
        broker.acknowledge(topic)
    assert subscriptions.complete
    assert list(subscriptions.problems()) == []
    assert not subscriptions.retry()


def test_a_refused_topic_is_named_and_tried_again_alone():
    subscriptions, broker = connected()
    broker.send()
    for topic in TOPICS:
        broker.acknowledge(topic, 0x87 if topic == "home/status" else 1)
    assert list(subscriptions.problems()) == [("home/status", "not authorized")]
    assert subscriptions.retry()
    assert broker.send() == ["home/status"]
    broker.acknowledge("home/status")
    assert list(subscriptions.problems()) == []


def test_after_a_refusal_without_a_reason_qos_0_is_tried():
    subscriptions, broker = connected()
    broker.send()
    for topic, code in zip(TOPICS, (0x80, 0x87, 1), strict=True):
        broker.acknowledge(topic, code)
    assert [subscriptions.qos(topic) for topic in TOPICS] == [0, 1, 1]
    subscriptions.connected()
    assert [subscriptions.qos(topic) for topic in TOPICS] == [1, 1, 1]


def test_what_is_not_answered_yet_is_reported_later():
    subscriptions, broker = connected()
    broker.send()
    broker.acknowledge("a/command/#")
    broker.acknowledge("home/status", 0x87)
    assert [topic for topic, _ in subscriptions.problems(unanswered=False)] == ["home/status"]
    assert [topic for topic, _ in subscriptions.problems()] == ["home/status", "a/info"]


def test_an_unacknowledged_topic_is_named_and_tried_again():
    subscriptions, broker = connected()
    broker.send()
    broker.acknowledge("a/info")
    broker.acknowledge("home/status")
    assert list(subscriptions.problems()) == [("a/command/#", "no answer to the subscription")]
    assert subscriptions.retry()
    assert broker.send() == ["a/command/#"]


def test_a_suback_for_an_unknown_packet_changes_nothing():
    subscriptions, broker = connected()
    broker.send()
    subscriptions.answered(99, [0x80])
    assert [topic for topic, _ in subscriptions.problems()] == list(TOPICS)


def test_the_topic_at_which_the_broker_hangs_up_is_found_and_left_out():
    subscriptions, broker = connected()
    broker.send()
    subscriptions.connection_ended(None)
    subscriptions.connected()
    assert broker.send() == ["a/command/#"], "now one by one"
    broker.acknowledge("a/command/#")
    assert broker.send() == ["home/status"]
    subscriptions.connection_ended("not authorized")
    subscriptions.connected()
    assert broker.send() == ["a/command/#"]
    broker.acknowledge("a/command/#")
    assert broker.send() == ["a/info"]
    broker.acknowledge("a/info")
    assert subscriptions.complete
    assert list(subscriptions.problems()) == [("home/status", "the broker closes the connection at it: not authorized")]


def test_a_connection_that_ends_with_every_topic_acknowledged_has_no_culprit():
    subscriptions, broker = connected()
    broker.send()
    for topic in TOPICS:
        broker.acknowledge(topic)
    subscriptions.connection_ended(None)
    subscriptions.connected()
    assert broker.send() == list(TOPICS)


def test_after_a_connection_that_lasted_every_topic_is_tried_again():
    subscriptions, broker = connected()
    for _ in range(2):
        broker.send()
        subscriptions.connection_ended(None)
        subscriptions.connected()
    assert [topic for topic, _ in subscriptions.problems()] == ["a/command/#"]
    subscriptions.connection_lasted()
    subscriptions.connected()
    assert broker.send() == list(TOPICS)


def test_a_change_subscribes_to_the_new_topics_and_names_the_old_ones():
    subscriptions, broker = connected()
    broker.send()
    for topic in TOPICS:
        broker.acknowledge(topic, 0x87 if topic == "home/status" else 1)
    assert subscriptions.change(("a/command/#", "new", "a/info")) == ["home/status"]
    assert broker.send() == ["new"]
    broker.acknowledge("new")
    assert subscriptions.complete
    assert list(subscriptions.problems()) == []
    subscriptions.connected()
    assert broker.send() == ["a/command/#", "new", "a/info"]
