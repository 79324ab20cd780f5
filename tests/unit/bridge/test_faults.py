"""Exceptions of parts: logged, but rarely."""

from __future__ import annotations

import logging
from typing import Never
from unittest.mock import Mock

import pytest

from octoprint_temp_eta.bridge.broker.former_bases import FormerBases
from octoprint_temp_eta.bridge.faults import AGAIN_S, FAULT, MOST, Faults
from octoprint_temp_eta.bridge.heaters.heaters import Heaters
from octoprint_temp_eta.bridge.heaters.states import HeaterStates
from octoprint_temp_eta.bridge.home_assistant.announcing import HomeAssistant
from octoprint_temp_eta.bridge.protocol.effects import Disconnect, Log, Save
from octoprint_temp_eta.bridge.protocol.script_effects import KillScript
from octoprint_temp_eta.core.clock import Now
from tests.support.bridge_driver import connected, heating
from tests.support.script_bridge_driver import ScriptBridgeDriver


def fail() -> Never:
    raise ZeroDivisionError("no heater")


def at(seconds: float) -> Now:
    return Now(seconds, 1_795_188_600.0 + seconds)


def test_effects_are_passed_on_and_none_is_no_effect():
    assert Faults().guarded(lambda: [Disconnect()], at(0)) == [Disconnect()]
    assert Faults().guarded(lambda: None, at(0)) == []


def test_an_exception_is_logged_with_its_traceback_once_in_a_while():
    faults = Faults()
    [log] = faults.guarded(fail, at(0))
    assert isinstance(log, Log)
    assert log.text.startswith(FAULT)
    assert "in fail\n" in log.text
    assert log.text.rstrip().endswith("ZeroDivisionError: no heater")
    assert faults.guarded(fail, at(AGAIN_S - 1)) == []
    assert faults.guarded(fail, at(AGAIN_S)) == [log]


def test_another_fault_is_logged_too_and_their_number_is_bounded():
    faults = Faults()
    faults.guarded(fail, at(0))
    for number in range(MOST + 5):
        source = "\n" * number + "raise KeyError(1)"
        [log] = faults.guarded(lambda source=source: exec(source), at(1))  # type: ignore[misc]
        assert isinstance(log, Log)
        assert "KeyError" in log.text
    assert len(faults._logged_at) <= MOST


def test_a_fault_of_one_part_holds_up_no_other(monkeypatch: pytest.MonkeyPatch):
    driver = ScriptBridgeDriver()
    driver.expects_faults = True
    driver.run()
    monkeypatch.setattr(HomeAssistant, "tick", Mock(side_effect=ZeroDivisionError))
    driver.command("script/cancel")
    driver.advance(30)
    assert driver.of(KillScript)
    faults = [each for each in driver.of(Log) if each.text.startswith(FAULT)]
    assert [each.level for each in faults] == [logging.ERROR]
    assert "ZeroDivisionError" in faults[0].text


@pytest.mark.parametrize("member", ["configure", "publish_all", "clock_set"])
def test_a_part_that_fails_leaves_the_others_to_do_the_same(monkeypatch: pytest.MonkeyPatch, member: str):
    driver = connected()
    driver.expects_faults = True
    monkeypatch.setattr(Heaters, member, Mock(side_effect=ZeroDivisionError))
    driver.set_wall(driver.now.wall + 3600)
    driver.change_settings(allow_target=True)
    assert "target" in driver.state("info")["commands"]
    assert len([each for each in driver.of(Log) if each.text.startswith(FAULT)]) == 1


def test_a_fault_while_a_reading_is_processed_does_not_lose_what_follows(monkeypatch: pytest.MonkeyPatch):
    driver = heating()
    driver.expects_faults = True
    monkeypatch.setattr(HeaterStates, "publish_read", Mock(side_effect=ZeroDivisionError))
    driver.read(bed=(30.0, 60.0))
    assert [each for each in driver.of(Log) if each.text.startswith(FAULT)]
    assert driver.command("reset", {"heater": "bed"})[0]["status"] == "completed"


def test_a_part_that_cannot_be_stored_keeps_no_other_from_it(monkeypatch: pytest.MonkeyPatch):
    driver = ScriptBridgeDriver()
    driver.expects_faults = True
    monkeypatch.setattr(FormerBases, "stored", property(Mock(side_effect=ZeroDivisionError)))
    driver.run()
    assert "run" in {save.name for save in driver.of(Save)}
