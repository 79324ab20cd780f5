"""Messages whose acknowledgement does not come, while others are acknowledged."""

from __future__ import annotations

import json

from octoprint_temp_eta.bridge.outbox.in_flight import ACK_TIMEOUT_S, MOST_OF_WINDOW, OVERTAKEN_S, InFlight
from octoprint_temp_eta.bridge.outbox.pauses import pause
from octoprint_temp_eta.bridge.outbox.send_limits import WINDOW
from octoprint_temp_eta.bridge.protocol.effects import Connect, Publish
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected, MessageArrived
from tests.support.bridge_driver import INSTANCE, BridgeDriver, connected
from tests.support.outbox_driver import change, deliver, drain, fill, now, numbers, outbox, topics

LATE = OVERTAKEN_S + 0.1
TOPIC = f"homeassistant/device/temp_eta_{INSTANCE}/config"


def sent(*names: str) -> InFlight:
    """Return messages with the tokens 0, 1, … on these topics."""
    in_flight = InFlight()
    for token, topic in enumerate(names):
        in_flight.add(token, Publish(topic, b"x"), now())
    return in_flight


def test_what_is_overtaken_for_a_minute_is_given_up_and_keeps_its_place():
    in_flight = sent("a", "b", "c")
    assert in_flight.take(1, now(100))
    assert in_flight.give_up(now(100 + OVERTAKEN_S)) == []
    assert in_flight.give_up(now(100 + LATE)) == [Publish("a", b"x")]
    assert in_flight.give_up(now(999)) == [], "c is not overtaken"
    assert (len(in_flight), [item.topic for item in in_flight.items if isinstance(item, Publish)]) == (2, ["c"])
    assert in_flight.take(0, now(999)) is None, "too late: it was sent again"
    assert len(in_flight) == 1


def test_on_a_slow_link_nothing_is_given_up_however_long_it_takes():
    in_flight = sent(*map(str, range(WINDOW)))
    for token in range(WINDOW):
        at = (token + 1) * ACK_TIMEOUT_S
        assert in_flight.give_up(now(at)) == []
        assert in_flight.take(token, now(at))


def test_a_message_without_qos_overtakes_nothing():
    in_flight = sent("a")
    in_flight.add(1, Publish("b", b"x", qos=0), now())
    in_flight.take(1, now())
    assert in_flight.give_up(now(999)) == []


def test_a_topic_without_a_second_acknowledgement_in_a_row_ends_the_connection():
    in_flight = sent("a", "b", "a", "b")
    in_flight.take(1, now())
    in_flight.give_up(now(LATE))
    assert not in_flight.exhausted(WINDOW)
    in_flight.take(3, now(LATE))
    in_flight.give_up(now(2 * LATE))
    assert in_flight.exhausted(WINDOW)
    assert {publish.topic for publish in in_flight.missing} == {"a"}
    in_flight.clear()
    assert not in_flight.exhausted(WINDOW)


def test_one_in_between_keeps_it():
    in_flight = sent("a", "a", "a", "a")
    in_flight.take(1, now())
    in_flight.give_up(now(LATE))
    in_flight.take(3, now(LATE))
    in_flight.give_up(now(2 * LATE))
    assert not in_flight.exhausted(WINDOW)
    assert in_flight.missing[-1].topic == "a"


def test_too_many_on_any_topics_end_the_connection():
    for window in (1, 3, WINDOW):
        most = window // MOST_OF_WINDOW
        in_flight = sent(*map(str, range(most + 1)))
        in_flight.add(most + 1, Publish("other", b"x"), now())
        in_flight.take(0, now())
        in_flight.take(most + 1, now())
        in_flight.give_up(now(LATE))
        assert not in_flight.exhausted(window)
        in_flight.add(most + 2, Publish("one more", b"x"), now(LATE))
        in_flight.add(most + 3, Publish("other", b"x"), now(LATE))
        in_flight.take(most + 3, now(LATE))
        in_flight.give_up(now(2 * LATE))
        assert in_flight.exhausted(window)
        assert len(in_flight.missing) == most + 1


