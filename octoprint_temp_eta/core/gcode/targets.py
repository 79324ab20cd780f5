"""Which heater's target a line sets, and to which temperature."""

from __future__ import annotations

import re

from ..frozen import frozen
from .motion import words

_TOOL_COMMANDS = frozenset({"M104", "M109"})
_COMMANDS = {"M140": "bed", "M190": "bed", "M141": "chamber", "M191": "chamber"}
#: The commands that may set a target, as OctoPrint names them. It has no name for Klipper's, and for lower case.
TARGET_COMMANDS = _TOOL_COMMANDS | _COMMANDS.keys() | {"G10", "M568", None}
#: In place of a heater: all of them.
ALL = "all"
#: Before the name of one of Klipper's heaters for which OctoPrint has no name, such as a dryer.
KLIPPER = "klipper:"
#: Before the name of one of RepRapFirmware's further beds and chambers, such as B1: `M140 P1` sets the second bed.
SLOT = "slot:"
#: Before the number of a tool with which a line sets the shared nozzle: `M104 T1` may also set a heater of its own.
NOZZLE = "nozzle:"
#: The heater of a shared nozzle.
SHARED_TOOL = "tool0"
_SLOT_COMMANDS = {"B": "M140", "C": "M141"}
#: Firmware rounds targets: °C by which a reported one may differ from the one asked for.
ROUNDING = 1.0

_TOOL = re.compile(r"(?<![A-Za-z])T(\d+)", re.IGNORECASE)
_ANOTHER_TOOL = re.compile(r"tool([1-9]\d*)")
_SLOT = re.compile(r"(?<![A-Za-z])P0*([1-9]\d*)(?![.\d])", re.IGNORECASE)
#: RepRapFirmware's commands for the temperature of a tool, and Klipper's for any heater and for all.
_G10 = re.compile(r"\s*(?:G10|M568)\s+P(\d+)(?!\d).*(?<![A-Za-z])[SR]-?\d", re.IGNORECASE)
#: A name may have blanks in quotation marks.
_KLIPPER = re.compile(r"\s*SET_HEATER_TEMPERATURE\b.*\bHEATER=(?:\"([^\"]+)\"|'([^']+)'|([^\s;\"']+))", re.IGNORECASE)
_ALL_OFF = re.compile(r"\s*TURN_OFF_HEATERS\b", re.IGNORECASE)
#: The target in °C; R of G10 is the standby temperature, and may stand before S.
_VALUES = tuple(re.compile(rf"(?<![A-Za-z])(?:{name})\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE) for name in ("S", "R"))
_KLIPPER_VALUE = re.compile(r"\bTARGET=[\"']?\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE)


@frozen
class Asked:
    """What a line asks for: a heater, and the target in °C, None if it has none.

    The heater is named as in OctoPrint, or `ALL`, or has a name after `KLIPPER`, `SLOT` or `NOZZLE`.
    """

    heater: str
    target: float | None

    @property
    def name(self) -> str:
        """The heater as reports name it: OctoPrint may know one of Klipper's under the same name, such as chamber."""
        return SHARED_TOOL if self.heater.startswith(NOZZLE) else self.heater.removeprefix(KLIPPER).removeprefix(SLOT)

    @property
    def on_shared_nozzle(self) -> Asked:
        """The same of a printer with a shared nozzle: all of its tools are one heater."""
        number = _ANOTHER_TOOL.fullmatch(self.heater)
        return Asked(NOZZLE + number[1], self.target) if number else self

    def is_now(self, target: float) -> bool:
        """Whether `target` (°C), a reported one, is the one asked for."""
        return self.target is not None and same(self.target, target)


def same(one: float, other: float) -> bool:
    """Whether two targets (°C) are the same after the firmware's rounding."""
    return abs(one - other) <= ROUNDING


def asked(line: str, tool: str) -> Asked | None:
    """Return what `line` asks for while `tool`, such as T0, is in use; None if it sets no target."""
    for word in words(line):
        if word.startswith("T"):
            tool = word
        elif word in _TOOL_COMMANDS:
            number = _TOOL.search(line)
            return Asked(f"tool{int(number[1] if number else tool[1:])}", _value(line))
        elif word in _COMMANDS:
            slot = _SLOT.search(line)
            heater = _COMMANDS[word]
            return Asked(f"{SLOT}{heater[0].upper()}{slot[1]}" if slot else heater, _value(line))
    if g10 := _G10.match(line):
        return Asked(f"tool{int(g10[1])}", _value(line))
    if _ALL_OFF.match(line):
        return Asked(ALL, 0.0)
    klipper, value = _KLIPPER.match(line), _KLIPPER_VALUE.search(line)
    # Without a target, it is 0.
    if klipper is None:
        return None
    name = klipper[1] or klipper[2] or klipper[3]
    return Asked(_klipper_heater(name), _celsius(value[1]) if value else 0.0)


def setting(heater: str, target: float) -> str | None:
    """Return the line that sets a heater (°C) whose name has a prefix such as `KLIPPER`; None for OctoPrint's own."""
    name = heater.removeprefix(KLIPPER)
    if name != heater:
        return f"SET_HEATER_TEMPERATURE HEATER={_quoted(name)} TARGET={target:g}"
    name = heater.removeprefix(NOZZLE)
    if name != heater:
        return f"M104 T{name} S{target:g}"
    name = heater.removeprefix(SLOT)
    return f"{_SLOT_COMMANDS[name[0]]} P{name[1:]} S{target:g}" if name != heater else None


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _value(line: str) -> float | None:
    found = next((match for value in _VALUES if (match := value.search(line))), None)
    return _celsius(found[1]) if found else None


def _celsius(text: str) -> float:
    return max(0.0, float(text))


def _klipper_heater(name: str) -> str:
    if name == "heater_bed":
        return "bed"
    number = name.removeprefix("extruder")
    return f"tool{number or 0}" if name.startswith("extruder") and (not number or number.isdigit()) else KLIPPER + name
