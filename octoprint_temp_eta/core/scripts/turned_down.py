"""Notices that a heater was turned down without a line, such as at the printer's display or by the firmware."""

from __future__ import annotations

from collections.abc import Mapping


class TurnedDown:
    """Compares what lines ask for with the targets that the printer reports. All targets are in °C, by heater."""

    def __init__(self) -> None:
        #: What the heaters were turned down to. A later line of somebody else replaces it.
        self.targets: dict[str, float] = {}
        self._asked: dict[str, float | None] = {}
        #: What the printer has reported since it knows the newest line.
        self._level: dict[str, float] = {}
        self._reported: Mapping[str, float] = {}

    def asked(self, heater: str, target: float | None) -> None:
        """A line asks for `target`, None if it has none. The printer may go on to report the former one for a while."""
        self._asked[heater] = target
        self._level.pop(heater, None)

    def asked_by_others(self, heater: str, target: float | None) -> None:
        """The same, for a line that is not the script's."""
        self.asked(heater, target)
        self.targets.pop(heater, None)

    def reported(self, targets: Mapping[str, float]) -> None:
        """The printer reports `targets`."""
        for heater, asked in self._asked.items():
            now = targets.get(heater)
            if now is None:
                continue
            level = self._level.get(heater)
            if level is not None and now < level and now != asked:
                self.targets[heater] = now
            # A target that is neither the former nor the one asked for is what the firmware has made of it.
            if level is not None or now == asked or now != self._reported.get(heater, now):
                self._level[heater] = now
        self._reported = dict(targets)
