"""Messages against the limits of the connection."""

from __future__ import annotations

import logging
from dataclasses import replace

from octoprint_temp_eta.bridge.outbox.packet_size import packet_size
from octoprint_temp_eta.bridge.outbox.send_limits import (
    LARGE,
    LONGEST_RETRY_S,
    MAX_REPORTS,
    RETRY_S,
    WINDOW,
    Culprit,
    SendLimits,
    TooLarge,
)
from octoprint_temp_eta.bridge.outbox.suspects import LASTS_S, PAUSE_S
from octoprint_temp_eta.bridge.protocol.effects import Connect, Publish
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected, BrokerLost
from octoprint_temp_eta.core.clock import Now
from tests.support.bridge_driver import INSTANCE, BridgeDriver, heating, logged

MESSAGE = Publish("a/b", b"x" * 1000)
NOW = Now(0.0, 0.0)
SIZE = packet_size(MESSAGE, "5")


def limits(maximum_packet_size: int | None = None, window: int | None = None, protocol: str = "5") -> SendLimits:
    made = SendLimits()
    made.connected(BrokerConnected(1, "broker.test", 1883, protocol, maximum_packet_size, window))
    return made


def test_without_a_limit_every_message_is_sent():
    made = limits()
    assert made.accepts(Publish("a", b"x" * 10_000_000))
    assert (made.window, made.not_sent, made.take_reports()) == (WINDOW, 0, [])


def test_a_message_of_exactly_the_limit_is_sent():
    assert limits(SIZE).accepts(MESSAGE)


def test_a_larger_message_is_counted_and_reported_once():
    made = limits(SIZE - 1)
    assert not made.fits(MESSAGE)
    assert made.not_sent == 0, "asking does not count"
    assert not made.accepts(MESSAGE)
    assert made.not_sent == 1
    assert made.take_reports() == [TooLarge("a/b", SIZE, SIZE - 1)]
    assert made.take_reports() == []


def test_the_report_has_topic_size_limit_and_remedy():
    assert str(TooLarge("a/b", 22_000, 8192)) == (
        "The message on a/b has 22000 bytes and is not sent: the broker accepts at most 8192. "
        "Raise the broker's packet limit (mosquitto: max_packet_size, message_size_limit)."
    )


def test_the_next_connection_has_limits_of_its_own():
    made = limits(SIZE - 1, window=7)
    assert made.window == 7
    made.connected(BrokerConnected(2, "broker.test", 1883, "3.1.1"))
    assert made.accepts(MESSAGE)
    assert made.window == WINDOW


def test_unread_reports_are_bounded():
    made = limits(10)
    for _ in range(10 * MAX_REPORTS):
        made.accepts(MESSAGE)
    assert len(made.take_reports()) == MAX_REPORTS
    assert made.not_sent == 10 * MAX_REPORTS


# Messages that the broker hangs up at


def hung_up_twice(made: SendLimits, message: Publish, now: Now = NOW) -> None:
    """Let the broker hang up at `message` twice, the second time after another one has arrived."""
    assert made.lost([message], now) == set()
    made.connected(BrokerConnected(2, "broker.test", 1883, "5"))
    made.delivered(Publish("other", b"x"))
    assert made.lost([message], now) == {message.topic}


def test_a_message_that_was_in_flight_at_a_disconnect_is_sent_alone_until_it_arrives():
    made = limits()
    assert made.lost([MESSAGE], NOW) == set()
    assert made.goes_alone(MESSAGE)
    assert made.accepts(MESSAGE)
    made.delivered(MESSAGE)
    assert not made.goes_alone(MESSAGE)
    assert made.lost([MESSAGE], NOW) == set(), "what arrived starts anew"


def test_a_message_at_which_the_connection_ended_twice_is_not_sent():
    made = limits()
    hung_up_twice(made, MESSAGE)
    assert made.take_reports() == [Culprit("a/b", SIZE)]
    assert not made.accepts(MESSAGE)
    assert made.not_sent == 1
    assert made.take_reports() == [], "reported once"
    assert made.accepts(Publish("a/c", MESSAGE.payload))
    assert made.maximum_packet_size is None, "too small to be a packet limit"


def test_a_smaller_message_on_the_same_topic_is_sent():
    made = limits()
    hung_up_twice(made, MESSAGE)
    assert not made.accepts(MESSAGE)
    assert made.accepts(Publish("a/b", b"x"))


def test_a_guessed_limit_is_tried_again_after_growing_pauses():
    made = limits()
    large = Publish("a/b", b"x" * LARGE)
    at, pause = 0.0, RETRY_S
    while pause < 4 * LONGEST_RETRY_S:
        hung_up_twice(made, large, Now(at, at))
        expected = min(pause, LONGEST_RETRY_S)
        assert not made.retry(Now(at + expected - 1, at))
        assert not made.accepts(large)
        at, pause = at + expected, 2 * pause
        assert made.retry(Now(at, at))
        assert made.accepts(large)
        assert not made.retry(Now(at, at)), "once"


def test_a_small_culprit_is_tried_again_after_a_minute_and_each_retry_is_counted():
    made = limits()
    hung_up_twice(made, MESSAGE)
    assert not made.retry(Now(PAUSE_S - 1, 0.0))
    assert made.retry(Now(PAUSE_S, 0.0))
    assert made.retries == 1
    assert made.accepts(MESSAGE)
    assert made.goes_alone(MESSAGE)


def test_what_the_broker_has_accepted_is_not_reported_before_a_connection_that_lasted_ends_at_it():
    made = limits()
    made.delivered(MESSAGE)
    hung_up_twice(made, MESSAGE)
    assert not made.accepts(MESSAGE)
    assert made.take_reports() == []
    assert made.retry(Now(LASTS_S, 0.0))
    assert made.lost([MESSAGE], Now(LASTS_S, 0.0)) == {"a/b"}
    assert made.take_reports() == [Culprit("a/b", SIZE)]


