"""What the lines from a printer mean, and some of those to it."""

from __future__ import annotations

import re

_COMMAND = re.compile(r"\s*([GMT]\d+)")
_DWELL = re.compile(r"([PS])(\d+(?:\.\d+)?)")
_DWELL_UNITS = {"P": 0.001, "S": 1.0}
_TEMPERATURE = re.compile(r"\b([A-Za-z]\w*)\s*:\s*(-?\d+(?:\.\d+)?)(?:\s*/\s*(-?\d+(?:\.\d+)?))?")
_OK_WITH_TEMPERATURES = re.compile(r"ok\b.*\b(?:T\d*|B|C)\s*:\s*-?\d")

TEMPERATURES = re.compile(r"\s*(?:T\d*|B|C)\s*:\s*-?\d+(?:\.\d+)?(?:\s|/|$)")
_NO_STORAGE_PRINT = "Not (?:currently |SD )printing"
#: Prusa's answer to M27 while a print from the storage is paused.
_PAUSED_STORAGE_PRINT = "SD print paused"
SD_STATUS = re.compile(f"(?:SD printing byte|{_PAUSED_STORAGE_PRINT}|{_NO_STORAGE_PRINT})", re.IGNORECASE)
_STORAGE_PRINT = re.compile(
    rf"SD printing byte (?P<position>\d{{1,15}})/(?P<size>\d{{1,15}})\b|(?P<paused>{_PAUSED_STORAGE_PRINT})"
    rf"|{_NO_STORAGE_PRINT}|Done printing file",
    re.IGNORECASE,
)
_STARTS_STORAGE_PRINT = re.compile(r"\s*(?:M(?:24|32)(?!\d)|SDCARD_PRINT_FILE\b)", re.IGNORECASE)
BUSY = re.compile(r"(?:echo:\s*)?busy:", re.IGNORECASE)
#: The firmware has stopped until somebody presses the printer's button, such as to change the filament (M600).
WAITS_FOR_USER = re.compile(r"(?:echo:\s*)?busy:\s*paused for (?:user|input)", re.IGNORECASE)
RESEND = re.compile(r"(?:resend|rs)\b", re.IGNORECASE)
ACTION = re.compile(r"//\s*action:", re.IGNORECASE)
#: OctoPrint's list of errors that precede a resend request.
LINE_ERROR = re.compile(r"(?:error:|fatal:|!!).*(?:line ?number|checksum|format error|expected line)", re.IGNORECASE)
UNKNOWN_COMMAND = re.compile(r"unknown command", re.IGNORECASE)
NO_LINE_NUMBER = re.compile(r"error:\s*no line number with checksum", re.IGNORECASE)

#: Errors, of Klipper and of other firmware, and OctoPrint's list of those that it does not act on: about lines that are
#: sent again, the SD card, or unknown commands.
_ERROR = re.compile(r"(!!|error:)\s*(.*)", re.IGNORECASE)
_HARMLESS = re.compile(
    r"line ?number|checksum|format error|expected line|volume\.init|openroot|workdir|error writing to file|cannot open"
    r"|open failed|cannot enter|unknown command",
    re.IGNORECASE,
)

#: Commands that report temperatures while they wait for one: the reports are a sign of life.
HEAT_WAITS = frozenset({"M109", "M190", "M191", "M303"})
#: A target is reached within this distance, and a temperature moves by this much; in °C.
REACHED_C, MOVED_C = 2.0, 0.5


class HeatingEvidence:
    """Determines from temperature reports whether the printer heats: a target is not reached, or temperatures move."""

    def __init__(self) -> None:
        self._references: dict[str, float] = {}

    def note(self, line: str) -> bool:
        """Note a temperature report, and return whether it shows that the printer heats or cools something."""
        evidence = False
        for sensor, actual, target in _TEMPERATURE.findall(line):
            value = float(actual)
            if abs(value - self._references.setdefault(sensor, value)) >= MOVED_C:
                self._references[sensor] = value
                evidence = True
            evidence |= bool(target) and float(target) > 0 and value < float(target) - REACHED_C
        return evidence


def is_ok_with_temperatures(line: str) -> bool:
    """Whether `line` is the ok of an M105, as most firmware sends it."""
    return _OK_WITH_TEMPERATURES.match(line) is not None


def reports_temperatures(line: str) -> bool:
    """Whether `line` has temperatures: an automatic report, or the answer to an M105."""
    return TEMPERATURES.match(line) is not None or is_ok_with_temperatures(line)


def starts_storage_print(line: str) -> bool:
    """Return whether a line of G-code starts or resumes a print from the printer's storage (SD card)."""
    return _STARTS_STORAGE_PRINT.match(line) is not None


def prints_from_storage(line: str) -> bool | None:
    """Whether the printer prints a file from its storage, also a paused one; None if `line` does not say.

    At byte 0 it is selected only. Every line of a printer gets here, so most leave at once.
    """
    report = _STORAGE_PRINT.search(line) if "print" in line else None
    if report is None:
        return None
    position, size = (int(report[name] or 0) for name in ("position", "size"))
    return report["paused"] is not None or 0 < position < size


def error_in(reply: str, *, ignores_errors: bool) -> str | None:
    """Return the error with which the firmware has answered a line, None without one.

    With `ignores_errors`, "Error:" is none; "!!" always is: Klipper has not carried out the line.
    """
    for line in reply.splitlines():
        error = _ERROR.match(line)
        if error and not _HARMLESS.search(line) and (error[1] == "!!" or not ignores_errors):
            return error[2] or line
    return None


def command_of(line: str) -> str | None:
    """Return the command at the start of `line`, such as "G28" or "T0", or None."""
    match = _COMMAND.match(line)
    return match[1] if match else None


def dwell(line: str) -> float:
    """Return the duration of a dwell command in seconds, 0 for other commands."""
    if command_of(line) not in ("G4", "G04"):
        return 0.0
    return max((float(value) * _DWELL_UNITS[unit] for unit, value in _DWELL.findall(line)), default=0.0)
