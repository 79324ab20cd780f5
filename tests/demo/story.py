"""The demo's sequence: heat the printer, measure its bed with a script, turn the heaters off."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

HEAT = {"bed": ("M140", 60), "tool0": ("M104", 210)}
HOLD_SECONDS = 45.0
SCRIPT = "bed_flatness"


class Story:
    """Heats at the start; ends when the heaters have been at target for a while, or the user has changed a target."""

    def __init__(self, gcode: Callable[..., None], start_script: Callable[[str], None]) -> None:
        self._gcode = gcode
        self._start_script = start_script
        self._hot_since: float | None = None
        self._finished = False
        gcode(*(f"{command} S{target}" for command, target in HEAT.values()))

    def go_on(self, state_of: Callable[[str], dict[str, Any]]) -> None:
        """Do the next step, depending on the published heater states."""
        states = {heater: state_of(heater) for heater in HEAT}
        if self._finished or any(state.get("state") != "at_target" for state in states.values()):
            self._hot_since = None
        elif any(states[heater]["target"] != target for heater, (_, target) in HEAT.items()):
            self._finished = True
        elif self._hot_since is None:
            self._hot_since = time.monotonic()
            self._start_script(SCRIPT)
        elif time.monotonic() - self._hot_since > HOLD_SECONDS:
            self._finished = True
            self._gcode(*(f"{command} S0" for command, _ in HEAT.values()))
