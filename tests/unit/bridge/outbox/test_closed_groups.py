"""Groups of topics that the broker does not let us publish on."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.outbox.closed_groups import (
    LONGEST_PAUSE_S,
    MOST_CULPRITS,
    PAUSE_S,
    ClosedGroups,
)
from octoprint_temp_eta.bridge.outbox.send_limits import SendLimits
from octoprint_temp_eta.bridge.protocol.effects import Log, Publish
from octoprint_temp_eta.bridge.protocol.inputs import MessageArrived
from tests.support.bridge_driver import BridgeDriver
from tests.support.outbox_driver import now

TOPICS = [f"homeassistant/sensor/{number}/config" for number in range(MOST_CULPRITS + 2)]
OURS = "octoprint/temp_eta/a/info"


def closed() -> ClosedGroups:
    groups = ClosedGroups()
    found = [groups.culprit(topic, 0.0) for topic in TOPICS[:MOST_CULPRITS]]
    assert found == [*[None] * (MOST_CULPRITS - 1), "homeassistant"]
    return groups


def test_after_some_culprits_of_a_group_nothing_of_it_is_sent():
    groups = closed()
    assert TOPICS[-1] in groups
    assert OURS not in groups


def test_one_topic_alone_closes_nothing_and_neither_do_some_while_others_are_accepted():
    groups = ClosedGroups()
    assert [groups.culprit(TOPICS[0], 0.0) for _ in range(2 * MOST_CULPRITS)] == [None] * 2 * MOST_CULPRITS
    for topic in TOPICS:
        groups.accepted(TOPICS[0])
        assert groups.culprit(topic, 0.0) is None


def test_after_a_pause_one_message_is_tried_and_when_it_arrives_all_are_sent():
    groups = closed()
    assert groups.release(PAUSE_S - 1) is None
    assert groups.release(PAUSE_S) == ["homeassistant"]
    assert groups.tries(TOPICS[1])
    assert not groups.tries(TOPICS[2])
    assert [topic in groups for topic in TOPICS[:3]] == [True, False, True]
    assert not groups.tries(OURS)
    groups.accepted(TOPICS[1])
    assert not any(topic in groups for topic in TOPICS)
    assert groups.release(PAUSE_S + 1) == [], "so that they are sent again"
    assert groups.release(PAUSE_S + 2) is None


def test_the_largest_group_without_an_accepted_message_is_closed():
    groups = ClosedGroups()
    groups.accepted("homeassistant/sensor/0/config")
    found = []
    for number in range(MOST_CULPRITS):
        groups.accepted("homeassistant/sensor/0/config")
        found.append(groups.culprit(f"homeassistant/button/{number}/config", 0.0))
    assert found[-1] == "homeassistant/button"
    assert "homeassistant/button/9/config" in groups
    assert "homeassistant/sensor/9/config" not in groups


def test_on_another_connection_another_message_may_be_tried():
    groups = closed()
    groups.release(PAUSE_S)
    assert groups.tries(TOPICS[1])
    groups.connected()
    assert groups.tries(TOPICS[2])
    assert TOPICS[1] in groups


def test_the_pauses_grow_until_one_arrives():
    groups, now, pause = closed(), 0.0, PAUSE_S
    for _ in range(20):
        assert groups.release(now + pause - 1) is None
        now += pause
        groups.release(now)
        assert groups.tries(TOPICS[0])
        assert groups.culprit(TOPICS[0], now) == "homeassistant"
        pause = min(2 * pause, LONGEST_PAUSE_S)
    assert pause == LONGEST_PAUSE_S
    groups.accepted(TOPICS[0])
    assert groups.culprit(TOPICS[1], now) is None


def test_what_is_tried_but_never_answered_gives_its_turn_back():
    groups = closed()
    groups.release(PAUSE_S)
    assert groups.tries(TOPICS[1])
    assert groups.release(2 * PAUSE_S - 1) is None
    assert groups.release(2 * PAUSE_S) == ["homeassistant"]
    assert groups.waits(TOPICS[2])
    assert groups.tries(TOPICS[2])


def test_a_message_without_qos_is_not_the_one_that_is_tried():
    """The broker does not acknowledge it."""
    limits = SendLimits()
    for number in range(MOST_CULPRITS):
        limits._suspects.hold(TOPICS[number], 10, 0.0)
    limits.retry(now(PAUSE_S))
    assert not limits.accepts(Publish(TOPICS[-1], b"x", qos=0))
    assert not limits.sends(Publish(TOPICS[-2], b"x", qos=1)), "a question does not take the turn"
    assert limits.accepts(Publish(TOPICS[0], b"x", qos=1))


def lost_at(driver: BridgeDriver, prefix: str, seconds: float) -> int:
    """Let the broker end the connection at each message below `prefix`; return how often it did."""
    end, losses, mark = driver.now.at + seconds, 0, 0
    while driver.now.at < end:
        forbidden = any(publish.topic.startswith(prefix) for _, publish in driver.sent[mark:])
        mark = len(driver.sent)
        if forbidden:
            losses += 1
            driver.lose()
            driver.skip(1.0)
            driver.connect()
        else:
            driver.advance(0.5)
    return losses


def denied(prefix: str, **settings: Any) -> BridgeDriver:
    """Return a bridge whose broker has ended the connection at each message below `prefix`."""
    driver = BridgeDriver(**settings)
    driver.silent_on = (prefix,)
    driver.printer()
    driver.read(tool0=(20.0, 0.0), bed=(20.0, 0.0))
    driver.connect()
    assert lost_at(driver, prefix, 60.0) <= 2 * MOST_CULPRITS + 3
    assert lost_at(driver, prefix, 900.0) <= 5
    return driver


def test_when_the_rights_for_home_assistant_are_taken_away_the_connection_lasts():
    driver = BridgeDriver(ha_discovery_mode="per_entity")
    driver.connect()
    driver.printer()
    driver.read(tool0=(20.0, 0.0), bed=(20.0, 0.0))
    driver.advance(60.0)
    driver.silent_on = ("homeassistant/",)
    driver.handle(MessageArrived("homeassistant/status", b"online"))
    assert lost_at(driver, "homeassistant/", 60.0) <= 2 * MOST_CULPRITS + 3
    assert lost_at(driver, "homeassistant/", 900.0) <= 5


def test_who_saves_the_settings_has_it_tried_at_once():
    driver = BridgeDriver()
    driver.silent_on = ("homeassistant/",)
    driver.connect()
    lost_at(driver, "homeassistant/", 900.0)
    driver.silent_on = ()
    driver.change_settings(mqtt_publish_interval=2.0)
    driver.advance(10.0)
    assert [topic for topic in driver.retained if topic.startswith("homeassistant/")]
    assert driver.bridge.snapshot(driver.now)["mqtt"]["problem"] is None


def test_a_group_may_be_below_a_level_that_the_broker_accepts():
    denied("home/ha/", mqtt_base_topic="home/octoprint", ha_discovery_prefix="home/ha")


@pytest.mark.parametrize("mode", ["device", "per_entity"])
def test_without_rights_for_home_assistant_the_connection_lasts_and_with_them_everything_is_announced(mode: str):
    driver = denied("homeassistant/", ha_discovery_mode=mode)
    assert [log for log in driver.of(Log) if "below homeassistant/, of which the broker has accepted none" in log.text]
    assert driver.state("status") == "online"
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert "nothing is sent there" in mqtt["problem"]
    assert mqtt["last_error"] == mqtt["problem"]
    driver.silent_on = ()
    driver.advance(1000.0)
    mqtt = driver.bridge.snapshot(driver.now)["mqtt"]
    assert (mqtt["problem"], mqtt["last_error"]) == (None, None)
    assert [topic for topic in driver.retained if topic.startswith("homeassistant/")]
    assert any("bed" in topic for topic in driver.retained if topic.startswith("homeassistant/")) or mode == "device"
