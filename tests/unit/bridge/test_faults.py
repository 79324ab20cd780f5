"""Exceptions of parts: logged, but rarely."""

from __future__ import annotations

from typing import Never

from octoprint_temp_eta.bridge.faults import AGAIN_S, FAULT, MOST, Faults
from octoprint_temp_eta.bridge.protocol.effects import Disconnect, Log
from octoprint_temp_eta.core.clock import Now


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
