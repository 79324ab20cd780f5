"""Topics that were left while another broker was connected are cleared on each of them."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.broker.by_broker import MOST_BROKERS
from octoprint_temp_eta.bridge.broker.former_bases import LOOK_S, FormerBases
from octoprint_temp_eta.bridge.broker.left_elsewhere import LEFT_BEHIND, LEFT_ELSEWHERE, MOST_TOPICS, LeftElsewhere
from octoprint_temp_eta.bridge.outbox.outbox import Outbox
from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected, Profile, Stopping
from octoprint_temp_eta.settings.table import Settings
from tests.support.bridge_driver import IDENTITY, BridgeDriver, heating
from tests.support.outbox_driver import BASE, now, outbox

HOSTS = ("a.test", "b.test")


def left_elsewhere(box: Outbox, stored: object) -> LeftElsewhere:
    return LeftElsewhere(box, FormerBases(box, IDENTITY, Settings()), stored)


def states(driver: BridgeDriver) -> set[str]:
    driver.advance(LOOK_S + 1)
    return {topic for topic in driver.retained if not topic.startswith("homeassistant/")}


def connect(driver: BridgeDriver, retained: dict[str, bytes], host: str) -> None:
    driver.lose()
    driver.retained = retained
    driver.connect(host=host)


def on_both() -> tuple[BridgeDriver, dict[str, dict[str, bytes]]]:
    """Return a driver that was connected to both brokers, now to the second, with what they have retained."""
    driver = heating(ha_discovery_enabled=False)
    retained: dict[str, dict[str, bytes]] = {host: {} for host in HOSTS}
    for host in HOSTS:
        connect(driver, retained[host], host)
        driver.advance(65)
    return driver, retained


def restart(driver: BridgeDriver, **settings: Any) -> BridgeDriver:
    later = BridgeDriver(remembered={save.name: save.value for save in driver.of(Save)}, **settings)
    later.printer(profile=Profile("_default", "Default", "Ender-3", heated_bed=False))
    return later


@pytest.mark.parametrize("restarted", [False, True])
def test_the_old_base_topic_is_cleared_on_each_broker(restarted: bool):
    driver, retained = on_both()
    old = states(driver)
    driver.change_settings(mqtt_base_topic="farm/eta")
    driver.connect(host="b.test")
    assert old.isdisjoint(states(driver))
    assert old <= retained["a.test"].keys()
    if restarted:
        driver = restart(driver, mqtt_base_topic="farm/eta", ha_discovery_enabled=False)
    connect(driver, retained["a.test"], "a.test")
    assert old.isdisjoint(states(driver))
    mark = len(driver.sent)
    for host in HOSTS:
        connect(driver, retained[host], host)
        assert states(driver)
    assert old.isdisjoint(publish.topic for _, publish in driver.sent[mark:]), "once is enough"


@pytest.mark.parametrize(
    "changed", [{"mqtt_base_topic": "farm/eta"}, {"mqtt_custom_identifier": "other"}], ids=["base topic", "printer ID"]
)
def test_what_was_left_by_a_change_in_config_yaml_is_cleared(changed: dict[str, str]):
    driver, retained = on_both()
    old = states(driver)
    driver.handle(Stopping())
    driver = restart(driver, ha_discovery_enabled=False, **changed)
    connect(driver, retained["b.test"], "b.test")
    driver.advance(10)
    assert old.isdisjoint(states(driver))


def test_the_old_base_topic_is_cleared_on_the_old_broker_when_both_change():
    driver, retained = on_both()
    old = states(driver)
    driver.acknowledges, stale = False, dict(driver.retained)
    driver.change_settings(mqtt_base_topic="farm/eta", mqtt_broker_host="c.test")
    driver.acknowledges = True
    retained["b.test"] = stale
    connect(driver, {}, "c.test")
    states(driver)
    connect(driver, retained["b.test"], "b.test")
    assert old.isdisjoint(states(driver))


def test_a_heater_that_is_gone_is_cleared_on_each_broker_also_after_a_restart():
    driver, retained = on_both()
    topic = driver.topic("eta", heater="bed")
    driver.printer(profile=Profile("_default", "Default", "Ender-3", heated_bed=False))
    assert topic not in states(driver)
    driver = restart(driver, ha_discovery_enabled=False)
    assert topic in retained["a.test"]
    connect(driver, retained["a.test"], "a.test")
    assert topic not in states(driver)


def test_a_topic_that_is_used_again_is_not_cleared():
    driver, retained = on_both()
    used = states(driver)
    before = driver.settings.mqtt_base_topic
    for base in ("farm/eta", before):
        driver.change_settings(mqtt_base_topic=base)
        driver.connect(host="b.test")
        driver.advance(1)
    connect(driver, retained["a.test"], "a.test")
    driver.advance(65)
    assert states(driver) == used


def test_the_last_brokers_and_the_newest_topics_are_kept():
    box = outbox()
    part = left_elsewhere(box, None)
    for number in range(MOST_BROKERS + 1):
        part.inputs[BrokerConnected](BrokerConnected(number, f"{number}", 1, "5"), now())
    for number in range(MOST_TOPICS + 1):
        box.clear("eta", heater=f"h{number}")
    part.tick(now())
    [*entries] = part.stored[LEFT_ELSEWHERE]
    assert [entry["broker"] for entry in entries] == [f"{number + 1}:1" for number in range(MOST_BROKERS)]
    assert all(len(entry["topics"]) == MOST_TOPICS for entry in entries)
    assert entries[0]["topics"][-1] == f"{BASE}/h{MOST_TOPICS}/eta"


@pytest.mark.parametrize("damaged", [None, {}, [1], [{"broker": "a:1"}]])
def test_what_is_damaged_is_none(damaged: object):
    assert left_elsewhere(outbox(), damaged).stored == {LEFT_ELSEWHERE: [], LEFT_BEHIND: []}
