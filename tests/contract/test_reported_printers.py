"""Lines from public reports about other software, each with what is right for its printer.

The first line of each docstring names the report.
"""

from __future__ import annotations

import math

import pytest

from octoprint_temp_eta.bridge.heaters.tracks import MISSING_READINGS
from octoprint_temp_eta.bridge.protocol.inputs import Readings
from tests.support.printer_lines import PrinterLines, profile


def test_an_extruder_without_its_thermistor_is_no_heater():
    """OctoPrint/OctoPrint#2007: Repetier firmware, the first of two extruders is not connected."""
    printer = PrinterLines(profile(extruders=2))
    for second in range(60):
        printer.send(f"T:-46.76 /0 B:24.31 /0 B@:0 @:0 T0:-46.76 /0 @0:0 T1:{min(33.58 + second, 50.1):.2f} /50 @1:0")
    assert printer.driver.heaters == ["bed", "tool1"]
    assert printer.states("tool1") == ["heating", "at_target"]
    assert printer.waiting_for == []


def test_absolute_zero_is_no_temperature_and_a_negative_target_none():
    """OctoPrint/OctoPrint#104: a RepRapPro printer with one of three extruders, and blanks after the colons."""
    printer = PrinterLines(profile(extruders=3))
    printer.send("ok T0: 23.9/-0.0 T1: -273.0/-273.0 T2: -273.0/-273.0 B:40.0 /-0.0 @:0", seconds=30)
    assert printer.driver.heaters == ["bed", "tool0"]
    assert [body["state"] for body in printer.driver.bodies("state_change")] == ["off", "off"]
    assert '"target":-0.0' not in "".join(body.decode() for body in printer.driver.retained.values())


def test_smoothieware_reports_its_first_tool_without_a_number():
    """OctoPrint/OctoPrint#633: Smoothieware with two extruders and a board sensor."""
    printer = PrinterLines(profile(extruders=2))
    printer.send("ok T:25.3 /0.0 @0 T1:25.5 /0.0 @0 B:27.5 /0.0 @0 P:29.7 /0.0 @0", seconds=5)
    for second in range(60):
        printer.send(f"ok T:25.3 /0.0 @0 T1:{25.5 + 2 * second:.1f} /200.0 @255 B:27.5 /0.0 @0 P:29.7 /0.0 @0")
    assert printer.driver.heaters == ["bed", "tool0", "tool1"]
    assert printer.waiting_for == ["tool1"]
    assert printer.driver.state("temperatures") == {"P": 29.7}


def test_smoothieware_reports_a_heated_chamber():
    """OctoPrint/OctoPrint#321: Smoothieware with a heated chamber."""
    printer = PrinterLines(profile(chamber=True))
    for second in range(60):
        printer.send(f"ok T:34.6 /0.0 @0 C:{min(30 + second / 4, 40.1):.1f} /40.0 @0 B:80.2 /80.0 @0")
    assert printer.states("chamber") == ["heating", "at_target"]
    assert printer.driver.heaters == ["bed", "chamber", "tool0"]


def test_drops_to_another_temperature_while_heating_are_outliers():
    """repetier/Repetier-Firmware#476: single readings of 59.49 °C in the middle of a heat-up."""
    printer = PrinterLines(profile())
    printer.send("T:25.00 /0 B:44.00 /43 B@:0 @:0", seconds=5)
    for second in range(49):
        printer.send(f"T:{25 + 4 * second:.2f} /220 B:44.00 /43 B@:0 @:255")
        if second > 30 and second % 6 == 0:
            printer.send("T:59.49 /220 B:44.00 /43 B@:0 @:255")
    assert printer.states("tool0") == ["off", "heating"]
    assert 59.5 not in {body["actual"] for body in printer.driver.bodies("eta") if body["heater"] == "tool0"}


def test_lines_with_missing_characters_change_nothing():
    """BCN3D/BCN3DSigma-Firmware#77: a printer that loses characters while it replies."""
    printer = PrinterLines(profile(extruders=2))
    line = "T:230.1 /230.0 B:60.0 /60.0 T0:230.1 /230.0 T1:38.2 /0.0 @:71 B@:26"
    printer.send(line, seconds=10)
    for garbled in (
        "ok T:230.B@:47",
        " T:0.1 /230.0 B:60.0 /60.0 T0:230.1 /230.0 T1:38.2 /0.0 @:71 B@:26",
        "ok T:230.4 /230.0 B:60.1 /60.0 T0:230.4 /",
        " T:0. /0.0 B:./.T:0. /230.0 T1:38.3 /0.0 @:66 B@:21",
    ):
        printer.send(garbled)
        printer.send(line, seconds=5)
    assert [printer.states(heater) for heater in ("tool0", "bed", "tool1")] == [["at_target"], ["at_target"], ["off"]]


