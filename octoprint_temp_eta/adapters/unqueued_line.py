"""Why OctoPrint has not queued a line of a script."""

from __future__ import annotations

from collections.abc import Collection

from ..core.gcode.printer_lines import command_of
from ..core.gcode.targets import TARGET_COMMANDS

#: Commands that plugins carry out themselves, such as those that switch the power supply.
CARRIED_OUT = frozenset({"M80", "M81"})


def why_not_queued(line: str, blocked: Collection[str]) -> str | None:
    """Return why OctoPrint has not queued `line`, None if a plugin has carried it out instead.

    `blocked` are the commands that OctoPrint is set not to send.
    """
    command = command_of(line)
    if command in blocked:
        return f"{command} is one of OctoPrint's blocked commands (Settings > Serial Connection)"
    if command is None or command in CARRIED_OUT:
        return None
    if command.startswith("T") or command in TARGET_COMMANDS:
        return "OctoPrint did not send it: the printer profile has no such heater or tool, or a plugin refused it"
    return "OctoPrint did not send it: it is a blocked command, or a plugin suppressed it"
