"""Announcements to Home Assistant: coalesced, recorded, and removed."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from octoprint_temp_eta.bridge.home_assistant.announcing import BIRTH_SPREAD_S
from octoprint_temp_eta.bridge.home_assistant.discovery import COALESCE_S, NEW_TEXTS, REFUSED_S
from octoprint_temp_eta.bridge.outbox.suspects import LASTS_S
from octoprint_temp_eta.bridge.protocol.effects import Log, Publish, Save
from octoprint_temp_eta.bridge.protocol.inputs import Answer, MessageArrived, Profile, RemovalRequested, Renamed, Tick
from tests.support.bridge_driver import INSTANCE, BridgeDriver, connected

TOPIC = f"homeassistant/device/temp_eta_{INSTANCE}/config"


def announcements(driver: BridgeDriver, since: int = 0) -> list[Any]:
    """Return the components of each message on the device's topic, None for one that clears it."""
    payloads = [publish.payload for _, publish in driver.sent[since:] if publish.topic == TOPIC]
    return [json.loads(payload)["components"] if payload else None for payload in payloads]


def saved(driver: BridgeDriver) -> dict[str, Any]:
    """Return what is on disk."""
    return {save.name: save.value for save in driver.of(Save)}


def settle(driver: BridgeDriver) -> None:
    driver.advance(30)


def birth(driver: BridgeDriver, payload: bytes = b"online", topic: str = "homeassistant/status") -> None:
    driver.handle(MessageArrived(topic, payload))


def test_the_device_is_announced_once_for_heaters_that_are_found_one_by_one():
    driver = connected()
    for heater in ("tool0", "bed", "chamber"):
        driver.read(**{heater: (22.0, 0.0)})
        driver.advance(0.5)
    settle(driver)
    [components] = announcements(driver)
    assert {"tool0_ready_at", "bed_ready_at", "chamber_ready_at", "reset", "bridge"} <= components.keys()
    assert TOPIC in driver.retained


def test_without_a_printer_the_known_heaters_are_announced():
    driver = BridgeDriver(remembered={"heaters": ["tool0"]})
    driver.connect()
    settle(driver)
    assert "tool0_ready_at" in announcements(driver)[0]


def test_the_device_is_announced_on_each_connection():
    driver = connected()
    settle(driver)
    for _ in range(3):
        driver.lose()
        driver.connect(forget=True)
        settle(driver)
        assert TOPIC in driver.retained
    assert len(announcements(driver)) == 4


def test_a_broker_that_lost_its_retained_messages_gets_them_within_two_seconds():
    driver = connected()
    driver.read(bed=(22.0, 60.0))
    settle(driver)
    held = driver.retained.keys() | set()
    driver.lose()
    driver.connect(forget=True)
    driver.advance(1.5)
    assert driver.retained.keys() == held


def test_the_device_is_announced_after_home_assistants_birth_message():
    driver = connected()
    settle(driver)
    birth(driver, b"offline")
    birth(driver, b"online", "homeassistant/other")
    settle(driver)
    assert len(announcements(driver)) == 1
    birth(driver)
    driver.advance(max(BIRTH_SPREAD_S, COALESCE_S) + 0.5)
    assert len(announcements(driver)) == 2


def test_status_topic_and_birth_payload_are_settings():
    driver = connected(ha_status_topic="ha/alive", ha_birth_payload="yes")
    settle(driver)
    birth(driver, b"yes", "ha/alive")
    birth(driver, b"yes", "ha/alive")
    settle(driver)
    assert len(announcements(driver)) == 2


def test_without_a_change_nothing_is_announced():
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    driver.advance(30)
    driver.printer(printing=True, state="PRINTING")
    driver.change_settings(mqtt_publish_interval=7)
    driver.advance(60)
    assert len(announcements(driver)) == 1


def test_another_model_is_announced():
    driver = connected()
    settle(driver)
    driver.printer(profile=Profile("big", "Big", "CR-10"))
    settle(driver)
    [_, update] = [publish for _, publish in driver.sent if publish.topic == TOPIC]
    assert json.loads(update.payload)["device"]["model"] == "CR-10"


def test_it_is_removed_when_disabled_and_announced_when_enabled():
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    settle(driver)
    driver.change_settings(ha_discovery_enabled=False)
    settle(driver)
    assert TOPIC not in driver.retained
    assert driver.state("info")["discovery_prefix"] is None
    driver.change_settings(ha_discovery_enabled=True)
    settle(driver)
    assert "bed_ready_at" in json.loads(driver.retained[TOPIC])["components"]


@pytest.mark.parametrize("connected_later", [False, True])
def test_removed_by_command_the_device_goes_even_if_only_the_broker_knows_of_it(*, connected_later: bool):
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.retained[TOPIC] = b"{}"
    if not connected_later:
        driver.connect()
        settle(driver)
        assert TOPIC in driver.retained
    driver.handle(RemovalRequested())
    if connected_later:
        driver.connect()
        settle(driver)
    assert TOPIC not in driver.retained
    driver.retained[TOPIC] = b"{}"
    driver.lose()
    driver.connect()
    settle(driver)
    assert TOPIC in driver.retained


