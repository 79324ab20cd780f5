"""What each command does, once it was found valid and permitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...core.estimation.estimator import HeaterKind
from ...messages import encode
from ...messages.decode import Command, CommandError
from ...settings.table import Settings
from ..broker.commands import Handler
from ..broker.outbox import Outbox
from ..protocol.effects import Effect, SetTarget
from .heaters import Heaters
from .store import Memory

#: The setting with the highest target (°C) that a command may set, by kind of heater.
HIGHEST_TARGET = {
    HeaterKind.TOOL: "target_max_tool",
    HeaterKind.BED: "target_max_bed",
    HeaterKind.CHAMBER: "target_max_chamber",
}


def highest_target(heater: str, settings: Settings) -> float:
    """Return the highest target in °C that the command `target` sets for `heater`."""
    highest: float = getattr(settings, HIGHEST_TARGET[HeaterKind.of(heater)])
    return highest


class Handlers:
    """The commands about heaters; each returns its reply and what is to be done."""

    def __init__(self, outbox: Outbox, heaters: Heaters, memory: Memory) -> None:
        self._outbox = outbox
        self._heaters = heaters
        self._memory = memory

    @property
    def table(self) -> Mapping[str, Handler]:
        """The handlers by command."""
        return {
            "reset": self._reset,
            "snapshot": self._snapshot,
            "forecast": self._forecast,
            "target": self._target,
        }

    def _reset(self, command: Command, now: Now) -> tuple[encode.Payload, list[Effect]]:
        del now
        heater = self._heater(command) if "heater" in command.arguments else None
        effects = (
            self._memory.forget(self._heaters.place(heater)) if heater and command.arguments.get("learned") else []
        )
        self._heaters.restart_estimates(heater)
        return encode.completed(command), effects

    def _snapshot(self, command: Command, now: Now) -> tuple[encode.Payload, list[Effect]]:
        self._heaters.tell(now, all_of_it=True)
        result: dict[str, Any] = {"heaters": {}}
        for (message, heater), body in self._outbox.states.items():
            if heater is not None:
                result["heaters"][heater] = body
            elif message != "status":
                result[message] = body
        return encode.completed(command, result), []

    def _forecast(self, command: Command, now: Now) -> tuple[encode.Payload, list[Effect]]:
        del now
        heater, target = self._heater(command), float(command.arguments["target"])
        estimate = self._heaters.forecast(heater, target)
        if estimate is None:
            raise CommandError("not_available", f"It cannot be told now how long {heater} would take.", "/heater")
        return encode.completed(command, {"heater": heater, "target": target} | encode.estimate(estimate)), []

    def _target(self, command: Command, now: Now) -> tuple[encode.Payload, list[Effect]]:
        del now
        heater, target = self._heater(command), float(command.arguments["target"])
        printer, highest = self._heaters.printer, highest_target(heater, self._heaters.settings)
        if target > highest:
            raise CommandError("out_of_range", f"A target of {heater} is at most {highest:g} °C here.", "/target")
        if not printer.connected:
            raise CommandError("printer_not_ready", "The printer is not connected.")
        if printer.printing:
            raise CommandError("busy", "While a job is printed its targets are its own.")
        return encode.completed(command), [SetTarget(heater, target)]

    def _heater(self, command: Command) -> str:
        heater: str = command.arguments["heater"]
        if heater not in self._heaters.names:
            raise CommandError("unknown_heater", f"There is no heater {heater!r}.", "/heater")
        return heater
