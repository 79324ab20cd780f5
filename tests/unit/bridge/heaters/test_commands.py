"""What the commands about heaters do: forecast, target, reset; and what is remembered of each heater."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.heaters import heaters
from octoprint_temp_eta.bridge.heaters.forecasts import DEADBAND_S, INTERVAL_S, LONGEST_NAME, MOST_PRESETS
from octoprint_temp_eta.bridge.protocol.effects import Learn, RestReply, Save, SetTarget
from octoprint_temp_eta.bridge.protocol.inputs import ApiCommand, Learned, Preset, Presets, Profile
from octoprint_temp_eta.core.estimation.estimator import Estimate, Goal, HeaterKind, LearnedState
from octoprint_temp_eta.core.estimation.linear import Limits, Linear
from octoprint_temp_eta.home_assistant.entities.parts import HEARTBEAT_S
from tests.support import curves
from tests.support.bridge_driver import BridgeDriver, connected


class Seer(Linear):
    """Heats at 0.5 °C/s, ± 10 %, from the start; unless it has learned to be slower."""

    name = "seer"

    def __init__(self, limits: Limits, rate: float) -> None:
        super().__init__(limits)
        self._rate = rate

    def forecast(self, start: float, goal: Goal) -> Estimate | None:
        eta = abs(goal.threshold - start) / self._rate
        return None if eta > 1000 else Estimate(eta, 0.9 * eta, 1.1 * eta)


@pytest.fixture(autouse=True)
def foresight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all heaters be estimated by a seer."""

    def make(_: str, __: HeaterKind, limits: Limits, learned: LearnedState | None) -> Seer:
        return Seer(limits, learned["rate"] if learned else 0.5)

    monkeypatch.setattr(heaters, "make_estimator", make)


def warm(**arguments: Any) -> BridgeDriver:
    """Return a bridge with a bed and a hotend at 22 °C."""
    driver = connected(**arguments)
    driver.read(bed=(22.0, 0.0), tool0=(22.0, 0.0))
    driver.advance(1)
    return driver


def code(replies: list[dict[str, Any]]) -> str:
    [reply] = replies
    return str(reply["error"]["code"])


# forecast


def test_a_forecast_has_the_seconds_and_their_range_and_heats_nothing():
    driver = warm()
    [reply] = driver.command("forecast", {"heater": "bed", "target": 60})
    assert reply["result"] == {"heater": "bed", "target": 60, "eta_seconds": 74, "eta_low": 67, "eta_high": 81}
    assert driver.of(SetTarget) == []
    assert driver.state("eta", heater="bed")["state"] == "off"


def test_a_forecast_of_where_it_is_already_is_zero():
    driver = warm()
    assert driver.command("forecast", {"heater": "bed", "target": 22})[0]["result"]["eta_seconds"] == 0


def test_a_heater_without_a_forecast_is_not_available():
    driver = warm()
    assert code(driver.command("forecast", {"heater": "chamber", "target": 60})) == "unknown_heater"
    driver.printer(connected=False)
    assert code(driver.command("forecast", {"heater": "bed", "target": 60})) == "not_available"


# target


def test_a_target_is_off_by_default():
    assert code(warm().command("target", {"heater": "bed", "target": 60})) == "disabled"


def test_a_target_is_set_within_our_own_maximum():
    driver = warm(allow_target=True, target_max_bed=80)
    assert driver.command("target", {"heater": "bed", "target": 80})[0]["status"] == "completed"
    assert driver.command("target", {"heater": "bed", "target": 0})[0]["status"] == "completed"
    assert code(driver.command("target", {"heater": "bed", "target": 80.5})) == "out_of_range"
    assert driver.of(SetTarget) == [SetTarget("bed", 80, 1), SetTarget("bed", 0, 2)]


@pytest.mark.parametrize(
    ("heater", "setting"), [("tool0", "target_max_tool"), ("bed", "target_max_bed"), ("chamber", "target_max_chamber")]
)
def test_each_kind_of_heater_has_its_maximum(heater: str, setting: str):
    driver = warm(allow_target=True, **{setting: 33})
    driver.read(chamber=(22.0, 0.0))
    assert code(driver.command("target", {"heater": heater, "target": 34})) == "out_of_range"
    assert driver.command("target", {"heater": heater, "target": 33})[0]["status"] == "completed"


def test_a_target_is_set_in_whole_degrees_and_the_reply_has_it():
    driver = warm(allow_target=True)
    [reply] = driver.command("target", {"heater": "bed", "target": 59.6})
    assert reply["result"] == {"heater": "bed", "target": 60}
    assert driver.of(SetTarget) == [SetTarget("bed", 60, 1)]


def test_what_octoprint_refuses_is_not_completed():
    driver = warm(allow_target=True)
    driver.target_refusal = "The printer is not connected."
    [reply] = driver.command("target", {"heater": "bed", "target": 60, "transaction": "t1"})
    assert (reply["status"], reply["error"]["code"]) == ("failed", "not_settable")
    assert reply["error"]["message"] == "The printer is not connected."
    assert driver.command("target", {"heater": "bed", "target": 60, "transaction": "t1"})[0]["status"] == "failed"
    assert len(driver.of(SetTarget)) == 1, "a repeated transaction is carried out once"


def test_a_call_by_rest_gets_the_reply_of_octoprint():
    driver = warm(allow_target=True)
    assert driver.call("target", {"heater": "bed", "target": 60})[0]["status"] == "completed"