def test_removed_by_command_the_device_is_cleared_once():
    driver = connected()
    settle(driver)
    driver.change_settings(ha_discovery_enabled=False)
    driver.handle(RemovalRequested())
    settle(driver)
    assert announcements(driver)[1:] == [None]


def test_while_disabled_nothing_is_announced():
    driver = connected(ha_discovery_enabled=False)
    driver.read(bed=(22.0, 0.0))
    settle(driver)
    assert [publish.topic for name, publish in driver.sent if name == "discovery"] == []


def test_the_button_of_a_command_that_is_no_longer_permitted_is_removed():
    driver = connected()
    settle(driver)
    driver.change_settings(allow_reset=False)
    settle(driver)
    components = json.loads(driver.retained[TOPIC])["components"]
    assert "reset" not in components


def test_what_no_longer_exists_is_removed_also_after_a_restart():
    before = connected()
    before.read(bed=(22.0, 0.0), chamber=(22.0, 0.0))
    settle(before)
    after = BridgeDriver(remembered=saved(before) | {"heaters": ["bed"]})
    after.connect()
    settle(after)
    removal = next(components for components in announcements(after) if "chamber_ready_at" in components)
    assert removal["chamber_ready_at"] == {"platform": "sensor"}
    assert "chamber_ready_at" not in json.loads(after.retained[TOPIC])["components"]


def test_after_a_stop_while_a_removed_entity_is_recalled_it_is_cleared_before_the_device():
    before = connected()
    before.read(bed=(22.0, 0.0), chamber=(22.0, 0.0))
    settle(before)
    stopped = BridgeDriver(remembered=saved(before) | {"heaters": ["bed"]})
    stopped.connect()
    recalled = f"homeassistant/sensor/temp_eta_{INSTANCE}/chamber_ready_at/config"
    while not any(publish.topic == recalled for _, publish in stopped.sent):
        stopped.advance(0.5)
    after = BridgeDriver(remembered=saved(stopped) | {"heaters": ["bed"]}, ha_discovery_enabled=False)
    after.connect()
    settle(after)
    sent = [(publish.topic, publish.payload) for name, publish in after.sent if name == "discovery"]
    assert sent.index((recalled, b"")) < sent.index((TOPIC, b""))
    assert TOPIC not in after.retained


def test_under_the_old_prefix_nothing_is_left():
    driver = connected()
    settle(driver)
    driver.change_settings(ha_discovery_prefix="ha")
    driver.connect()
    settle(driver)
    assert f"ha/device/temp_eta_{INSTANCE}/config" in driver.retained
    assert TOPIC not in driver.retained


def test_the_record_is_saved_before_the_announcement_is_published():
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    while not any(name == "discovery" for name, _ in driver.sent):
        driver.skip(0.5)
        effects = driver.handle(Tick())
    kinds = [effect.name if isinstance(effect, Save) else effect.topic for effect in effects
             if isinstance(effect, Save | Publish)]  # fmt: skip
    assert kinds.index("announced") < kinds.index(TOPIC)
    assert saved(driver)["announced"]["places"]


@pytest.mark.parametrize("forgetful", [True, False])
def test_a_plan_that_a_lost_connection_interrupted_is_completed_later(forgetful: bool):
    before = connected()
    before.read(bed=(22.0, 0.0), chamber=(22.0, 0.0))
    settle(before)
    driver = BridgeDriver(remembered=saved(before) | {"heaters": ["bed"]})
    driver.connect()
    driver.advance(COALESCE_S + 1)
    driver.lose()
    driver.advance(20)
    driver.connect(forget=forgetful)
    settle(driver)
    assert "chamber_ready_at" not in json.loads(driver.retained[TOPIC])["components"]
    assert "bed_ready_at" in json.loads(driver.retained[TOPIC])["components"]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(
    "change", [{"ha_discovery_enabled": False}, {"ha_discovery_prefix": "ha"}, {"ha_discovery_mode": "per_entity"}]
)
def test_what_was_removed_on_a_connection_that_was_dead_is_removed_on_the_next(change: dict[str, Any], restarted: bool):
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    settle(driver)
    there = dict(driver.retained)
    driver.acknowledges = False
    driver.change_settings(**change)
    driver.advance(45)
    assert [place["prefix"] for place in saved(driver)["announced"]["places"]].count("homeassistant") > 1
    if restarted:
        driver = BridgeDriver(remembered=saved(driver), **change)
    driver.acknowledges = True
    driver.retained = there
    driver.connect()
    settle(driver)
    assert TOPIC not in driver.retained


def test_a_step_waits_until_the_broker_has_acknowledged_the_one_before():
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    settle(driver)
    driver.acknowledges = False
    mark = len(driver.sent)
    driver.change_settings(ha_discovery_prefix="ha")
    driver.advance(15)
    assert [publish.topic for name, publish in driver.sent[mark:] if name == "discovery"] == [TOPIC]


