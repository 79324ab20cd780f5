"""The commands about heaters: what each does, once it was found valid and permitted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...core.estimation.estimator import HeaterKind
from ...messages import encode
from ...messages.decode import Command, CommandError
from ...settings.table import Settings
from ..part import CommandHandler, InputHandler, Part
from ..printer.printer import Printer
from ..printer.storage_print import StoragePrint
from ..protocol.effects import Effect, Reply, SetTarget
from ..protocol.inputs import TargetSet
from .heaters import Heaters
from .store import HeaterStore

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


class HeaterCommands(Part):
    """The commands about heaters; each returns its reply and what is to be done."""

    def __init__(self, printer: Printer, storage: StoragePrint, heaters: Heaters, store: HeaterStore) -> None:
        self._printer = printer
        self._storage = storage
        self._heaters = heaters
        self._store = store
        #: The commands whose target OctoPrint is setting, by token, with their result.
        self._setting: dict[int, tuple[Command, dict[str, Any]]] = {}
        self._tokens = itertools.count(1)

    @property
    def commands(self) -> Mapping[str, CommandHandler]:
        """The handlers by name of command."""
        return {
            "reset": self._reset,
            "forecast": self._forecast,
            "get_curve": self._curve,
            "target": self._target,
        }

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {TargetSet: self.target_set}

    def _reset(self, command: Command, _: Now) -> tuple[encode.Payload, list[Effect]]:
        heater = self._heater(command) if "heater" in command.arguments else None
        effects: list[Effect] = []
        if heater and command.arguments.get("learned"):
            effects = self._store.forget(self._heaters.place(heater))
            self._heaters.forget_forecasts()
        self._heaters.restart_estimates(heater)
        return encode.completed(command), effects

    def _curve(self, command: Command, now: Now) -> tuple[encode.Payload, list[Effect]]:
        """Reply with the predicted temperature curve of a heat-up or cool-down, which the pages draw.

        Without an estimate the shape is empty. That is no error: an estimate may end while a page requests its curve.
        """
        heater = self._heater(command)
        shape = [[round(share, 4), round(celsius, 2)] for share, celsius in self._heaters.shape(heater, now.at)]
        view = next(view for view in self._heaters.states.views(now) if view.heater == heater)
        if not shape or view.eta is None:
            return encode.completed(command, {"heater": heater, "eta_seconds": None, "shape": []}), []
        return encode.completed(command, {"heater": heater, "eta_seconds": round(view.eta, 1), "shape": shape}), []

    def _forecast(self, command: Command, _: Now) -> tuple[encode.Payload, list[Effect]]:
        heater, target = self._heater(command), float(command.arguments["target"])
        estimate = self._heaters.forecasting.forecast(heater, target).estimate
        if estimate is None:
            raise CommandError("not_available", f"There is no estimate for {heater} yet.", "/heater")
        return encode.completed(command, {"heater": heater, "target": target} | encode.estimate(estimate)), []

    def _target(self, command: Command, _: Now) -> tuple[encode.Payload | None, list[Effect]]:
        """Have a target set in whole °C, as firmware expects it; the reply follows `TargetSet`."""
        heater, target = self._heater(command), math.floor(command.arguments["target"] + 0.5)
        printer, highest = self._printer, highest_target(heater, self._heaters.settings)
        settable = self._heaters.settable
        if heater not in settable:
            possible = f"It can set {', '.join(settable)}." if settable else "It can set none now."
            raise CommandError("not_settable", f"OctoPrint cannot set a target of {heater}. {possible}", "/heater")
        present = self._heaters.reported_targets.get(heater, 0.0)
        if present and command.arguments.get("only_if_off"):
            return encode.completed(command, {"heater": heater, "target": present}), []
        if target > highest:
            text = f"The target of {heater} must be at most {highest:g} °C; the settings limit it."
            raise CommandError("out_of_range", text, "/target")
        if not printer.connected:
            raise CommandError("printer_not_ready", "The printer is not connected.")
        if printer.printing or self._storage.goes_on:
            raise CommandError("busy", "Targets cannot be set while a job is being printed.")
        token = next(self._tokens)
        self._setting[token] = command, {"heater": heater, "target": target}
        return None, [SetTarget(heater, target, token)]

    def target_set(self, event: TargetSet, _: Now) -> list[Effect]:
        """Reply to the command whose target was set or refused."""
        if event.token not in self._setting:
            return []
        command, result = self._setting.pop(event.token)
        if event.refusal is not None:
            return [Reply(command, encode.failed(command, "not_settable", event.refusal))]
        return [Reply(command, encode.completed(command, result))]

    def _heater(self, command: Command) -> str:
        heater: str = command.arguments["heater"]
        if heater not in self._heaters.names:
            raise CommandError("unknown_heater", f"There is no heater {heater!r}.", "/heater")
        return heater
