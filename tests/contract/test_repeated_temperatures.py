"""Heaters that the printer's lines leave out for a while: OctoPrint repeats their last temperatures."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.heaters.heaters import STALE_S
from octoprint_temp_eta.bridge.heaters.reported.sensors import INTERVAL_S
from octoprint_temp_eta.bridge.heaters.tracks import MISSING_READINGS
from tests.support.printer_lines import PrinterLines, profile

#: What Marlin 1.0 and the Prusa MK3 send while they wait for the hotend.
SHORT = "T:{:.1f} E:0 W:?"


def cold(**kinds: bool) -> PrinterLines:
    printer = PrinterLines(profile(**kinds))
    printer.send("ok T:22.0 /0.0 B:22.0 /0.0 A:30.0 /0.0", seconds=10)
    return printer


@pytest.mark.parametrize("seconds", [40, 95, 110, 118])
def test_a_bed_that_heats_while_only_the_hotend_is_reported_is_not_stalled(seconds: int):
    printer = cold()
    printer.send_target("bed", 60.0)
    for second in range(seconds):
        printer.send(SHORT.format(22 + second))
    for second in range(20):
        printer.send(f"ok T:{22 + seconds}.0 /215.0 B:{22 + 0.3 * (seconds + second):.1f} /60.0 A:30.0 /0.0")
    assert "stalled" not in printer.states("bed")
    assert printer.states("bed")[:2] == ["off", "heating"]


def test_targets_that_change_while_the_heater_is_left_out_are_followed():
    printer = cold()
    printer.send(SHORT.format(30.0))
    for target in (50.0, 55.0, 60.0):
        printer.send_target("bed", target)
        printer.send(SHORT.format(30.0))
    printer.send(SHORT.format(30.0), seconds=20)
    assert (printer.driver.eta("bed")["state"], printer.driver.eta("bed")["target"]) == ("heating", 60.0)
    printer.send_target("bed", 0.0)
    printer.send(SHORT.format(30.0), seconds=20)
    assert (printer.driver.eta("bed")["state"], printer.driver.eta("bed")["target"]) == ("off", 0.0)


def test_a_bed_that_is_left_out_for_longer_is_unknown_until_it_is_reported():
    printer = cold()
    printer.send_target("bed", 60.0)
    for second in range(round(STALE_S) + 5):
        printer.send(SHORT.format(22 + second / 2))
    assert (printer.driver.eta("bed")["state"], printer.driver.eta("bed")["actual"]) == ("unknown", None)
    assert printer.driver.eta("tool0")["actual"] == pytest.approx(22 + STALE_S / 2, abs=4)
    printer.send("ok T:84.0 /215.0 B:40.0 /60.0 A:30.0 /0.0")
    assert (printer.driver.eta("bed")["state"], printer.driver.eta("bed")["actual"]) == ("heating", 40.0)
    assert printer.states("bed") == ["off", "heating", "unknown", "heating"]


def test_what_the_lines_leave_out_is_not_dropped():
    printer = cold()
    printer.send(SHORT.format(22.0), seconds=10 * MISSING_READINGS)
    assert printer.driver.heaters == ["bed", "tool0"]
    assert printer.driver.eta("bed")["state"] == "off"
    assert printer.driver.state("temperatures") == {"A": 30.0}


def test_a_sensor_that_the_lines_leave_out_is_unknown_until_it_is_reported():
    printer = cold()
    printer.send(SHORT.format(22.0), seconds=round(STALE_S + INTERVAL_S) + 2)
    assert printer.driver.state("temperatures") == {"A": None}
    printer.send("ok T:22.0 /0.0 B:22.0 /0.0 A:31.0 /0.0", seconds=round(INTERVAL_S) + 1)
    assert printer.driver.state("temperatures") == {"A": 31.0}


def test_a_target_is_followed_at_once_though_no_line_has_the_heater():
    printer = cold()
    printer.send(SHORT.format(22.0), seconds=20)
    printer.send_target("bed", 60.0)
    assert (printer.driver.eta("bed")["state"], printer.driver.eta("bed")["target"]) == ("heating", 60.0)
    printer.send(SHORT.format(22.0), seconds=20)
    printer.send_target("bed", 0.0)
    assert printer.driver.eta("bed")["state"] == "off"


def test_a_heater_whose_sensor_has_no_value_is_not_at_its_target_for_ever():
    """Smoothieware prints `inf`, Marlin `nan`: OctoPrint finds no temperature in that."""
    printer = PrinterLines(profile(extruders=2))
    printer.send("ok T:150.0 /150.0 B:22.0 /0.0 T0:150.0 /150.0 T1:150.0 /150.0", seconds=20)
    lost = "ok T:150.0 /150.0 B:22.0 /0.0 T0:150.0 /150.0 T1:{} /150.0"
    printer.send(lost.format("inf"), seconds=round(STALE_S) + 2)
    assert printer.driver.heaters == ["bed", "tool0", "tool1"]
    assert [printer.driver.eta(tool)["state"] for tool in ("tool0", "tool1")] == ["at_target", "unknown"]
    printer.send(lost.format("90.0"))
    assert printer.driver.eta("tool1")["state"] == "heating"


def test_a_cool_down_without_a_value_goes_on_as_without_a_printer():
    printer = PrinterLines(profile())
    for second in range(60):
        printer.send(f"ok T:22.0 /0.0 B:{90 - second / 4:.1f} /0.0")
    printer.send("ok T:22.0 /0.0 B:nan /0.0", seconds=round(STALE_S) + 2)
    eta = printer.driver.eta("bed")
    assert (eta["state"], eta["extrapolated"]) == ("cooling", True)
    assert eta["actual"] < 70.0
    printer.send("ok T:22.0 /0.0 B:60.0 /0.0")
    assert (printer.driver.eta("bed")["actual"], printer.driver.eta("bed")["extrapolated"]) == (60.0, False)


def test_a_shared_nozzle_is_reported_by_whichever_tool_is_active():
    printer = PrinterLines(profile(extruders=2, shared_nozzle=True))
    printer.send("ok T:200.0 /200.0 B:22.0 /0.0", seconds=10)
    printer.tool = 1
    printer.send("ok T:200.0 /200.0 B:22.0 /0.0", seconds=round(STALE_S) + 10)
    assert printer.driver.eta("tool0")["state"] == "at_target"
