"""What Home Assistant may have missed is remembered until it is known that it has not."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.home_assistant.discovery import WILL_S
from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.bridge.protocol.inputs import MessageArrived
from tests.support.bridge_driver import INSTANCE, BridgeDriver, connected

DEVICE = f"homeassistant/device/temp_eta_{INSTANCE}/config"
STATUS = "homeassistant/status"
BUTTON = f"homeassistant/button/temp_eta_{INSTANCE}/job_cancel/config"


def announced(**settings: Any) -> BridgeDriver:
    """Return a bridge that has announced everything, and does not know whether Home Assistant is there."""
    driver = connected(**settings)
    driver.read(bed=(22.0, 0.0))
    driver.advance(30)
    return driver


def status(driver: BridgeDriver, payload: bytes) -> list[tuple[str, bytes]]:
    """Let Home Assistant's birth message or will arrive; return what is announced then."""
    mark = len(driver.sent)
    driver.handle(MessageArrived(STATUS, payload))
    driver.advance(60)
    return [(publish.topic, publish.payload) for _, publish in driver.sent[mark:] if "/config" in publish.topic]


def missed(driver: BridgeDriver) -> tuple[int, int]:
    """Return how many places are remembered that have moved or were removed."""
    [*_, record] = [save.value for save in driver.of(Save) if save.name == "announced"]
    return len(record["former"]), len(record["departed"])


def test_a_form_that_was_changed_unseen_is_released_after_the_birth_message():
    driver = announced()
    driver.change_settings(ha_discovery_mode="per_entity")
    driver.advance(30)
    assert missed(driver)[0] > 20
    assert (DEVICE, b'{"migrate_discovery":true}') in status(driver, b"online")
    assert missed(driver) == (0, 0)
    assert DEVICE not in {topic for topic, _ in status(driver, b"online")}, "once"


def test_a_will_during_a_plan_has_the_rest_remembered():
    driver = announced()
    status(driver, b"online")
    driver.change_settings(ha_discovery_mode="per_entity")
    mark = len(driver.sent)
    while not any(publish.topic == DEVICE for _, publish in driver.sent[mark:]):
        driver.advance(0.5)
    status(driver, b"offline")
    assert missed(driver)[0] > 20
    assert (DEVICE, b'{"migrate_discovery":true}') in status(driver, b"online")


@pytest.mark.parametrize(("seconds", "saw_it"), [(WILL_S + 30, True), (30, False)])
def test_a_will_without_a_birth_message_means_that_home_assistant_was_there(seconds: float, *, saw_it: bool):
    """Unless it comes soon after the change: the broker may have noticed late that Home Assistant is gone."""
    driver = announced()
    driver.change_settings(allow_job_cancel=False)
    driver.advance(seconds)
    assert min(missed(driver)) > 0
    status(driver, b"offline")
    assert (missed(driver) == (0, 0)) is saw_it


def test_what_was_missed_on_an_earlier_connection_is_remembered_though_it_was_there_on_this_one():
    driver = announced()
    driver.change_settings(allow_job_cancel=False)
    driver.advance(30)
    before = missed(driver)
    driver.lose()
    driver.connect()
    driver.advance(WILL_S + 30)
    status(driver, b"offline")
    assert missed(driver) == before


def test_with_discovery_off_it_waits_for_home_assistant_until_everything_is_removed_there():
    driver = announced()
    driver.change_settings(ha_discovery_enabled=False)
    driver.advance(60)
    assert STATUS in driver.subscribed
    assert (DEVICE, b"") in status(driver, b"online")
    driver.advance(60)
    assert missed(driver) == (0, 0)
    assert STATUS not in driver.subscribed


def test_an_entity_that_is_back_before_the_birth_message_is_not_removed_then():
    driver = announced(ha_discovery_mode="per_entity")
    for allowed in (False, True):
        driver.change_settings(allow_job_cancel=allowed)
        driver.advance(30)
    [(_, payload)] = [each for each in status(driver, b"online") if each[0] == BUTTON]
    assert payload
