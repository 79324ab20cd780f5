"""What OctoPrint makes of targets. Those that wait while the connection changes are in `test_printer_tasks`."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.protocol.effects import SetTarget
from octoprint_temp_eta.bridge.protocol.inputs import TargetSet
from octoprint_temp_eta.core.gcode.targets import KLIPPER, NOZZLE, SLOT
from tests.support.octoprint_printer import FakeOctoPrint


def test_a_target_with_a_token_is_reported_with_what_octoprint_made_of_it():
    octoprint = FakeOctoPrint()
    assert octoprint.do(SetTarget("bed", 60, 1)) == [TargetSet(1)]
    [refused] = octoprint.do(SetTarget("X", 60, 2))
    assert isinstance(refused, TargetSet)
    assert refused.token == 2
    assert "heater must match" in str(refused.refusal)
    octoprint.printer.connected = False
    assert octoprint.do(SetTarget("bed", 60, 3)) == [TargetSet(3, "The printer is not connected.")]
    assert octoprint.printer.calls == [("bed", 60), ("bed", 60)]


def test_a_target_that_is_restored_is_that_of_its_tool_whatever_the_profile_has():
    octoprint = FakeOctoPrint()
    octoprint.do(SetTarget("tool1", 0.0), SetTarget("tool12", 60.5), SetTarget("tool0", 0.0))
    assert octoprint.printer.calls == [(["M104 T1 S0"], False), (["M104 T12 S60.5"], False), ("tool0", 0.0)]


@pytest.mark.parametrize(
    ("heater", "line"),
    [
        (KLIPPER + "dryer", "SET_HEATER_TEMPERATURE HEATER=dryer TARGET=45.5"),
        (KLIPPER + "my dryer", 'SET_HEATER_TEMPERATURE HEATER="my dryer" TARGET=45.5'),
        (NOZZLE + "1", "M104 T1 S45.5"),
        (SLOT + "B1", "M140 P1 S45.5"),
        (SLOT + "C2", "M141 P2 S45.5"),
    ],
)
def test_a_heater_that_octoprint_does_not_know_is_restored_with_its_own_command(heater: str, line: str):
    octoprint = FakeOctoPrint()
    octoprint.do(SetTarget(heater, 45.5))
    assert octoprint.printer.calls == [([line], False)]
