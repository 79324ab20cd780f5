"""Messages against the limits of the connection."""

from __future__ import annotations

from octoprint_temp_eta.bridge.broker.packet_size import packet_size
from octoprint_temp_eta.bridge.broker.send_limits import MAX_REPORTS, WINDOW, SendLimits, TooLarge
from octoprint_temp_eta.bridge.protocol.effects import Publish
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected

MESSAGE = Publish("a/b", b"x" * 1000)
SIZE = packet_size(MESSAGE, "5")


def limits(maximum_packet_size: int | None = None, window: int | None = None, protocol: str = "5") -> SendLimits:
    made = SendLimits()
    made.connected(BrokerConnected(1, "broker.test", 1883, protocol, maximum_packet_size, window))
    return made


def test_without_a_limit_every_message_is_sent():
    made = limits()
    assert made.accepts(Publish("a", b"x" * 10_000_000))
    assert (made.window, made.too_large, made.take_reports()) == (WINDOW, 0, [])


def test_a_message_of_exactly_the_limit_is_sent():
    assert limits(SIZE).accepts(MESSAGE)


def test_a_larger_message_is_counted_and_reported_once():
    made = limits(SIZE - 1)
    assert not made.fits(MESSAGE)
    assert made.too_large == 0, "asking does not count"
    assert not made.accepts(MESSAGE)
    assert made.too_large == 1
    assert made.take_reports() == [TooLarge("a/b", SIZE, SIZE - 1)]
    assert made.take_reports() == []


def test_the_report_has_topic_size_limit_and_remedy():
    assert str(TooLarge("a/b", 22_000, 8192)) == (
        "The message on a/b has 22000 bytes and is not sent: the broker accepts at most 8192. "
        "Raise the broker's packet limit (mosquitto: max_packet_size)."
    )


def test_the_next_connection_has_limits_of_its_own():
    made = limits(SIZE - 1, window=7)
    assert made.window == 7
    made.connected(BrokerConnected(2, "broker.test", 1883, "3.1.1"))
    assert made.accepts(MESSAGE)
    assert made.window == WINDOW


def test_reports_that_nobody_takes_are_bounded():
    made = limits(10)
    for _ in range(10 * MAX_REPORTS):
        made.accepts(MESSAGE)
    assert len(made.take_reports()) == MAX_REPORTS
    assert made.too_large == 10 * MAX_REPORTS