def test_nothing_of_a_step_is_sent_on_a_later_connection_whose_plan_differs():
    driver = connected()
    settle(driver)
    driver.acknowledges = False
    driver.change_settings(ha_discovery_enabled=False)
    driver.advance(COALESCE_S + 1)
    driver.lose()
    driver.change_settings(ha_discovery_enabled=True)
    driver.acknowledges = True
    mark = len(driver.sent)
    driver.connect()
    settle(driver)
    assert None not in announcements(driver, mark)
    assert TOPIC in driver.retained


@pytest.mark.parametrize("seconds", [8, REFUSED_S / 2])
def test_what_the_broker_refuses_for_now_is_carried_out_on_the_same_connection(seconds: float):
    driver = connected(scripts=())
    driver.read(bed=(22.0, 0.0))
    settle(driver)
    driver.answer, driver.answers_on = Answer.REFUSED_FOR_NOW, "h"
    driver.change_settings(ha_discovery_prefix="ha")
    driver.advance(seconds)
    assert TOPIC in driver.retained
    driver.answer = Answer.ACCEPTED
    driver.advance(2 * REFUSED_S)
    assert f"ha/device/temp_eta_{INSTANCE}/config" in driver.retained
    assert TOPIC not in driver.retained


def test_what_the_broker_refuses_for_good_is_tried_on_the_next_connection_and_the_rest_of_the_plan_goes_on():
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    settle(driver)
    driver.answer, driver.answers_on = Answer.REFUSED, "homeassistant/"
    driver.change_settings(ha_discovery_prefix="ha")
    settle(driver)
    assert f"ha/device/temp_eta_{INSTANCE}/config" in driver.retained
    assert TOPIC in driver.retained
    driver.answer = Answer.ACCEPTED
    driver.lose()
    driver.connect()
    settle(driver)
    assert f"ha/device/temp_eta_{INSTANCE}/config" in driver.retained
    assert TOPIC not in driver.retained


def test_what_the_broker_refuses_for_good_is_announced_once_it_is_permitted_without_a_new_connection():
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    driver.answer, driver.answers_on = Answer.REFUSED, "homeassistant/"
    driver.advance(3600, tick=5.0)
    tried = len(announcements(driver))
    assert 8 <= tried <= 11, "after 1, 2, 4, 8, 10, 10 … minutes"
    states = len(driver.bodies("scripts"))
    driver.advance(3600, tick=5.0)
    assert len(announcements(driver)) <= tried + 7
    assert len(driver.bodies("scripts")) == states, "no new entity needs the states"
    assert TOPIC not in driver.retained
    driver.answer = Answer.ACCEPTED
    driver.advance(660, tick=5.0)
    assert TOPIC in driver.retained
    assert len(driver.bodies("scripts")) == states + 1
    tried = len(announcements(driver))
    driver.advance(3600, tick=5.0)
    assert len(announcements(driver)) == tried


def test_a_change_of_the_device_that_the_broker_refuses_for_now_is_announced_later():
    driver = connected()
    settle(driver)
    driver.answer, driver.answers_on = Answer.REFUSED_FOR_NOW, "homeassistant/"
    driver.printer(profile=Profile("big", "Big", "CR-10"))
    driver.advance(200)
    driver.answer = Answer.ACCEPTED
    driver.advance(REFUSED_S)
    assert json.loads(driver.retained[TOPIC])["device"]["model"] == "CR-10"


def test_what_the_broker_hung_up_at_is_announced_again_on_a_connection_that_lasts():
    driver = connected(ha_discovery_mode="per_entity")
    settle(driver)
    there = {topic for topic in driver.retained if topic.startswith("homeassistant/")}
    driver.silent_on = ("homeassistant/",)
    for _ in range(2):
        driver.lose()
        driver.connect(forget=True)
        driver.advance(COALESCE_S + 1)
    driver.lose()
    driver.silent_on = ()
    driver.connect(forget=True)
    driver.advance(LASTS_S - 1)
    assert there > {topic for topic in driver.retained if topic.startswith("homeassistant/")} > set()
    settle(driver)
    assert there <= driver.retained.keys()


def test_other_texts_of_device_triggers_are_a_warning_but_a_new_heater_is_not():
    driver = connected()
    driver.read(bed=(22.0, 0.0), tool0=(22.0, 0.0))
    settle(driver)
    for language, heaters, warnings in (
        ("fr", ("bed", "tool0"), 0),
        ("de", ("bed", "tool0"), 1),
        ("de_AT", ("bed", "tool0"), 1),
        ("de", ("bed", "tool0", "chamber"), 1),
        ("de", ("bed", "tool0", "tool1"), 2),
    ):
        driver.handle(Renamed("Ender 3", language))
        driver.read(**dict.fromkeys(heaters, (22.0, 0.0)))
        settle(driver)
        assert [log.level for log in driver.of(Log) if log.text == NEW_TEXTS] == [logging.WARNING] * warnings
