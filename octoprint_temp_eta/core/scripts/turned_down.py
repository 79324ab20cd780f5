"""Notices that a heater was turned down without a line: at the printer's display, by a macro or by the firmware."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from ..gcode.targets import same

#: Lines of a heater that are remembered until the printer reports the newest one's target.
MOST_LINES = 64


class TurnedDown:
    """Compares what lines ask for with the targets that the printer reports. All targets are in °C, by heater."""

    def __init__(self) -> None:
        #: What the heaters were turned down to. A later line of somebody else replaces it.
        self.targets: dict[str, float] = {}
        #: What lines have asked for, oldest first. The printer reports it when it has come to them.
        self._asked: dict[str, deque[float]] = {}
        self._reported: Mapping[str, float] = {}

    def asked(self, heater: str, target: float | None) -> None:
        """A line asks for `target`, None if it has none."""
        if target is not None:
            self._asked.setdefault(heater, deque(maxlen=MOST_LINES)).append(target)

    def asked_by_others(self, heater: str, target: float | None) -> None:
        """The same, for a line that is not the script's."""
        self.asked(heater, target)
        self.targets.pop(heater, None)

    def reported(self, targets: Mapping[str, float]) -> None:
        """The printer reports `targets`: what has fallen without a line was turned down."""
        for heater, target in targets.items():
            asked = self._asked.get(heater, ())
            if target < self._reported.get(heater, 0.0) and not any(same(target, each) for each in asked):
                self.targets[heater] = target
            if asked and same(target, asked[-1]):
                self._asked[heater] = deque((asked[-1],), MOST_LINES)
        self._reported = dict(targets)
