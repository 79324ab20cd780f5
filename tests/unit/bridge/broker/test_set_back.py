"""A broker with a bridge to ours was away, and publishes the old messages that it has retained."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.broker.set_back import SETTLE_S, SetBack
from octoprint_temp_eta.bridge.outbox.pauses import LONGEST_PAUSE_S
from octoprint_temp_eta.bridge.protocol.inputs import MessageArrived
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.core.scripts.catalogue import Script
from tests.support.bridge_driver import INSTANCE, BridgeDriver, connected

CONFIG = f"homeassistant/device/temp_eta_{INSTANCE}/config"
SCRIPT = Script("load.py", "Load", id="load")


def at(seconds: float) -> Now:
    return Now(seconds, seconds)


def away(driver: BridgeDriver) -> dict[str, bytes]:
    """Let the other broker go away; return what it has retained."""
    driver.advance(60)
    return dict(driver.retained)


def come_back(driver: BridgeDriver, old: dict[str, bytes]) -> None:
    """Let the other broker bring back what it had retained."""
    driver.retained |= old
    driver.handle(MessageArrived(driver.topic("info"), old[driver.topic("info")]))


def changed_setting(driver: BridgeDriver) -> None:
    driver.change_settings(allow_reset=False)


def changed_announcement(driver: BridgeDriver) -> None:
    """The same `info` but for its stamps."""
    driver.read(bed=(21.0, 0.0), tool0=(21.0, 0.0))


def changed_scripts(driver: BridgeDriver) -> None:
    driver.scripts = (SCRIPT,)


@pytest.mark.parametrize("discovery", [True, False])
@pytest.mark.parametrize("change", [changed_setting, changed_announcement, changed_scripts])
def test_what_has_changed_while_another_broker_was_away_is_published_again(change, discovery):
    driver = connected(script_folder="/scripts", ha_discovery_enabled=discovery)
    driver.read(bed=(21.0, 0.0))
    old = away(driver)
    change(driver)
    driver.advance(60)
    names = (driver.topic("info"), driver.topic("scripts"), CONFIG)
    new = {topic: driver.retained.get(topic) for topic in names}
    come_back(driver, {topic: payload for topic, payload in old.items() if new.get(topic) is not None})
    driver.advance(SETTLE_S + 20)
    assert {topic: driver.retained.get(topic) for topic in names} == new


def test_what_somebody_has_removed_is_published_again():
    driver = connected(script_folder="/scripts")
    driver.scripts = (SCRIPT,)
    driver.advance(60)
    there = {topic for topic in driver.retained if topic.startswith(f"{driver.base}/")}
    driver.retained.clear()
    driver.handle(MessageArrived(driver.topic("info"), b""))
    driver.advance(SETTLE_S + 1)
    assert there <= set(driver.retained)


def test_a_broker_that_was_away_without_a_change_has_nothing_old():
    driver = connected()
    old = away(driver)
    mark = len(driver.sent)
    come_back(driver, old)
    driver.advance(20)
    assert driver.topic("scripts") not in [publish.topic for _, publish in driver.sent[mark:]]


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("delay", [0.0, 0.5, 1.0, 30.0])
def test_a_bridge_that_echoes_everything_makes_no_loop(delay, times):
    """Only with one that comes later than the next message is everything published again, a few times."""
    driver = connected()
    driver.advance(60)
    mark, echoed = len(driver.sent), len(driver.sent)
    waiting: list[tuple[float, bytes]] = []
    for step in range(1200):
        if step in (0, 1):
            driver.change_settings(allow_reset=step == 1)
        driver.advance(0.5)
        sent, echoed = driver.sent[echoed:], len(driver.sent)
        waiting += [(driver.now.at + delay, each.payload) for name, each in sent if name == "info"] * times
        while waiting and waiting[0][0] <= driver.now.at:
            driver.handle(MessageArrived(driver.topic("info"), waiting.pop(0)[1]))
            sent, echoed = driver.sent[echoed:], len(driver.sent)
            waiting += [(driver.now.at + delay, each.payload) for name, each in sent if name == "info"] * times
    scripts = [publish for name, publish in driver.sent[mark:] if name == "scripts"]
    announced = 2  # each announcement is followed by all states
    assert len(scripts) <= announced + 4


def test_an_old_one_counts_once_also_soon_after_a_new_one():
    set_back = SetBack()
    set_back.connected()
    for second, payload in enumerate((b"1", b"2", b"1")):
        set_back.arrived(payload, payload if second < 2 else b"2", at(second))
    assert not set_back.repairs(at(2 + SETTLE_S - 0.1))
    assert set_back.repairs(at(2 + SETTLE_S))
    assert not set_back.repairs(at(100)), "once"


def test_an_old_one_before_the_newest_has_come_back_is_what_the_broker_had_retained():
    set_back = SetBack()
    set_back.connected()
    set_back.arrived(b"1", b"2", at(0))
    set_back.arrived(b"2", b"2", at(1))
    set_back.arrived(b"2", b"3", at(20))
    assert not set_back.repairs(at(100))


def test_after_a_new_connection_the_newest_one_has_to_come_back_first():
    set_back = SetBack()
    set_back.connected()
    set_back.arrived(b"2", b"2", at(0))
    set_back.connected()
    set_back.arrived(b"1", b"2", at(20))
    assert not set_back.repairs(at(100))


def test_messages_that_two_brokers_pass_round_for_ever_are_answered_ever_more_rarely():
    set_back = SetBack()
    set_back.connected()
    repairs = 0
    for second in range(3600):
        set_back.arrived(b"2", b"2", at(second))
        set_back.arrived(b"1", b"2", at(second))
        repairs += set_back.repairs(at(second))
    assert 10 < repairs < 20
    for second in range(2):
        now = at(3600 + (second + 1) * 3 * LONGEST_PAUSE_S)
        set_back.arrived(b"1", b"2", now)
        assert set_back.repairs(at(now.at + SETTLE_S))