# In the outbox


def test_the_newest_state_is_sent_again_and_the_place_stays_taken():
    box = outbox()
    box.limits.connected(BrokerConnected(1, "broker.test", 1883, "5", window=8))
    box.connect(1, now())
    fill(box, "bed", actual=1)
    drain(box, acknowledged=False)
    fill(box, "tool0", at=1)
    drain(box, at=1)
    assert drain(box, at=1 + LATE) == []
    assert numbers(drain(box, at=1 + LATE + pause(1))) == [1]
    fill(box, *(f"tool{number}" for number in range(20)), actual=2, at=99)
    assert len(drain(box, at=99, acknowledged=False)) == 7
    assert box.stuck(now(99)) is None


def test_an_event_is_sent_again_but_no_reply():
    box = outbox()
    box.connect(1, now())
    box.publish_event("state_change", change(), now(), keep_s=300, heater="bed")
    box.send_event("response", Publish("caller/reply", b"{}"), now(), keep_s=300, resend=False)
    drain(box, acknowledged=False)
    fill(box, "bed")
    drain(box)
    drain(box, at=LATE)
    assert topics(drain(box, at=LATE + pause(1))) == ["bed/state_change"]
    assert box.events_dropped == {"response": 1}


def test_a_suspect_does_not_wait_for_what_was_given_up():
    box = outbox()
    box.connect(1, now())
    fill(box, "bed", "tool0", "tool1")
    bed, tool0, tool1 = drain(box, acknowledged=False)
    box.limits.lost([tool1], now())
    deliver(box, tool0)
    deliver(box, tool1)
    drain(box, at=LATE)
    box.limits.lost([tool1], now())
    fill(box, "tool1", actual=7, at=LATE)
    assert numbers(drain(box, at=LATE)) == [7]
    assert bed.topic


# In the bridge


def announced(driver: BridgeDriver) -> list[bool]:
    """Return, for each device message, whether it has the second tool."""
    return ["tool1_ready_at" in json.loads(publish.payload)["components"]
            for _, publish in driver.sent if publish.topic == TOPIC]  # fmt: skip


def test_an_acknowledgement_that_never_comes_does_not_keep_home_assistant_waiting():
    driver = connected()
    driver.read(tool0=(22.0, 0.0))
    driver.silent_on = (TOPIC,)
    driver.advance(10)
    assert announced(driver) == [False]
    driver.silent_on = ()
    for second in range(100):
        driver.read(tool0=(22.0 + second, 0.0), tool1=(22.0, 0.0))
        driver.advance(1)
    assert announced(driver)[-1] is True
    driver.handle(MessageArrived("homeassistant/status", b"online"))
    before = len(announced(driver))
    driver.advance(10)
    # what the second tool has replaced is removed again: Home Assistant may have missed it
    assert announced(driver)[before:] == [False, True]
    assert len(driver.of(Connect)) == 1


def an_hour(driver: BridgeDriver) -> int:
    """Let an hour pass in which the bridge may connect again; return how often it did."""
    before = attempts = len(driver.of(Connect))
    for second in range(0, 3600, 5):
        driver.read(tool0=(22.0 + second % 50, 0.0))
        driver.advance(5, tick=1.0)
        if len(driver.of(Connect)) > attempts:
            attempts = len(driver.of(Connect))
            driver.connect()
    return attempts - before


def test_a_broker_that_never_acknowledges_some_messages_is_connected_to_again_ever_more_rarely():
    driver = connected(mqtt_publish_interval=5)
    driver.silent_on = (TOPIC, driver.topic("info"))
    assert an_hour(driver) <= 20
    assert any(topic.startswith("homeassistant/sensor/") for topic in driver.retained), "one by one"
    assert an_hour(driver) <= 6
    assert driver.bridge.snapshot(driver.now)["mqtt"]["connected"] is True
    assert driver.eta("tool0")["actual"] == 67.0
