"""What becomes of the one nozzle that a changer feeds, such as an MMU or ERCF: several tools, one heater."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.protocol.effects import SetTarget
from octoprint_temp_eta.bridge.protocol.inputs import Profile
from octoprint_temp_eta.bridge.protocol.script_inputs import ScriptEnded, ScriptLine
from octoprint_temp_eta.core.gcode.targets import NOZZLE, Asked
from octoprint_temp_eta.core.scripts.run import Phase, Release, Run, Settle
from tests.support.runner_phases import CLEANLY, at
from tests.support.script_bridge_driver import RUN_1, ScriptBridgeDriver

#: As OctoPrint's maintainer advises for an MMU.
PROFILE = Profile("_default", "Default", "", extruders=5, shared_nozzle=True, heated_bed=True)


@pytest.mark.parametrize("before", [0.0, 150.0])
def test_of_what_octoprint_shows_as_several_tools_one_is_set_back(before: float) -> None:
    driver = ScriptBridgeDriver()
    driver.printer(profile=PROFILE)
    driver.read(tool0=(150.0, before), tool1=(150.0, before), tool2=(150.0, before), bed=(22.0, 0.0))
    driver.run()
    driver.handle_all(ScriptLine(RUN_1, 1, "T2"), ScriptLine(RUN_1, 2, "M104 S205"))
    driver.read(tool0=(160.0, 205.0), tool1=(160.0, 205.0), tool2=(160.0, 205.0), bed=(22.0, 0.0))
    driver.command("script/cancel", {})
    effects = driver.handle_all(ScriptEnded(RUN_1, 0, "ended"))
    assert [each for each in effects if isinstance(each, SetTarget)] == [SetTarget("tool0", before)]


@pytest.mark.parametrize("before", [0.0, 150.0])
@pytest.mark.parametrize("lines", [["M104 S200"], ["T2", "M104 S200"], ["M104 T0 S200", "T4"], ["T3", "START_PRINT"]])
def test_the_one_nozzle_of_a_changer_is_set_back_without_the_number_of_a_tool(before: float, lines: list[str]) -> None:
    """To the firmware of an MMU `M104 T2` is an invalid extruder, for which OctoPrint gives up the tool in use."""
    runner = at(Phase.RUNNING, Run("r1", "a", "A", 0.0, targets={"tool0": before}, shared_nozzle=True))
    runner.begins_with("T1")
    for line in lines:
        runner.script_sent(line)
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, {"tool0": 200.0})[-1] == Settle({"tool0": before})


def test_a_heater_of_its_own_behind_a_shared_nozzle_is_off_too() -> None:
    """The profile may be wrong. The nozzle follows, as it may be the same heater."""
    runner = at(Phase.RUNNING, Run("r1", "a", "A", 0.0, targets={"tool0": 150.0}, shared_nozzle=True))
    runner.script_sent("M104 T1 S200")
    runner.cancel(0)
    settle = runner.process_ended(CLEANLY, 0, {"tool0": 150.0})[-1]
    assert isinstance(settle, Settle)
    assert list(settle.targets.items()) == [(f"{NOZZLE}1", 0.0), ("tool0", 150.0)]
    runner.others_queued("M104 T1 S0")
    assert runner.settled(False, 1, {"tool0": 150.0}) == [settle]


def test_what_others_set_of_a_shared_nozzle_is_the_nozzle() -> None:
    runner = at(Phase.RUNNING, Run("r1", "a", "A", 0.0, targets={"tool0": 150.0}, shared_nozzle=True))
    runner.begins_with("T1", [Asked("tool1", 160.0)])
    runner.script_sent("M104 S200")
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, {"tool0": 200.0})[-1] == Settle({"tool0": 160.0})
    runner.others_queued("M104 S180")
    assert runner.settled(True, 1, {"tool0": 180.0})[0] == Release()
