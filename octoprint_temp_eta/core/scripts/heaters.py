"""Who has set which heater's target during a run, and which targets to set after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..gcode.motion import Modes
from ..gcode.targets import ALL, KLIPPER, Asked, asked
from .run import HeatersAfter, Outcome, Run, RunResult
from .turned_down import TurnedDown


@dataclass(slots=True)
class HeaterTargets:
    """Follows the commands of a run that set targets. The latest command for a heater decides whose target it is."""

    by_script: set[str] = field(default_factory=set)
    by_others: set[str] = field(default_factory=set)
    #: By heater, the newest target (°C) that others have set: it is the previous one for what the script does.
    asked: dict[str, float] = field(default_factory=dict)
    #: Whether others have switched all heaters off; `asked` has what they have set since.
    all_off: bool = False
    #: Whether the firmware was reset, which switches all heaters off. Some boards print `start` without a reset.
    reset: bool = False
    turned_down: TurnedDown = field(default_factory=TurnedDown)
    #: The heaters whose targets were taken already. Their new targets are set after the script's lines.
    _taken: set[str] = field(default_factory=set)
    _modes: Modes = field(default_factory=Modes)

    def begin(self, tool: str, targets: Iterable[Asked]) -> None:
        """The run starts with `tool`, such as T1, in use; `targets` may not have been reported yet, oldest first."""
        self._modes = Modes(tool=tool)
        for each in targets:
            self._others_asked(each)

    def script_sent(self, line: str) -> None:
        """The script sends `line`."""
        found = self._asked(line)
        if found is None:
            return
        if found.heater != ALL:
            self.by_script.add(found.heater)
            self.by_others.discard(found.heater)
        for heater in self.by_script if found.heater == ALL else (found.heater,):
            self.turned_down.asked(heater.removeprefix(KLIPPER), found.target)

    def others_queued(self, line: str) -> None:
        """Someone else has queued `line`, such as a user who sets a temperature.

        It may be sent only after the run, when the printer has finished waiting for a heater.
        """
        found = self._asked(line)
        if found is None or found.target is None:
            return
        self._others_asked(found)
        if found.heater == ALL:
            self.by_script.clear()
            self.by_others.clear()
        else:
            self.by_others.add(found.heater)
            self.by_script.discard(found.heater)
            self.turned_down.asked_by_others(found.heater.removeprefix(KLIPPER), found.target)

    def _others_asked(self, found: Asked) -> None:
        if found.heater == ALL:
            self.asked.clear()
            self.all_off = True
        elif found.target is not None:
            self.asked[found.heater] = found.target

    def take(self, run: Run, result: RunResult, current: Mapping[str, float]) -> dict[str, float]:
        """Return the targets (°C) to set after a run, as its `heaters_after` demands; `current` are the targets now.

        Called again with newer targets, it returns only those that were not returned before.

        They cover heaters whose targets the script has set, and heaters whose targets are above the previous ones, as
        a firmware macro raises them. The previous target is the one at the start of the run, or what others have asked
        for since, or less if the heater was turned down at the printer. A heater with an unknown previous target is
        switched off; after a reset of the firmware, each of them is.
        """
        if result.outcome is Outcome.FINISHED or run.heaters_after is HeatersAfter.LEFT:
            return {}
        self.turned_down.reported(current)
        previous = {**({} if self.all_off else run.targets), **self.asked}
        hotter = {name for name, target in current.items() if target > previous.get(name, 0.0)}
        named = {heater.removeprefix(KLIPPER) for heater in self.by_script}
        changed = (self.by_script | (hotter - named)) - self._taken
        self._taken |= changed
        ordered = [*(name for name in previous if name in changed), *sorted(changed - previous.keys())]
        kept = set() if self.reset else self.by_others if run.heaters_after is HeatersAfter.OFF else set(ordered)
        return {name: self._restored(name, previous) if name in kept else 0.0 for name in ordered}

    def _restored(self, heater: str, previous: Mapping[str, float]) -> float:
        reported = heater.removeprefix(KLIPPER)  # OctoPrint may know it under the same name, such as chamber
        target = previous.get(heater, previous.get(reported, 0.0))
        return min(target, self.turned_down.targets.get(reported, target))

    def _asked(self, line: str) -> Asked | None:
        """Return what `line` asks for; a change of the tool is noted."""
        self._modes = self._modes.after(line)
        return asked(line, self._modes.tool)
