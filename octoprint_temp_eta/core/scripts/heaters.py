"""Who has set which heater's target during a run, and which targets to set after it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..gcode.motion import words
from .run import HeatersAfter, Outcome, Run, RunResult

_TOOL_COMMANDS = frozenset({"M104", "M109"})
_COMMANDS = {"M140": "bed", "M190": "bed", "M141": "chamber", "M191": "chamber"}
#: The commands that set a target, as OctoPrint names them.
TARGET_COMMANDS = _TOOL_COMMANDS | _COMMANDS.keys()
_TOOL = re.compile(r"\bT(\d+)", re.IGNORECASE)
#: RepRapFirmware's command for the temperature of a tool, and Klipper's for any heater.
_G10 = re.compile(r"\s*G10\s+P(\d+)\b.*\b[SR]-?\d", re.IGNORECASE)
_KLIPPER = re.compile(r"\s*SET_HEATER_TEMPERATURE\b.*\bHEATER=(\w+)", re.IGNORECASE)
#: The target in these commands, in °C; R of G10 is the standby temperature, and may stand before S.
_VALUES = tuple(re.compile(rf"\b(?:{name})\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE) for name in ("S|TARGET=", "R"))


@dataclass(slots=True)
class HeaterTargets:
    """Follows the commands of a run that set targets. The latest command for a heater decides whose target it is."""

    by_script: set[str] = field(default_factory=set)
    by_others: set[str] = field(default_factory=set)
    #: By heater, the newest target (°C) that others have set: it is the previous one for what the script does.
    asked: dict[str, float] = field(default_factory=dict)
    #: Whether the firmware was reset, which switches all heaters off. Some boards print `start` without a reset.
    reset: bool = False
    #: The heaters whose targets were taken already. Their new targets are set after the script's lines.
    _taken: set[str] = field(default_factory=set)
    _tool: str = "tool0"

    def tool_in_use(self, number: str) -> None:
        """The run starts with the tool `number` in use, such as T1: commands without a tool are for it."""
        self._tool = f"tool{number.removeprefix('T')}"

    def script_sent(self, line: str) -> None:
        """The script sends `line`."""
        heater = self._heater(line)
        if heater is not None:
            self.by_script.add(heater)
            self.by_others.discard(heater)

    def others_queued(self, line: str) -> None:
        """Someone else has queued `line`, such as a user who sets a temperature.

        It may be sent only after the run, when the printer has finished waiting for a heater.
        """
        heater = self.others_asked(line)
        if heater is not None:
            self.by_others.add(heater)
            self.by_script.discard(heater)

    def others_asked(self, line: str) -> str | None:
        """Note the target in `line`, which someone else has queued, and return its heater if it has one."""
        heater = self._heater(line)
        value = next((found for pattern in _VALUES if (found := pattern.search(line))), None)
        if heater is not None and value is not None:
            self.asked[heater] = max(0.0, float(value[1]))
        return heater

    def take(self, run: Run, result: RunResult, current: Mapping[str, float]) -> dict[str, float]:
        """Return the targets (°C) to set after a run, as its `heaters_after` demands; `current` are the targets now.

        Called again with newer targets, it returns only those that were not returned before.

        They cover heaters whose targets the script has set, and heaters whose targets rose without a command from
        anyone else, as a firmware macro raises them. The previous target is the one at the start of the run, or what
        others have asked for since. A heater with an unknown previous target is switched off; after a reset of the
        firmware, each of them is.
        """
        if result.outcome is Outcome.FINISHED or run.heaters_after is HeatersAfter.LEFT:
            return {}
        previous = {**run.targets, **self.asked}
        hotter = {name for name, target in current.items() if target > previous.get(name, 0.0)}
        changed = (self.by_script | (hotter - self.by_others)) - self._taken
        self._taken |= changed
        ordered = [*(name for name in previous if name in changed), *sorted(changed - previous.keys())]
        off = self.reset or run.heaters_after is HeatersAfter.OFF
        return {name: 0.0 if off else previous.get(name, 0.0) for name in ordered}

    def _heater(self, line: str) -> str | None:
        """Return the heater whose target `line` sets, if any; a change of the tool is noted."""
        for word in words(line):
            if word.startswith("T"):
                self._tool = f"tool{word[1:]}"
            elif word in _TOOL_COMMANDS:
                tool = _TOOL.search(line)
                return f"tool{int(tool[1])}" if tool else self._tool
            elif word in _COMMANDS:
                return _COMMANDS[word]
        g10, klipper = _G10.match(line), _KLIPPER.match(line)
        if g10:
            return f"tool{int(g10[1])}"
        return _klipper_heater(klipper[1]) if klipper else None


def _klipper_heater(name: str) -> str | None:
    """Return OctoPrint's name of a heater of Klipper."""
    if name == "heater_bed":
        return "bed"
    number = name.removeprefix("extruder")
    return f"tool{number or 0}" if name.startswith("extruder") and (not number or number.isdigit()) else None