def test_a_target_far_below_zero_is_none():
    """OctoPrint/OctoPrint#2861: a Creality CR-10S Pro, whose lines a plugin has to correct."""
    printer = PrinterLines(profile())
    printer.send(" ==T:32.32 /-28416.00 ==B:33.07 /0.00 @:0 B@:0", seconds=5)
    assert printer.driver.heaters == [], "OctoPrint reads nothing in it"
    printer.send(" T:32.32 /-28416.00 B:33.07 /0.00 @:0 B@:0", seconds=20)
    assert printer.states("tool0") == printer.states("bed") == ["off"]
    assert printer.driver.eta("tool0")["target"] == 0.0


def test_doubled_characters_are_no_readings():
    """SimplyPrint/OctoPrint-Creality2xTemperatureReportingFix#11: a Creality board that doubles each character."""
    printer = PrinterLines(profile())
    for second in range(40):
        printer.send(f" T:{125.49 - second:.2f} /0.00 B:{46.28 + 0.1 * second:.2f} /50.00 @:0 B@:127 W:?")
        printer.send("  TT::124.72124.72  //0.000.00  BB::46.2846.28  //50.0050.00  @@::00  BB@@::127127")
        printer.send("TT::-15.00-15.00  //0.000.00  BB::24.2624.26  //0.000.00  @@::00  BB@@::00")
    assert printer.states("tool0") == ["cooling"]
    assert printer.states("bed") == ["heating", "at_target"]


def test_a_firmware_without_targets_neither_cools_nor_heats():
    """OctoPrint/OctoPrint#23: Sprinter on a Huxley, heated before OctoPrint has connected."""
    printer = PrinterLines(profile())
    printer.send("ok T:198 B:59", seconds=900)
    assert printer.states("tool0") == printer.states("bed") == ["cooling", "off"]
    assert (printer.waiting_for, printer.driver.state("printer")["status"]) == ([], "idle")
    for second in range(900):
        printer.send(f"ok T:{max(198 - second, 24)} B:{max(59 - second // 10, 24)}")
    assert printer.states("tool0") == printer.states("bed") == ["cooling", "off", "cooling", "cooled_down"]


def test_the_power_of_the_chamber_fans_is_no_temperature():
    """prusa3d/Prusa-Firmware-Buddy#4671: a Core One reports `C@:`, and its chamber with a later firmware."""
    printer = PrinterLines(profile(chamber=True))
    printer.send("T:230.00/230.00 B:60.02/60.00 X:37.45/36.00 A:48.65/0.00 @:137 B@:73 C@:31.61 HBR@:255", seconds=15)
    assert printer.driver.heaters == ["bed", "tool0"]
    printer.send(
        "T:230.00/230.00 B:60.02/60.00 C:31.61/0.00 X:37.45/36.00 A:48.65/0.00 @:137 B@:73 HBR@:255", seconds=5
    )
    assert printer.driver.heaters == ["bed", "chamber", "tool0"]
    assert printer.states("chamber") == ["off"]
    assert printer.driver.state("temperatures") == {"X": 37.5, "A": 48.6}


def test_two_extruders_that_share_a_nozzle_follow_the_active_one():
    """OctoPrint/OctoPrint#2077: one hotend with a Y splitter reports `T:`, whichever tool is active."""
    printer = PrinterLines(profile(extruders=2, shared_nozzle=True))
    for second in range(80):
        printer.tool = 1 if second > 10 else 0
        printer.send(f"ok T:{min(25 + 3 * second, 180):.2f} /180.00 B:27.27 /0.00 @:127 B@:0")
    assert printer.driver.heaters == ["bed", "tool0"]
    assert printer.states("tool0") == ["heating", "at_target"]


def test_a_fan_and_a_garbled_word_are_no_heaters():
    """OctoPrint/OctoPrint#4456: a fan with its speed and target, and a part of a macro's name."""
    printer = PrinterLines(profile())
    printer.send("T:210.04 /210.00 B:52.00 /52.00 @:85 B@:31pS_XYZ:5", seconds=5)
    printer.send("T:210.04 /210.00 B:52.00 /52.00 @:85 F0:255.0 /255.0", seconds=5)
    assert printer.driver.heaters == ["bed", "tool0"]
    assert printer.states("tool0") == printer.states("bed") == ["at_target"]


