"""What other brokers may still have: bounded, stored, and forgotten when they had it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ha_discovery import Announced, Place
from octoprint_temp_eta.bridge.broker.by_broker import MOST_BROKERS
from octoprint_temp_eta.bridge.home_assistant.elsewhere import MOST_PLACES, Elsewhere, without
from octoprint_temp_eta.bridge.protocol.effects import Disconnect, Save
from tests.support.bridge_driver import INSTANCE, BridgeDriver, connected
from tests.support.two_machines import SMALLER, run_another

TOPIC = f"homeassistant/device/temp_eta_{INSTANCE}/config"


def place(number: int) -> Place:
    return Place("homeassistant", "single", "m", f"key{number}", "sensor", f"id{number}", (("", "x"),), enabled=True)


def test_each_other_broker_gets_a_removal_once_also_after_a_restart():
    elsewhere = Elsewhere()
    for broker in ("a:1", "b:1", "c:1"):
        assert elsewhere.connected(broker) == frozenset()
    elsewhere.removed([place(1)])
    elsewhere = Elsewhere(elsewhere.as_json)
    assert elsewhere.connected("a:1") == {place(1)}
    elsewhere.done()
    elsewhere = Elsewhere(elsewhere.as_json)
    assert elsewhere.connected("a:1") == frozenset()
    assert elsewhere.connected("b:1") == {place(1)}


def test_a_device_of_somebody_else_is_forgotten_on_each_broker():
    elsewhere = Elsewhere()
    theirs = replace(place(2), device_id="theirs")
    for broker in ("a:1", "b:1", "c:1"):
        elsewhere.connected(broker)
    elsewhere.removed([place(1), theirs])
    elsewhere.forget_devices({"theirs"})
    assert elsewhere.connected("a:1") == elsewhere.connected("b:1") == {place(1)}
    both = frozenset((place(1), theirs))
    assert without(Announced(both, both), {"theirs"}) == Announced(frozenset((place(1),)), frozenset((place(1),)))


def test_the_last_brokers_and_the_newest_places_are_kept():
    elsewhere = Elsewhere()
    for number in range(MOST_BROKERS + 1):
        elsewhere.connected(f"{number}:1")
    elsewhere.removed(place(number) for number in range(MOST_PLACES))
    elsewhere.removed([place(MOST_PLACES)])
    assert [entry["broker"] for entry in elsewhere.as_json] == [f"{number + 1}:1" for number in range(MOST_BROKERS)]
    kept = elsewhere.connected("1:1")
    assert len(kept) == MOST_PLACES
    assert place(MOST_PLACES) in kept


@pytest.mark.parametrize("damaged", [None, {}, [1], [{"broker": "a:1"}], [{"broker": "a:1", "places": [{}]}]])
def test_what_is_damaged_is_none(damaged: object):
    assert Elsewhere(damaged).as_json == []


# Several brokers


class Brokers:
    """Brokers that keep their retained messages, each of its own; one of them is connected."""

    def __init__(self, driver: BridgeDriver) -> None:
        self.driver = driver
        self.retained: dict[str, dict[str, bytes]] = {}

    def connect(self, host: str) -> list[str]:
        """Connect to another broker; return the topics of the messages that are announced there, in the end."""
        self.driver.lose()
        self.driver.retained = self.retained.setdefault(host, {})
        self.driver.connect(host=host)
        return self.announced()

    def announced(self) -> list[str]:
        """Let changes be announced; return the topics."""
        self.driver.advance(60)
        return sorted(topic for topic in self.driver.retained if topic.endswith("/config"))

    def restart(self, **settings: Any) -> None:
        """Restart the plugin."""
        self.driver = BridgeDriver(remembered={save.name: save.value for save in self.driver.of(Save)}, **settings)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(
    "change",
    [{"ha_discovery_prefix": "ha"}, {"ha_discovery_mode": "device"}, {"ha_discovery_enabled": False},
     {"allow_reset": False}],
)  # fmt: skip
def test_what_is_removed_on_one_broker_is_removed_on_another_one_when_that_is_back(
    change: dict[str, Any], restarted: bool
):
    brokers = Brokers(connected(ha_discovery_mode="per_entity"))
    brokers.driver.read(bed=(22.0, 0.0))
    before = brokers.connect("a.test")
    assert brokers.connect("b.test") == before != []
    brokers.driver.change_settings(**change)
    wanted = brokers.announced()
    assert wanted != before
    if restarted:
        brokers.restart(**{"ha_discovery_mode": "per_entity"} | change)
        brokers.driver.printer()
    assert brokers.connect("a.test") == wanted
    mark = len(brokers.driver.sent)
    assert brokers.connect("b.test") == wanted
    assert brokers.connect("a.test") == wanted
    cleared = {publish.topic for _, publish in brokers.driver.sent[mark:] if publish.retain and not publish.payload}
    assert cleared.isdisjoint(before), "once is enough"


def test_what_is_back_meanwhile_stays_and_is_removed_everywhere_later():
    brokers = Brokers(connected(ha_discovery_mode="per_entity"))
    before = brokers.connect("a.test")
    brokers.connect("b.test")
    brokers.driver.change_settings(allow_reset=False)
    without = brokers.announced()
    brokers.driver.change_settings(allow_reset=True)
    assert brokers.announced() == before
    assert brokers.connect("a.test") == before
    brokers.driver.change_settings(allow_reset=False)
    assert brokers.announced() == without
    assert brokers.connect("b.test") == without


def test_on_a_connection_that_is_lost_meanwhile_it_is_removed_the_next_time():
    brokers = Brokers(connected(ha_discovery_mode="per_entity"))
    brokers.connect("a.test")
    brokers.connect("b.test")
    brokers.driver.change_settings(ha_discovery_prefix="ha")
    wanted = brokers.announced()
    brokers.driver.lose()
    brokers.driver.retained = brokers.retained["a.test"]
    brokers.driver.connect(host="a.test")
    brokers.driver.advance(1)
    assert brokers.connect("b.test") == wanted
    assert brokers.connect("a.test") == wanted


def test_two_addresses_of_one_broker_end_with_what_is_wanted():
    brokers = Brokers(connected())
    there: dict[str, bytes] = {}
    brokers.retained = {"a.test": there, "b.test": there}
    brokers.connect("a.test")
    brokers.connect("b.test")
    brokers.driver.change_settings(allow_reset=False)
    brokers.announced()
    components = json.loads(brokers.driver.retained[TOPIC])["components"]
    brokers.connect("a.test")
    assert json.loads(brokers.driver.retained[TOPIC])["components"] == components
    brokers.driver.change_settings(ha_discovery_enabled=False)
    assert brokers.announced() == []
    assert brokers.connect("b.test") == []


def test_who_leaves_for_another_machine_still_removes_its_other_devices_later():
    driver = connected(mqtt_custom_identifier="earlier")
    driver.advance(30)
    own = "homeassistant/device/temp_eta_earlier/config"
    driver.change_settings(mqtt_custom_identifier=INSTANCE)
    driver.connect()
    run_another(driver, SMALLER)
    assert driver.of(Disconnect)[-1] == Disconnect()
    driver.change_settings(mqtt_custom_identifier="later")
    driver.connect()
    assert own in driver.retained
    driver.advance(60)
    assert own not in driver.retained
    assert "homeassistant/device/temp_eta_later/config" in driver.retained
