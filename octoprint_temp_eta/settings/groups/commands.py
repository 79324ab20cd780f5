"""Which commands are accepted, and their limits."""

from __future__ import annotations

from ..forms import NAMES, NAMES_FORM
from ..rules import Group, allow, group, setting


@group
class Commands(Group):
    """Which commands are accepted, and their limits."""

    TITLE = "MQTT commands"

    allow_reset: bool = allow(True, "Allow reset", "Accept the command `reset`, which discards measurements.")
    allow_snapshot: bool = allow(
        True, "Allow snapshot", "Accept the command `snapshot`, which returns the current state."
    )
    allow_forecast: bool = allow(
        True, "Allow forecast", "Accept the command `forecast`, which estimates a heat-up in advance."
    )
    allow_target: bool = allow(
        False, "Allow setting temperatures", "Accept the command `target`: any MQTT client may then heat the printer."
    )
    allow_script_start: bool = allow(
        True, "Allow starting scripts", "Accept the command `script/start`, and the start buttons on the page."
    )
    allow_scripts: str = setting(
        "",
        "Scripts that may be started (blank = all)",
        "IDs of scripts, separated by commas; any other script is refused, over MQTT and on the page.",
        pattern=NAMES,
        form=NAMES_FORM,
        names=True,
        safer="cancel",  # no script can have this id
    )
    allow_script_cancel: bool = allow(
        True, "Allow cancelling scripts", "Accept the command `script/cancel`, and the cancel button on the page."
    )
    allow_job_pause: bool = allow(True, "Allow pausing prints", "Accept the command `job/pause`.")
    allow_job_resume: bool = allow(True, "Allow resuming prints", "Accept the command `job/resume`.")
    allow_job_cancel: bool = allow(True, "Allow cancelling prints", "Accept the command `job/cancel`.")
    allow_job_start: bool = allow(
        False, "Allow starting prints", "Accept the command `job/start`: any MQTT client may then start a print."
    )
    allow_printer_connect: bool = allow(True, "Allow connecting", "Accept the command `printer/connect`.")
    allow_printer_disconnect: bool = allow(
        True, "Allow disconnecting", "Accept the command `printer/disconnect`, which also ends a print."
    )
    allow_printer_emergency_stop: bool = allow(
        True, "Allow the emergency stop", "Accept the command `printer/emergency_stop`, which sends M112."
    )
    target_max_tool: float = setting(
        260.0,
        "Maximum tool temperature",
        "The command `target` rejects a higher temperature for a tool.",
        unit="°C",
        low=0,
        high=500,
    )
    target_max_bed: float = setting(
        110.0,
        "Maximum bed temperature",
        "The command `target` rejects a higher temperature for the bed.",
        unit="°C",
        low=0,
        high=200,
    )
    target_max_chamber: float = setting(
        60.0,
        "Maximum chamber temperature",
        "The command `target` rejects a higher temperature for the chamber or a heater with a custom name.",
        unit="°C",
        low=0,
        high=200,
    )
