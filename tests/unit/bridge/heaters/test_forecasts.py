"""The retained forecast of OctoPrint's temperature presets."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.heaters.forecasts import DEADBAND_S, INTERVAL_S, LONGEST_NAME, MOST_PRESETS
from octoprint_temp_eta.bridge.protocol.inputs import Learned, Preset, Presets
from octoprint_temp_eta.home_assistant.entities.parts import HEARTBEAT_S
from tests.support.bridge_driver import BridgeDriver
from tests.support.warm_printer import warm

pytestmark = pytest.mark.usefixtures("fixed_rate")

PLA = Preset("PLA", extruder=200.0, bed=60.0)


def test_there_is_a_forecast_for_each_preset_and_the_printer():
    driver = warm()
    driver.handle(Presets((PLA, Preset("Chamber", chamber=50.0))))
    driver.advance(1)
    pla, chamber = driver.state("forecast")["presets"]
    assert pla["name"] == "PLA"
    assert pla["heaters"]["bed"] == {"target": 60, "eta_seconds": 74, "eta_low": 67, "eta_high": 81}
    assert pla["printer"]["eta_seconds"] == pla["heaters"]["tool0"]["eta_seconds"] == 354
    assert (chamber["heaters"], chamber["printer"]) == ({}, None)


def test_the_number_of_presets_and_the_length_of_their_names_are_limited():
    driver = warm()
    driver.handle(Presets(tuple(Preset("x" * 1000, bed=60.0) for _ in range(500))))
    driver.advance(1)
    names = [preset["name"] for preset in driver.state("forecast")["presets"]]
    assert names == ["x" * LONGEST_NAME] * MOST_PRESETS


def forecast_of(driver: BridgeDriver, heater: str = "bed") -> Any:
    return driver.state("forecast")["presets"][0]["heaters"][heater]["eta_seconds"]


def test_a_forecast_follows_the_temperature_within_its_deadband():
    driver = warm()
    driver.handle(Presets((PLA,)))
    driver.advance(1)
    mark = len(driver.sent)
    for second in range(200):
        actual = 22.0 + second / 10
        driver.read(bed=(actual, 60.0), tool0=(22.0, 0.0))
        driver.advance(1)
        true = (59.0 - actual) / 0.5
        assert abs(forecast_of(driver) - true) <= DEADBAND_S + 0.2 * (INTERVAL_S + 1) + 1
    assert len(driver.bodies("forecast", since=mark)) <= 200 / 25 + 200 / HEARTBEAT_S + 1


def test_an_idle_printer_publishes_the_same_forecast_once_a_minute():
    driver = warm()
    driver.handle(Presets((PLA,)))
    driver.advance(1)
    mark = len(driver.sent)
    for second in range(1800):
        driver.advance(1, tick=1)
        driver.read(bed=(22.0 + second % 12 / 10, 0.0), tool0=(22.0 + second % 7 / 20, 0.0))
    forecasts = driver.bodies("forecast", since=mark)
    assert 1800 / HEARTBEAT_S - 2 <= len(forecasts) <= 1800 / HEARTBEAT_S + 1
    assert len({str(body["presets"]) for body in forecasts}) == 1, "each other value is a row in a recorder"


def test_a_forecast_is_computed_at_each_change_of_state():
    driver = warm()
    driver.handle(Presets((PLA,)))
    driver.advance(1)
    driver.read(bed=(22.0, 0.0), tool0=(200.0, 200.0))
    driver.read(bed=(22.0, 0.0), tool0=(200.0, 200.0))
    driver.advance(4)
    driver.read(bed=(22.0, 0.0), tool0=(200.0, 200.0))
    driver.advance(0.5)
    assert forecast_of(driver, "tool0") == 0


def test_a_forecast_is_zero_at_a_target_that_the_heater_does_not_quite_reach():
    driver = warm()
    driver.handle(Presets((PLA,)))
    for _ in range(40):
        driver.advance(1)
        driver.read(bed=(22.0, 0.0), tool0=(198.3, 200.0))
    assert driver.eta("tool0")["state"] == "at_target"
    assert forecast_of(driver, "tool0") == 0


def test_the_timestamp_of_a_forecast_is_when_it_was_computed():
    driver = warm()
    driver.handle(Presets((PLA,)))
    driver.advance(1)
    driver.read(bed=(22.0, 0.0), tool0=(22.0, 0.0))
    for _ in range(100):
        driver.advance(1)
        driver.read(bed=(22.0, 0.0), tool0=(22.0, 0.0))
    assert driver.state("forecast")["timestamp"] > driver.now.wall - HEARTBEAT_S - 1


def test_forecasts_follow_the_presets_and_what_was_learned():
    driver = warm()
    driver.handle(Presets((PLA,)))
    driver.advance(1)
    driver.handle(Learned("_default/bed", {"rate": 0.25}))
    driver.advance(1)
    assert driver.state("forecast")["presets"][0]["heaters"]["bed"]["eta_seconds"] == 148
    driver.handle(Presets(()))
    driver.advance(1)
    assert driver.state("forecast")["presets"] == []
