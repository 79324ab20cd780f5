"""The messages to the open pages: states at the pages' own interval, connected or not."""

from __future__ import annotations

from typing import Any

from octoprint_temp_eta.bridge.protocol.effects import Page
from tests.support.bridge_driver import BridgeDriver


def heating(*, connected: bool = True) -> BridgeDriver:
    """Return a driver whose bed has been heating for some seconds."""
    driver = BridgeDriver()
    if connected:
        driver.connect()
    driver.printer()
    driver.heat("bed", [(second, 21.0 + second, 60.0) for second in range(12)])
    return driver


def shown(driver: BridgeDriver, kind: str) -> list[dict[str, Any]]:
    """Return the messages of one type that the pages got, oldest first."""
    messages = [dict(effect.message) for effect in driver.of(Page)]
    return [message for message in messages if message["type"] == kind]


def payloads(driver: BridgeDriver, kind: str) -> list[dict[str, Any]]:
    """Return what the pages got of one type, without the alias of `actual` and without a message's stamps."""
    return [body_of(message["data"]) for message in shown(driver, kind)]


def body_of(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in ("current", "seq", "timestamp", "boot_id")}


def test_pages_get_the_bodies_that_the_broker_gets() -> None:
    driver = heating()
    shown = payloads(driver, "eta_update")
    assert all(body_of(body) in shown for body in driver.bodies("eta"))
    assert payloads(driver, "state_change") == [body_of(body) for body in driver.bodies("state_change")]
    assert len(shown) > 5


def updates_in_a_minute(**settings: float) -> int:
    """Return how many updates of a heating bed the pages get."""
    driver = BridgeDriver(**settings)
    driver.connect()
    driver.printer()
    driver.heat("bed", [(second, 21.0 + 2 * second, 210.0) for second in range(60)])
    return len(shown(driver, "eta_update"))


def test_the_publish_interval_does_not_slow_the_pages_down() -> None:
    assert updates_in_a_minute(mqtt_publish_interval=300) == updates_in_a_minute() > 40


def test_the_update_interval_bounds_how_often_pages_are_updated() -> None:
    assert updates_in_a_minute(update_interval=5) <= 15


def test_an_update_has_type_heater_and_data() -> None:
    message = shown(heating(), "eta_update")[-1]
    assert set(message) == {"type", "heater", "data"}
    assert message["heater"] == "bed"
    assert message["data"]["target"] == 60
    assert message["data"]["current"] == message["data"]["actual"] > 21


def test_pages_need_no_broker() -> None:
    with_broker, without = heating(), heating(connected=False)
    kinds = ("eta_update", "state_change")
    without_stamps = [[payloads(driver, kind) for kind in kinds] for driver in (with_broker, without)]
    assert without_stamps[0] == without_stamps[1]
    assert without.sent == []


def test_the_printer_is_shown_too() -> None:
    last = shown(heating(), "printer_update")[-1]
    assert last["heater"] is None
    assert last["data"]["waiting_for"] == ["bed"]


def test_a_removed_heater_is_shown() -> None:
    driver = heating()
    for _ in range(20):
        driver.read(tool0=(20.0, 0.0))
    assert shown(driver, "eta_update")[-1] == {"type": "eta_update", "heater": "bed", "data": None}


def test_a_lost_broker_is_a_notice_once() -> None:
    driver = BridgeDriver()
    driver.lose("TCP: broker.test:1883 does not answer")
    driver.lose("TCP: broker.test:1883 does not answer")
    assert shown(driver, "notification") == [
        {
            "type": "notification",
            "level": "warning",
            "title": "MQTT",
            "message": "TCP: broker.test:1883 does not answer",
        }
    ]


def test_messages_that_pages_do_not_show_are_not_sent() -> None:
    driver = heating()
    driver.advance(70)
    kinds = {effect.message["type"] for effect in driver.of(Page)}
    assert kinds - {"connection_update"} == {
        "eta_update",
        "printer_update",
        "state_change",
        "scripts_update",
        "script_update",
    }
