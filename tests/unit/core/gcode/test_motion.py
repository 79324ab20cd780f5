"""Which commands move the machine, and how modes are restored."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.gcode.motion import Modes, moves, spindle_after, words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("G1 X5", ["G1"]),
        ("g01 X5", ["G1"]),
        ("G91 G1 X5 G90", ["G91", "G1", "G90"]),
        ("M117 G28 done", ["M117"]),
        ("START_PRINT G28", ["G28"]),
        ("G92.1", []),
        ("T1", ["T1"]),
        ("N5 T01*33", ["T1"]),
        ("M104 T1 S200", ["M104"]),
        ("START_PRINT T1", []),
        ("", []),
    ],
)
def test_the_words_of_a_line(line: str, expected: list[str]) -> None:
    assert words(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("G0 X1", True),
        ("G28", True),
        ("G92 E0", True),
        ("T1", True),
        ("M18", True),
        ("M105 G1 X1", True),
        ("G10 P0 S200", False),
        ("G10", True),
        ("G4 P100", False),
        ("M109 S200", False),
        ("M118 G1 X1", False),
        ("G90", False),
        ("M104 T1 S200", False),
        ("M109 S200 T1", False),
        ("M106 P1 T2", False),
        ("START_PRINT T1", False),
        ("G38.2 Z-5", True),
        ("G92.1", True),
        ("G54", True),
        ("G80", True),
        ("G90.1", False),
    ],
)
def test_what_moves(line: str, expected: bool) -> None:
    assert moves(line) is expected


def test_a_mode_of_the_extruder_is_restored_after_the_one_that_resets_it() -> None:
    script = Modes().after("G91").after("M82")
    assert script.restored_from(Modes()) == ["G91", "M82"]
    assert script.restored_from(script.after("M83")) == ["G91", "M82"]


def test_absolute_and_relative_select_the_mode_of_the_extruder_too() -> None:
    assert Modes().after("M83").after("G90") == Modes()


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("M3 S1000", False, True),
        ("m04", False, True),
        ("M3 M5", False, False),
        ("M5", True, False),
        ("G1 X5", True, True),
        ("M30 a.gco", False, False),
        ("M300", False, False),
        ("M117 M3", False, False),
    ],
)
def test_whether_a_spindle_is_on(line: str, before: bool, after: bool) -> None:
    assert spindle_after(line, on=before) is after
