"""What the commands about heaters do: forecast, target, reset; and what is remembered of each heater."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.protocol.effects import RestReply, SetTarget
from octoprint_temp_eta.bridge.protocol.inputs import ApiCommand, Learned, Profile
from tests.support import curves
from tests.support.bridge_driver import BridgeDriver
from tests.support.warm_printer import code, learned, warm

pytestmark = pytest.mark.usefixtures("fixed_rate")

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


def test_a_heater_that_has_a_target_keeps_it_if_that_is_asked_for():
    driver = warm(allow_target=True)
    driver.read(bed=(40.0, 60.0), tool0=(25.0, 0.0))
    [kept] = driver.command("target", {"heater": "bed", "target": 100, "only_if_off": True})
    [heated] = driver.command("target", {"heater": "tool0", "target": 200, "only_if_off": True})
    assert (kept["status"], kept["result"]) == ("completed", {"heater": "bed", "target": 60.0})
    assert heated["result"] == {"heater": "tool0", "target": 200}
    assert driver.of(SetTarget) == [SetTarget("tool0", 200, 1)]


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


def curve_of(driver: BridgeDriver) -> dict[str, Any]:
    [reply] = [
        effect
        for effect in driver.handle(ApiCommand("get_curve", {"heater": "bed"}, 7))
        if isinstance(effect, RestReply)
    ]
    return dict(reply.reply)


def test_the_curve_is_that_of_the_current_heat_up():
    driver = warm()
    nothing = curve_of(driver)
    assert nothing["status"] == "completed", "an estimate may end while its curve is requested"
    assert nothing["result"] == {"heater": "bed", "eta_seconds": None, "shape": []}
    driver.heat("bed", curves.heating(60.0, rate=0.5)[:20])
    result = curve_of(driver)["result"]
    assert result["heater"] == "bed"
    published = driver.eta()
    now = published["timestamp"] + published["eta_seconds"] - driver.now.wall
    assert result["eta_seconds"] == pytest.approx(now, abs=2)
    assert result["shape"][-1] == [1.0, 59.0]
