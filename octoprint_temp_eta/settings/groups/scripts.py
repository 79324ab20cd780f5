"""Automation scripts."""

from __future__ import annotations

from ..rules import Group, group, setting


@group
class Scripts(Group):
    """Automation scripts."""

    TITLE = "Scripts"

    script_folder: str = setting(
        "~/.mecodescripts",
        "Script folder (blank = no scripts)",
        "Each Python file in this folder is offered as an automation script.",
        pattern="|[/~].*",
        form="an absolute path, or a path that begins with ~",
        private=True,
    )
    script_time_limit: float | None = setting(
        None,
        "Time limit (blank = none)",
        "A script that runs longer is ended.",
        unit="s",
        low=1,
        high=86400,
        nullable=True,
    )
    script_line_timeout: float = setting(
        3600.0,
        "Time limit for one line",
        "A script is ended when the printer does not acknowledge one of its lines within this time.",
        unit="s",
        low=300,
        high=86400,
    )
    script_allow_motion: bool = setting(
        False,
        "Allow others to move the printer",
        "While a script runs, others may move the printer too; heating is always possible.",
    )
    script_confirm: bool = setting(
        False, "Ask before a script starts", "A click on a script's button asks first whether to start it."
    )
    script_layer_height: float = setting(
        0.19, "Layer height", "The default of `g.extrude` in scripts.", unit="mm", low=0.01, high=10
    )
    script_extrusion_width: float = setting(
        0.4, "Extrusion width", "The default of `g.extrude` in scripts.", unit="mm", low=0.01, high=10
    )
    script_filament_diameter: float = setting(
        1.75, "Filament diameter", "The default of `g.extrude` in scripts.", unit="mm", low=0.1, high=10
    )
    script_heaters_after: str = setting(
        "restored",
        "After cancel or failure, heaters",
        "What happens to the heater targets that a cancelled or failed script has changed.",
        choices={
            "restored": "Return to previous targets",
            "off": "Turn off",
            "left": "Stay as they are",
        },
    )
