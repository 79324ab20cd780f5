"""The retained forecast of OctoPrint's temperature presets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from octoprint_temp_eta.bridge.heaters import heaters
from octoprint_temp_eta.bridge.heaters.deadband import DEADBAND_S, DEADBAND_SHARE
from octoprint_temp_eta.bridge.heaters.forecasting import Forecasting
from octoprint_temp_eta.bridge.heaters.forecasts import FORECASTS, LONGEST_NAME, MOST_PRESETS
from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.bridge.protocol.inputs import Learned, Preset, Presets
from octoprint_temp_eta.core.estimation.estimator import ARRIVAL_TOLERANCE
from octoprint_temp_eta.home_assistant.entities.parts import HEARTBEAT_S
from octoprint_temp_eta.messages.stored import problem
from tests.support import thermal_heater
from tests.support.bridge_driver import IDENTITY, BridgeDriver
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
        assert abs(forecast_of(driver) - (59.0 - actual) / 0.5) <= DEADBAND_S + 0.5
    # 40 s in all
    assert len(driver.bodies("forecast", since=mark)) <= 200 / HEARTBEAT_S + 40 / DEADBAND_S


def true_eta(driver: BridgeDriver, heater: str, target: float) -> float:
    return float(driver.command("forecast", {"heater": heater, "target": target})[0]["result"]["eta_seconds"])


def outdated(driver: BridgeDriver, actuals: dict[str, float]) -> list[tuple[str, str, float, float]]:
    """Return the published forecasts that differ from the true ones by more than the deadband, or should be 0."""
    found = []
    for preset in driver.state("forecast")["presets"]:
        for heater, shown in preset["heaters"].items():
            eta, true = shown["eta_seconds"], true_eta(driver, heater, shown["target"])
            arrived = abs(actuals[heater] - shown["target"]) <= ARRIVAL_TOLERANCE
            # each is rounded to a second
            if abs(eta - true) > max(DEADBAND_S, DEADBAND_SHARE * eta) + 1 or (arrived and eta > 0):
                found.append((preset["name"], heater, eta, true))
    return found


@pytest.mark.parametrize("model", [False, True])
def test_no_forecast_is_outdated_while_heaters_heat_and_cool(monkeypatch: pytest.MonkeyPatch, *, model: bool):
    if model:
        monkeypatch.undo()
    driver = warm(algorithm="model", mqtt_publish_interval=1.0)
    driver.handle(Presets((PLA, Preset("ABS", extruder=240.0, bed=100.0), Preset("Soak", bed=45.0))))
    driver.advance(1)
    tool, bed = thermal_heater.hotend(), thermal_heater.bed()
    mark = len(driver.sent)
    for goal, seconds in ((200.0, 200), (0.0, 900)):
        goals = {"tool0": goal, "bed": 0.3 * goal}
        for hot, warmer in zip(tool.run(seconds, goal, 2.0), bed.run(seconds, 0.3 * goal, 2.0), strict=True):
            actuals = {"tool0": hot.actual, "bed": warmer.actual}
            driver.read(**{name: (actual, goals[name]) for name, actual in actuals.items()})
            driver.advance(2, tick=0.5)
            assert not outdated(driver, actuals), driver.now
    assert len(driver.bodies("forecast", since=mark)) <= 70


def test_most_readings_need_no_forecast(monkeypatch: pytest.MonkeyPatch):
    driver = warm()
    driver.handle(Presets((PLA, Preset("ABS", extruder=240.0, bed=100.0))))
    driver.advance(1)
    asked: list[str] = []
    ask = Forecasting.forecast
    monkeypatch.setattr(
        Forecasting, "forecast", lambda self, heater, target: asked.append(heater) or ask(self, heater, target)
    )
    for second in range(90):
        driver.read(bed=(22.0 + second / 5, 60.0), tool0=(22.0 + 2 * second, 200.0))
        driver.advance(1)
    # of 360: 90 readings of two heaters with two presets
    assert len(asked) <= 110


def test_a_forecast_does_not_flicker_where_it_becomes_zero():
    driver = warm()
    driver.handle(Presets((Preset("Warm", bed=23.0),)))
    driver.advance(1)
    assert forecast_of(driver) == 0
    mark = len(driver.sent)
    for second in range(50):
        driver.read(bed=(22.0 + (second % 2 - 0.5) / 2, 0.0), tool0=(22.0, 0.0))
        driver.advance(1)
    assert {
        forecast["presets"][0]["heaters"]["bed"]["eta_seconds"] for forecast in driver.bodies("forecast", since=mark)
    } <= {0}


def test_forecasts_are_computed_again_when_what_was_learned_is_reset():
    driver = warm(algorithm="model")
    driver.handle(Presets((PLA,)))
    driver.handle(Learned("_default/bed", {"rate": 0.25}))
    driver.advance(1)
    assert forecast_of(driver) == 148
    driver.command("reset", {"heater": "bed", "learned": True})
    driver.advance(1)
    assert forecast_of(driver) == 74


def test_forecasts_end_when_the_method_has_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    driver = warm(algorithm="model")
    driver.handle(Presets((PLA,)))
    driver.advance(1)
    assert forecast_of(driver) is not None
    driver.change_settings(algorithm="linear")
    driver.advance(1)
    assert forecast_of(driver) is None


def test_the_forecast_of_a_heater_that_is_lost_is_dropped():
    driver = warm()
    driver.handle(Presets((PLA,)))
    driver.advance(1)
    assert driver.state("forecast")["presets"][0]["heaters"].keys() == {"bed", "tool0"}
    driver.printer(connected=False)
    driver.advance(1)
    assert driver.state("forecast")["presets"][0]["heaters"] == {}


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


def cold(remembered: Mapping[str, Any] | None = None, **settings: Any) -> BridgeDriver:
    """Return a printer at room temperature, with the method `model`."""
    driver = warm(remembered=remembered, **{"algorithm": "model", **settings})
    driver.handle(Presets((PLA,)))
    driver.advance(1)
    return driver


def saved(driver: BridgeDriver) -> dict[str, Any]:
    """Return what the next start reads from the files."""
    effects = (effect for effect in driver.effects if isinstance(effect, Save))
    return {each.name: json.loads(json.dumps(each.value)) for each in effects}


def writes(driver: BridgeDriver) -> int:
    """Return how often the file with the forecasts was written."""
    return sum(isinstance(effect, Save) and effect.name == FORECASTS for effect in driver.effects)


def test_forecasts_of_a_cold_printer_are_there_after_a_restart_without_computing_them(monkeypatch: pytest.MonkeyPatch):
    before = cold()
    files = saved(before)
    assert problem(FORECASTS, files[FORECASTS]) is None
    monkeypatch.setattr(heaters, "make_estimator", None)
    after = cold(files)
    assert after.state("forecast")["presets"] == before.state("forecast")["presets"]
    assert FORECASTS not in saved(after), "the file need not be written again"


@pytest.mark.parametrize("change", ["algorithm", "learned", "version"])
def test_forecasts_from_before_a_restart_are_not_used_for_something_else(change: str):
    files = saved(cold())
    files[FORECASTS]["known"] = [[*row[:3], 9999.0, 9999.0, 9999.0] for row in files[FORECASTS]["known"]]
    assert forecast_of(cold(files)) == 9999
    if change == "learned":
        files["learned"] = {"version": 1, "heaters": {"_default/tool1": {"learned": {"rate": 1.0}}}}
    identity = replace(IDENTITY, plugin_version="2.0.0") if change == "version" else IDENTITY
    settings = {"algorithm": "exponential"} if change == "algorithm" else {}
    assert forecast_of(cold(files, identity=identity, **settings)) != 9999


def test_while_heaters_heat_the_file_is_not_written():
    driver = cold()
    written = writes(driver)
    for second in range(0, 60, 2):
        driver.read(bed=(22.0 + second / 2, 60.0), tool0=(22.0, 0.0))
        driver.advance(2)
    assert writes(driver) == written
    driver.read(bed=(52.0, 0.0), tool0=(22.0, 0.0))
    for second in range(0, 600, 2):
        driver.read(bed=(max(52.0 - second / 10, 22.0), 0.0), tool0=(22.0, 0.0))
        driver.advance(2)
    assert writes(driver) > written


COLD_START = """
import json, sys
from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.bridge.protocol.inputs import Preset, Presets
from tests.support.warm_printer import warm

driver = warm(remembered=json.loads(sys.argv[1]), algorithm="model")
driver.handle(Presets((Preset("PLA", extruder=200.0, bed=60.0),)))
driver.advance(1)
files = {each.name: each.value for each in driver.effects if isinstance(each, Save)}
print(json.dumps(["numpy" in sys.modules, driver.state("forecast")["presets"], files]))
"""


def test_a_cold_printer_needs_no_numpy_after_a_restart():
    def start(files: dict[str, Any]) -> Any:
        command = [sys.executable, "-c", COLD_START, json.dumps(files)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    imported, forecast, files = start({})
    assert imported
    assert start(files)[:2] == [False, forecast]