def test_a_message_that_is_no_larger_than_an_accepted_one_is_no_limit():
    made = limits()
    made.delivered(Publish("a/c", b"x" * 2 * LARGE))
    hung_up_twice(made, Publish("a/b", b"x" * LARGE))
    assert made.maximum_packet_size is None
    made.too_large(Publish("a/c", b"x" * LARGE), NOW)
    assert made.maximum_packet_size is not None


def test_a_large_culprit_is_a_limit_for_all_messages_until_it_is_tried_again():
    made = limits()
    large = Publish("a/b", b"x" * LARGE)
    hung_up_twice(made, large)
    made.connected(BrokerConnected(2, "broker.test", 1883, "3.1.1"))
    assert made.maximum_packet_size == packet_size(large, "5") - 1
    more = Publish("a/c", large.payload + b"more")
    assert not made.accepts(more)
    assert "The limit is a guess" in str(made.take_reports()[-1])
    assert made.accepts(MESSAGE)
    assert made.retry(Now(RETRY_S, 0.0))
    assert made.maximum_packet_size is None
    assert made.accepts(large)
    assert made.accepts(more)


def test_a_message_that_is_refused_as_too_large_is_a_limit_whatever_its_size_until_it_is_tried_again():
    made = limits()
    made.too_large(MESSAGE, Now(5.0, 5.0))
    assert not made.accepts(MESSAGE)
    assert made.accepts(replace(MESSAGE, payload=MESSAGE.payload[:-1]))
    made.too_large(replace(MESSAGE, payload=MESSAGE.payload + b"x"), Now(6.0, 6.0))
    assert made.maximum_packet_size == packet_size(MESSAGE, "5") - 1
    assert not made.retry(Now(RETRY_S, 0.0))
    assert made.retry(Now(5.0 + RETRY_S, 0.0))
    assert made.accepts(MESSAGE)


def test_changed_settings_end_a_guess_but_not_an_announced_limit():
    made = limits(LARGE * 2)
    large = Publish("a/b", b"x" * LARGE)
    hung_up_twice(made, large)
    made.connected(BrokerConnected(2, "broker.test", 1883, "5", LARGE * 2))
    assert not made.accepts(large)
    made.forget()
    made.connected(BrokerConnected(3, "broker.test", 1883, "5", LARGE * 2))
    assert made.accepts(large)
    assert not made.accepts(Publish("a/c", large.payload * 2))


def test_the_report_of_a_culprit_has_topic_size_and_remedy():
    text = str(Culprit("a/b", 9000))
    assert "twice while a message of 9000 bytes on a/b was in flight: it is not sent for a minute" in text
    assert "packet limit (mosquitto: max_packet_size, message_size_limit)" in text


def test_two_messages_on_one_topic_that_are_in_flight_together_are_one_suspect():
    made = limits()
    made.delivered(Publish("other", b"x"))
    assert made.lost([MESSAGE, MESSAGE], NOW) == set()
    assert made.goes_alone(MESSAGE)


# In the bridge


def test_a_message_above_the_packet_limit_is_reported_and_counted():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.printer()
    driver.connect(maximum_packet_size=400)
    warnings = logged(driver, logging.WARNING)
    assert [text.split()[3] for text in warnings] == [driver.topic("info")]
    assert "is not sent: the broker accepts at most 400. Raise the broker's packet limit" in warnings[0]
    driver.connect()
    driver.advance(1)
    assert driver.state("diagnostics")["messages"]["dropped"] >= 1
    assert driver.state("info")["instance"] == INSTANCE, "a broker without the limit gets it"


def test_what_was_held_back_is_sent_again_after_a_minute():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.printer()
    topic, outbox = driver.topic("info"), driver.bridge._outbox
    driver.connect()
    found = [outbox.limits.lost([Publish(topic, b"x")], driver.now) for _ in range(2)]
    assert found == [set(), {topic}]
    driver.connect(forget=True)
    assert topic not in driver.retained
    driver.skip(PAUSE_S)
    driver.advance(1)
    assert topic in driver.retained


def test_what_was_held_back_stays_so_on_a_connection_that_has_not_lasted():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.printer()
    topic, limits = driver.topic("info"), driver.bridge._outbox.limits
    driver.connect()
    for _ in range(2):
        limits.lost([Publish(topic, b"x")], driver.now)
    driver.lose()
    driver.skip(PAUSE_S)
    driver.connect(forget=True)
    driver.advance(LASTS_S - 1)
    assert topic not in driver.retained
    driver.advance(2)
    assert topic in driver.retained


def test_a_message_that_is_never_acknowledged_does_not_end_connections_for_ever():
    driver = heating(ha_discovery_enabled=False)
    driver.silent_on = (driver.topic("info"),)
    driver.connect(forget=True)
    driver.lose()
    for _ in range(200):
        if driver.of(Connect):
            driver.effects.clear()
            driver.connect()
        driver.advance(3)
    assert driver.bridge._connection.connections <= 8
    assert driver.topic("bed/eta") in driver.retained


def test_a_broker_that_shuts_down_again_and_again_makes_no_culprits():
    driver = heating(ha_discovery_enabled=False)
    for _ in range(8):
        driver.silent_on = (driver.topic("bed"),)
        driver.connect()
        driver.handle(BrokerLost(driver.link or 0, "closed the connection: server shutting down", 0x8B))
    driver.silent_on = ()
    driver.connect(forget=True)
    assert driver.topic("bed/eta") in driver.retained