@pytest.mark.parametrize(
    ("heater", "profile"),
    [
        ("P", Profile("_default", "Default", "", heated_bed=True)),
        ("chamber", Profile("_default", "Default", "", heated_chamber=False)),
    ],
)
def test_a_heater_that_octoprint_cannot_set_is_refused(heater: str, profile: Profile):
    driver = warm(allow_target=True, extra_heaters="P")
    driver.printer(profile=profile)
    driver.read(bed=(22.0, 0.0), P=(22.0, 0.0), chamber=(22.0, 40.0))
    [reply] = driver.command("target", {"heater": heater, "target": 40})
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "not_settable")
    assert "It can set bed" in reply["error"]["message"] or "tool0, bed" in reply["error"]["message"]
    assert driver.of(SetTarget) == []


def test_a_target_is_refused_where_it_would_do_harm():
    driver = warm(allow_target=True)
    assert code(driver.command("target", {"heater": "chamber", "target": 30})) == "unknown_heater"
    driver.printer(printing=True, state="PRINTING")
    assert code(driver.command("target", {"heater": "bed", "target": 30})) == "busy"
    driver.printer(connected=False, state="OFFLINE")
    assert code(driver.command("target", {"heater": "bed", "target": 30})) == "printer_not_ready"
    assert driver.of(SetTarget) == []


# reset, and what is remembered


def learned(driver: BridgeDriver) -> dict[str, Any]:
    """Return what was last saved of what was learned, by place."""
    saved: dict[str, Any] = [save.value for save in driver.of(Save) if save.name == "learned"][-1]["heaters"]
    return saved


def test_what_was_learned_is_saved_and_used_from_then_on():
    driver = warm()
    driver.handle(Learned("_default/bed", {"rate": 0.25}))
    assert learned(driver)["_default/bed"]["learned"] == {"rate": 0.25}
    assert driver.command("forecast", {"heater": "bed", "target": 60})[0]["result"]["eta_seconds"] == 148
    assert driver.command("forecast", {"heater": "tool0", "target": 60})[0]["result"]["eta_seconds"] == 74


def test_what_was_learned_survives_a_restart_and_belongs_to_its_profile():
    stored = {"version": 1, "heaters": {"_default/bed": {"learned": {"rate": 0.25}, "accuracy": [[5.0, None]]}}}
    driver = warm(remembered={"learned": stored})
    assert driver.command("forecast", {"heater": "bed", "target": 60})[0]["result"]["eta_seconds"] == 148
    assert driver.state("diagnostics")["accuracy"].keys() == {"bed"}
    driver.printer(profile=Profile("big", "Big", ""))
    assert driver.command("forecast", {"heater": "bed", "target": 60})[0]["result"]["eta_seconds"] == 74


def test_an_episode_is_learned_on_top_of_what_was_learned():
    driver = warm(algorithm="model")
    driver.handle(Learned("_default/bed", {"rate": 0.25}))
    driver.heat("bed", curves.heating(60.0, rate=0.5, hold=30.0))
    [learn] = driver.of(Learn)
    assert learn.state == {"rate": 0.25}


def test_a_reset_while_learning_discards_the_result():
    driver = warm(algorithm="model")
    driver.heat("bed", curves.heating(60.0, rate=0.5, hold=30.0))
    assert len(driver.of(Learn)) == 1
    driver.command("reset", {"heater": "bed", "learned": True})
    driver.handle(Learned("_default/bed", {"rate": 0.25}))
    assert learned(driver) == {}
    driver.handle(Learned("_default/bed", {"rate": 0.25}))
    assert learned(driver).keys() == {"_default/bed"}


def test_a_reset_discards_the_episode_and_only_when_asked_what_was_learned():
    driver = warm()
    driver.handle(Learned("_default/bed", {"rate": 0.25}))
    driver.handle(Learned("_default/tool0", {"rate": 0.25}))
    driver.command("reset", {"heater": "bed"})
    driver.command("reset")
    assert driver.command("forecast", {"heater": "bed", "target": 60})[0]["result"]["eta_seconds"] == 148
    driver.command("reset", {"heater": "bed", "learned": True})
    assert driver.command("forecast", {"heater": "bed", "target": 60})[0]["result"]["eta_seconds"] == 74
    assert learned(driver).keys() == {"_default/tool0"}


@pytest.mark.parametrize(
    "stored",
    [None, 7, [], {}, {"version": 99, "heaters": {}}, {"version": 1, "heaters": []},
     {"version": 1, "heaters": {"x": 1}}, {"version": 1, "heaters": {"_default/bed": {"learned": 7, "accuracy": "x"}}}],
)  # fmt: skip
def test_a_damaged_memory_is_none(stored: Any):
    driver = warm(remembered={"learned": stored})
    assert driver.command("forecast", {"heater": "bed", "target": 60})[0]["result"]["eta_seconds"] == 74


# the retained forecast


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


# get_curve


def curve_of(driver: BridgeDriver) -> dict[str, Any]:
    [reply] = [
        effect
        for effect in driver.handle(ApiCommand("get_curve", {"heater": "bed"}, 7))
        if isinstance(effect, RestReply)
    ]
    return dict(reply.reply)


def test_the_curve_is_that_of_the_current_heat_up():
    driver = warm()
    assert code([curve_of(driver)]) == "not_available"
    driver.heat("bed", curves.heating(60.0, rate=0.5)[:20])
    result = curve_of(driver)["result"]
    assert result["heater"] == "bed"
    published = driver.eta()
    now = published["timestamp"] + published["eta_seconds"] - driver.now.wall
    assert result["eta_seconds"] == pytest.approx(now, abs=2)
    assert result["shape"][-1] == [1.0, 59.0]
