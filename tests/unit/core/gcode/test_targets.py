"""Which heater's target a line sets."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.gcode.targets import ALL, KLIPPER, SLOT, Asked, asked


@pytest.mark.parametrize(
    ("line", "tool", "expected"),
    [
        ("M104 S200", "T0", Asked("tool0", 200.0)),
        ("M109 R180.5", "T1", Asked("tool1", 180.5)),
        ("M104 T2 S200", "T1", Asked("tool2", 200.0)),
        ("m140 s60", "T0", Asked("bed", 60.0)),
        ("M140S0", "T0", Asked("bed", 0.0)),
        ("M104T1S0", "T0", Asked("tool1", 0.0)),
        ("M190 R30", "T0", Asked("bed", 30.0)),
        ("M141 S-1", "T0", Asked("chamber", 0.0)),
        ("M140", "T0", Asked("bed", None)),
        ("M140 P1 S60", "T0", Asked(SLOT + "B1", 60.0)),
        ("M190 S60P02", "T0", Asked(SLOT + "B2", 60.0)),
        ("m141 p1 s0", "T0", Asked(SLOT + "C1", 0.0)),
        ("M140 P0 S60", "T0", Asked("bed", 60.0)),
        ("T1 M104 S0", "T0", Asked("tool1", 0.0)),
        ("G10 P1 R140 S205", "T0", Asked("tool1", 205.0)),
        ("G10 P1S205", "T0", Asked("tool1", 205.0)),
        ("G10 P1 X5", "T0", None),
        ("G10", "T0", None),
        ("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=35", "T0", Asked("bed", 35.0)),
        ("SET_HEATER_TEMPERATURE HEATER=extruder1 TARGET=0", "T0", Asked("tool1", 0.0)),
        ("set_heater_temperature HEATER=extruder", "T1", Asked("tool0", 0.0)),
        ("SET_HEATER_TEMPERATURE HEATER=drybox TARGET=45", "T0", Asked(KLIPPER + "drybox", 45.0)),
        ("SET_HEATER_TEMPERATURE HEATER=\"dryer\" TARGET='45'", "T0", Asked(KLIPPER + "dryer", 45.0)),
        ("SET_HEATER_TEMPERATURE HEATER=dryer-box.1 TARGET=45", "T0", Asked(KLIPPER + "dryer-box.1", 45.0)),
        ("SET_HEATER_TEMPERATURE HEATER='my dryer' TARGET=45", "T0", Asked(KLIPPER + "my dryer", 45.0)),
        ("SET_HEATER_TEMPERATURE TARGET=45 HEATER=dryer;comment", "T0", Asked(KLIPPER + "dryer", 45.0)),
        ("M568 P1 R140 S205", "T0", Asked("tool1", 205.0)),
        ("TURN_OFF_HEATERS", "T0", Asked(ALL, 0.0)),
        ("START_PRINT BED=60", "T0", None),
        ("M117 M140 S60", "T0", None),
    ],
)
def test_what_a_line_asks_for(line: str, tool: str, expected: Asked | None) -> None:
    assert asked(line, tool) == expected
