"""What the lines of a printer mean."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.gcode.in_flight import Acknowledged, Probe
from octoprint_temp_eta.core.gcode.printer_lines import (
    WAITS_FOR_USER,
    HeatingEvidence,
    command_of,
    dwell,
    error_in,
    is_ok_with_temperatures,
    prints_from_storage,
    starts_storage_print,
)
from tests.support.acknowledged_line import Line


@pytest.mark.parametrize(
    ("text", "command", "seconds"),
    [
        ("G4 P500", "G4", 0.5),
        ("G4 S2", "G4", 2),
        ("G4", "G4", 0),
        ("G1 S2", "G1", 0),
        ("T1", "T1", 0),
        ("START", None, 0),
    ],
)
def test_reading_a_command(text: str, command: str | None, seconds: float) -> None:
    assert (command_of(text), dwell(text)) == (command, seconds)


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        ("echo:busy: paused for user\n", True),
        ("busy: paused for input", True),
        ("echo:busy: processing", False),
        ("paused for user", False),
    ],
)
def test_a_printer_that_waits_for_its_user(line: str, waits: bool) -> None:
    assert bool(WAITS_FOR_USER.match(line)) is waits


@pytest.mark.parametrize(
    ("line", "prints"),
    [
        ("SD printing byte 600000/4000000\n", True),
        ("SD printing byte 1/2", True),
        ("SD print paused\n", True),
        # Klipper and Marlin report a file that is only selected, and one that is finished, with its position.
        ("SD printing byte 0/4000000", False),
        ("SD printing byte 4000000/4000000", False),
        ("SD printing byte 0/0", False),
        ("Not SD printing", False),
        ("Not currently printing", False),
        ("Done printing file\n", False),
        ("SD printing byte", None),
        ("echo:busy: processing", None),
        ("echo:printing time 3 h", None),
        ("ok T:20.0 /0.0", None),
        ("", None),
        ("SD printing byte " + "9" * 5000 + "/1", None),
    ],
)
def test_whether_the_printer_prints_from_its_storage(line: str, prints: bool | None) -> None:
    assert prints_from_storage(line) is prints


def test_a_printer_that_heats_is_not_asked() -> None:
    line = Line().begin("1", "START_PRINT BED=110")
    for second in range(0, 1800, 10):
        line.receive(f"B:{24 + second * 0.045:.1f} /110.0 T0:24.0 /0.0").wait(10)
    assert line.receive("ok").outcomes == [Acknowledged("1", "ok\n")]


def test_temperatures_that_stand_still_are_no_sign_of_life() -> None:
    line = Line().begin("1", "G1 X1")
    for _ in range(31):
        line.receive("B:60.0 /60.0 T0:24.0 /0.0").wait(10)
    assert line.outcomes == [Probe()]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ok T:20.0 /0.0 B:21.0 /0.0 @:0", True),
        ("ok N12 P15 B3 T0:-5", True),
        ("ok", False),
        ("ok X:1.00 Y:2.00", False),
        ("ok T", False),
        ("T:20.0 /0.0 ok", False),
    ],
)
def test_the_ok_of_an_m105_has_temperatures(line: str, expected: bool) -> None:
    assert is_ok_with_temperatures(line) is expected


def test_each_sensor_has_its_own_reference_temperature() -> None:
    evidence = HeatingEvidence()
    assert not evidence.note("T:20.0 /0.0 B:60.0 /60.0")
    assert not evidence.note("T:20.4 /0.0 B:60.4 /60.0")
    assert evidence.note("T:20.4 /0.0 B:60.5 /60.0")
    assert not evidence.note("T:20.4 /0.0 B:60.9 /60.0")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ("// Must home axis first: 5.0\n!! Must home axis first: 5.0\nok\n", "Must home axis first: 5.0"),
        ("!!\nok\n", "!!"),
        ("Error: G1: insufficient axes homed\nok\n", "G1: insufficient axes homed"),
        ("Error:checksum mismatch, Last Line: 4\nok\n", None),
        ("Error:volume.init failed\nok\n", None),
        ('Error:Unknown command: "M999"\nok\n', None),
        ("echo:Home XYZ First\nok\n", None),
        ("// probe error: 0.1\nok\n", None),
        ("Z error: 0.1\nok\n", None),
        ("ok\n", None),
        ("", None),
    ],
)
def test_the_error_in_a_reply(reply: str, error: str | None) -> None:
    assert error_in(reply, ignores_errors=False) == error


def test_if_errors_are_ignored_only_klippers_count() -> None:
    assert error_in("Error: not one\n!! Must home axis first\nok\n", ignores_errors=True) == "Must home axis first"
    assert error_in("Error: not one\nok\n", ignores_errors=True) is None


@pytest.mark.parametrize(
    ("line", "starts"),
    [("M24", True), ("m24 S10", True), (" M32 lid.gco", True), ("SDCARD_PRINT_FILE FILENAME=a", True), ("M240", False)],
)
def test_whether_a_line_starts_a_print_from_the_storage(line: str, *, starts: bool) -> None:
    assert starts_storage_print(line) is starts
