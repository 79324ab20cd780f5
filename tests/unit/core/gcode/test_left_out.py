"""Which lines of a run that is ending need not be sent."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.gcode.left_out import may_be_left_out


@pytest.mark.parametrize(
    "line",
    [
        "M109 S280",
        "M140 S60",
        "G1 X5",
        "G4 S600",
        "M3 S100",
        "START_PRINT",
        "m104 s200",
        "M106 S05",
        "M106 S0.5",
        "M104",
    ],
)
def test_nothing_depends_on_it(line: str) -> None:
    assert may_be_left_out(line)


@pytest.mark.parametrize("line", ["G91", "g20", "M83", "T1", "T1 M104 S0", "G90 M104 S200"])
def test_later_lines_would_mean_something_else(line: str) -> None:
    assert not may_be_left_out(line)


@pytest.mark.parametrize(
    "line",
    [
        "M5",
        "M140 S0",
        "SET_HEATER_TEMPERATURE HEATER=dryer",
        "TURN_OFF_HEATERS",
        "M107",
        "M106 S0",
        "m106 p1 s0.0",
        "M29",
    ],
)
def test_something_would_stay_on(line: str) -> None:
    assert not may_be_left_out(line)