def test_sensors_of_klipper_are_no_heaters():
    """gdombiak/OctoPod#676: Klipper with sensors of the host and the board, in alphabetical order."""
    printer = PrinterLines(profile())
    printer.send("ok B:18.4 /0.0 M4:23.7 /0.0 T0:19.1 /0.0 sbc:47.0 /0.0", seconds=60)
    assert printer.driver.heaters == ["bed", "tool0"]
    assert printer.driver.state("temperatures") == {"M4": 23.7, "sbc": 47.0}


def test_of_a_tool_that_is_reported_twice_the_reading_of_octoprint_is_used():
    """OctoPrint/OctoPrint#4890: an IDEX printer reports the active tool as `T0:`, too, once T1 is active."""
    printer = PrinterLines(profile(extruders=2))
    printer.send(" T0:220.36 /220.00 B:60.03 /60.00 T0:220.36 /220.00 T1:50.44 /0.00 @:57 B@:37", seconds=10)
    printer.tool = 1
    printer.send(" T0:220.36 /220.00 B:60.03 /60.00 T0:50.44 /0.00 T1:220.36 /220.00 @:57 B@:37", seconds=10)
    assert printer.driver.heaters == ["bed", "tool0", "tool1"]
    assert printer.waiting_for == []


# Sensors that are lost while the printer is connected


@pytest.mark.parametrize("lost", ["-15.00", "-14.00", "-20.0", "-273.0", "2000.0", "1000.00", "999.0", "-46.76"])
def test_a_hot_heater_whose_sensor_is_lost_has_not_cooled_down(lost: str):
    printer = PrinterLines(profile())
    printer.send("T:25.0 /0.0 B:90.0 /90.0", seconds=10)
    printer.send("T:25.0 /0.0 B:89.0 /0.0", seconds=5)
    printer.send(f"T:25.0 /0.0 B:{lost} /0.0", seconds=MISSING_READINGS + 1)
    assert printer.states("bed") == ["at_target", "cooling"]
    assert printer.driver.heaters == ["tool0"]


def test_a_heater_that_gets_colder_than_zero_stays():
    printer = PrinterLines(profile())
    for second in range(60):
        printer.send(f"T:22.0 /0.0 B:{max(8.0 - second / 2, -5.0):.1f} /0.0")
    assert printer.driver.heaters == ["bed", "tool0"]


# Targets that flap, and numbers that are none


@pytest.mark.parametrize("each", [1, 2, 3])
def test_a_target_that_flaps_is_no_episode(each: int):
    printer = PrinterLines(profile())
    printer.send("T:25.0 /0.0 B:25.0 /0.0", seconds=5)
    for second in range(240):
        printer.send(f"T:{25 + second / 4:.1f} /{(200, 0)[second // each % 2]} B:25.0 /0.0")
    assert len(printer.states("tool0")) <= 8
    printer.send("T:85.0 /200.0 B:25.0 /0.0", seconds=8)
    assert printer.driver.eta("tool0")["target"] == 200.0


NO_NUMBERS = [10**400, -(10**400), 1e308, -1e308, math.nan, math.inf, -math.inf, True, "60", [60], {}]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: repr(value)[:12])
def test_a_value_that_is_no_temperature_changes_nothing(value: object):
    printer = PrinterLines(profile(chamber=True))
    driver = printer.driver
    printer.send("T:25.0 /0.0 B:60.0 /60.0", seconds=10)
    before = driver.eta("bed"), len(driver.bodies("state_change"))
    for reading in ((value, 60.0), (60.0, value), (value, value)):
        driver.advance(1)
        driver.handle(Readings({"tool0": (25.0, 0.0), "bed": reading, "chamber": (value, value), "X": (value, None)}))
    driver.advance(1)
    driver.handle(Readings({"tool0": (25.0, 0.0), "bed": (60.0, 60.0)}))
    after = driver.eta("bed"), len(driver.bodies("state_change"))
    assert [(eta["state"], eta["actual"], eta["target"], changes) for eta, changes in (before, after)] == [
        ("at_target", 60.0, 60.0, before[1])
    ] * 2
    assert driver.heaters == ["bed", "tool0"]
    assert driver.bodies("temperatures") == []
