"""Who has set which heater's target during a run, and which targets to set after it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ..gcode.motion import Modes
from ..gcode.targets import ALL, NOZZLE, ROUNDING, SHARED_TOOL, Asked, asked
from .run import HeatersAfter, Outcome, Run, RunResult
from .turned_down import TurnedDown


@dataclass(slots=True)
class HeaterTargets:
    """Follows the commands of a run that set targets. The latest command for a heater decides whose target it is."""

    shared_nozzle: bool = False
    by_script: set[str] = field(default_factory=set)
    by_others: set[str] = field(default_factory=set)
    #: By heater, the newest target (°C) that others have set: it is the previous one for what the script does.
    asked: dict[str, float] = field(default_factory=dict)
    #: Whether others have switched all heaters off; `asked` has what they have set since.
    all_off: bool = False
    #: Whether the firmware was reset, which switches all heaters off. Some boards print `start` without a reset.
    reset: bool = False
    turned_down: TurnedDown = field(default_factory=TurnedDown)
    #: By name, each heater as the script's latest line for it says: OctoPrint may have no command for it.
    _as_set: dict[str, str] = field(default_factory=dict)
    #: The numbers of tools with which the script has set the shared nozzle, each after `NOZZLE`.
    _numbered: set[str] = field(default_factory=set)
    #: The targets (°C) that were taken already. They are set after the script's lines.
    _taken: dict[str, float] = field(default_factory=dict)
    _modes: Modes = field(default_factory=Modes)
    #: The targets (°C, by heater) that the printer reports before the script's first line is sent.
    _before: dict[str, float] = field(default_factory=dict)
    _has_sent: bool = False

    def begin(self, tool: str, targets: Iterable[Asked]) -> None:
        """The run starts with `tool`, such as T1, in use; `targets` may not have been reported yet, oldest first."""
        self._modes = Modes(tool=tool)
        for each in targets:
            self._others_asked(self._on_nozzle(each))

    def script_sent(self, line: str) -> None:
        """The script has `line` sent."""
        self._modes = self._modes.after(line)
        found = self._asked(line)
        if found is None or found.heater == ALL:
            return
        self.by_script.add(found.name)
        self.by_others.discard(found.name)
        if found.heater.startswith(NOZZLE):
            self._numbered.add(found.heater)
        else:
            self._as_set[found.name] = found.heater

    def script_sending(self, line: str) -> None:
        """OctoPrint sends this line of the script: what falls from now on may be its doing."""
        self._has_sent = True
        found = self._asked(line)
        if found is not None:
            for heater in self.by_script if found.heater == ALL else (found.name,):
                self.turned_down.asked(heater, found.target)

    def reported(self, targets: Mapping[str, float]) -> None:
        """The printer reports `targets`. A macro or a user at the display may have set them just before the run."""
        self.turned_down.reported(targets)
        if not self._has_sent:
            # Another plugin may carry the script's first line out itself, such as one for a chamber.
            self._before |= {name: target for name, target in targets.items() if name not in self.by_script}

    def others_queued(self, line: str) -> None:
        """Someone else has queued `line`, such as a user who sets a temperature.

        It may be sent only after the run, when the printer has finished waiting for a heater.
        """
        self._modes = self._modes.after(line)
        found = self._asked(line)
        if found is None or self._sets_back(found):
            return
        self._others_asked(found)
        if found.heater == ALL:
            self.by_script.clear()
            self.by_others.clear()
            self._taken.clear()
            return
        self.by_others.add(found.name)
        self.by_script.discard(found.name)
        self._taken.pop(found.name, None)
        self.turned_down.asked_by_others(found.name, found.target)

    def _sets_back(self, found: Asked) -> bool:
        """Whether a line does what `take` has returned: it is queued like those of others."""
        numbered = found.heater in self._numbered and found.is_now(0.0)
        return found.name in self._taken and (numbered or found.is_now(self._taken[found.name]))

    def _others_asked(self, found: Asked) -> None:
        if found.heater == ALL:
            self.asked.clear()
            self.all_off = True
        elif found.target is not None:
            self.asked[found.name] = found.target

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
        previous = self._previous(run)
        changed = self.changed(run, current) - self._taken.keys()
        ordered = [*(name for name in previous if name in changed), *sorted(changed - previous.keys())]
        kept = set() if self.reset else self.by_others if run.heaters_after is HeatersAfter.OFF else set(ordered)
        down = self.turned_down.targets
        restored = {name: min(previous.get(name, 0.0), down.get(name, math.inf)) for name in ordered}
        self._taken |= {name: restored[name] if name in kept else 0.0 for name in ordered}
        return self._named(ordered)

    def changed(self, run: Run, current: Mapping[str, float]) -> set[str]:
        """Return the heaters that the script has set, or a macro; `current` are the targets (°C) now."""
        previous = self._previous(run)
        return self.by_script | {name for name, target in current.items() if target > previous.get(name, 0.0)}

    def _previous(self, run: Run) -> dict[str, float]:
        reported = {} if self.all_off else {**run.targets, **self._before}
        return {**reported, **self.asked}

    @property
    def taken(self) -> tuple[str, ...]:
        """The names of the heaters whose targets `take` has returned."""
        return tuple(sorted(self._taken))

    def again(self) -> dict[str, float]:
        """Return what `take` has returned so far: it may not have reached the printer. After a reset it is 0."""
        if self.reset:
            self._taken = dict.fromkeys(self._taken, 0.0)
        return self._named(self._taken)

    def _named(self, heaters: Collection[str]) -> dict[str, float]:
        # If the profile is wrong, each number has a heater of its own. Else the last line decides.
        numbered = dict.fromkeys(sorted(self._numbered), 0.0) if SHARED_TOOL in heaters else {}
        return numbered | {self._as_set.get(name, name): self._taken[name] for name in heaters}

    def still_on(self, current: Mapping[str, float]) -> list[str]:
        """Return the heaters whose targets could not be set back: the `current` ones (°C) are higher."""
        return [name for name, target in self._taken.items() if current.get(name, target) > target + ROUNDING]

    def _asked(self, line: str) -> Asked | None:
        """Return what `line` asks for."""
        found = asked(line, "T0" if self.shared_nozzle else self._modes.tool)
        return found and self._on_nozzle(found)

    def _on_nozzle(self, found: Asked) -> Asked:
        return found.on_shared_nozzle if self.shared_nozzle else found
