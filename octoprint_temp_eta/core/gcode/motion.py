"""Which commands move the machine, and the modes that decide what a move means.

Marlin's rules apply: `G90` and `G91` also select the mode of the extruder, which `M82` and `M83` then change.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ..frozen import frozen

#: T is a command only at the beginning; elsewhere it is a parameter, as in "M104 T1 S200".
_WORD = re.compile(r"(?:(?:^|\s)([GM])|^\s*(?:N\d+\s*)?(T))0*(\d+)(?![\d.])", re.IGNORECASE)
_SUBCODE = re.compile(r"((?:^|\s)[GM]\d+)\.\d+", re.IGNORECASE)
#: Commands whose parameters are text.
_TEXT = frozenset({"M16", "M23", "M28", "M30", "M32", "M117", "M118", "M928"})
#: Moves, homing, probing, changes of the coordinate system and of the tool, filament changes, and motors off.
_MOTION = frozenset(
    {f"G{number}" for number in (0, 1, 2, 3, 5, 10, 11, 12, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 38, 42, 60, 61, 76)}
    # planes, coordinate systems, drilling cycles, and the calibration of Prusa's firmware
    | {f"G{number}" for number in (17, 18, 19, *range(52, 60), 73, *range(80, 90), 92, 425)}
    | {f"M{number}" for number in (6, 18, 24, 45, 48, 84, 125, 206, 290, 428, 600, 603, 701, 702)}
)
#: RepRapFirmware sets a tool's temperature with `G10 P… S…`; elsewhere G10 retracts.
_TOOL_TEMPERATURE = re.compile(r"\s*G10\s+P\d", re.IGNORECASE)
_DISTANCE = frozenset({"G90", "G91"})
_EXTRUDER = frozenset({"M82", "M83"})
_UNITS = frozenset({"G20", "G21"})
#: The commands that change a mode, as OctoPrint names them; T is that of any tool.
MODES = _DISTANCE | _EXTRUDER | _UNITS | {"T"}
_SPINDLE_ON, SPINDLE_OFF = frozenset({"M3", "M4"}), "M5"


def words(line: str) -> list[str]:
    """Return the commands in `line`, normalized: ["G1"] for "g01 X5". Some firmware accepts several on one line."""
    found = [f"{(letter or tool).upper()}{number}" for letter, tool, number in _WORD.findall(line)]
    return found[:1] if found and found[0] in _TEXT else found


def moves(line: str) -> bool:
    """Whether `line` moves the machine, or changes the position or the tool that later moves depend on."""
    commands = words(_SUBCODE.sub(r"\1", line))
    return any(each in _MOTION or each.startswith("T") for each in commands) and not _TOOL_TEMPERATURE.match(line)


def spindle_after(line: str, *, on: bool) -> bool:
    """Return whether the spindle or laser is on after `line`; `on`: before it."""
    for word in words(line):
        on = word in _SPINDLE_ON or (on and word != SPINDLE_OFF)
    return on


def changes_mode(line: str) -> bool:
    """Whether later lines mean something else after `line`."""
    return any(word in MODES or word.startswith("T") for word in words(line))


@frozen
class Modes:
    """The modes that decide what a move means. The defaults are those of a firmware after its start."""

    distance: str = "G90"
    #: None: as `distance`.
    extruder: str | None = None
    units: str = "G21"
    tool: str = "T0"

    def after(self, line: str) -> Modes:
        """Return the modes after `line`."""
        modes = self
        for word in words(line):
            if word in _DISTANCE:
                modes = replace(modes, distance=word, extruder=None)
            elif word in _EXTRUDER:
                modes = replace(modes, extruder=word)
            elif word in _UNITS:
                modes = replace(modes, units=word)
            elif word.startswith("T"):
                modes = replace(modes, tool=word)
        return modes

    def restored_from(self, current: Modes) -> list[str]:
        """Return the lines that lead from the `current` modes to these ones."""
        lines = [mode for mode, now in ((self.tool, current.tool), (self.units, current.units)) if mode != now]
        if (self.distance, self.extruder) != (current.distance, current.extruder):
            lines.append(self.distance)
            if self.extruder is not None:
                lines.append(self.extruder)
        return lines
