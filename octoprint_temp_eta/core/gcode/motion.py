"""Which commands move the machine, and the modes that decide what a move means.

Marlin's rules apply: `G90` and `G91` also select the mode of the extruder, which `M82` and `M83` then change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_WORD = re.compile(r"(?:^|\s)([GMT])0*(\d+)(?![\d.])", re.IGNORECASE)
#: Commands whose parameters are text.
_TEXT = frozenset({"M16", "M23", "M28", "M30", "M32", "M117", "M118", "M928"})
#: Moves, homing, probing, changes of the coordinate system and of the tool, filament changes, and motors off.
_MOTION = frozenset(
    {f"G{number}" for number in (0, 1, 2, 3, 5, 10, 11, 12, 26, 27, 28, 29, 30, 32, 33, 34, 35, 38, 42, 60, 61, 76, 92)}
    | {f"M{number}" for number in (18, 24, 48, 84, 125, 290, 428, 600, 603, 701, 702)}
    | {"G425", "M206"}
)
#: RepRapFirmware sets a tool's temperature with `G10 P… S…`; elsewhere G10 retracts.
_TOOL_TEMPERATURE = re.compile(r"\s*G10\s+P\d", re.IGNORECASE)
_DISTANCE = frozenset({"G90", "G91"})
_EXTRUDER = frozenset({"M82", "M83"})
_UNITS = frozenset({"G20", "G21"})


def words(line: str) -> list[str]:
    """Return the commands in `line`, normalized: ["G1"] for "g01 X5". Some firmware accepts several on one line."""
    found = [f"{letter.upper()}{number}" for letter, number in _WORD.findall(line)]
    return found[:1] if found and found[0] in _TEXT else found


def moves(line: str) -> bool:
    """Whether `line` moves the machine, or changes the position or the tool that later moves depend on."""
    return any(word in _MOTION or word.startswith("T") for word in words(line)) and not _TOOL_TEMPERATURE.match(line)


@dataclass(frozen=True, slots=True)
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
