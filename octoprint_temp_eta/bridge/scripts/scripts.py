"""Scripts: the parts that together handle their folder, their runs, and their commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...core.scripts.catalogue import Script
from ...settings.table import Settings
from ..heaters.heaters import Heaters
from ..outbox.outbox import Outbox
from ..part import CommandHandler, InputHandler, Part
from ..printer.printer import Printer
from ..protocol.effects import Effect
from .commands import ScriptCommands
from .library import Library
from .on_connect import OnConnect
from .refused_motion import RefusedMotion
from .reports import RunReports
from .runs import ScriptRun
from .store import ScriptStore


class Scripts(Part):
    """All parts about scripts as one."""

    def __init__(
        self, outbox: Outbox, printer: Printer, heaters: Heaters, settings: Settings, boot_id: str, stored: object
    ) -> None:
        store = ScriptStore(stored)
        self._library = Library(outbox, settings)
        self._run = ScriptRun(RunReports(outbox, store), heaters)
        on_connect = OnConnect(self._library, self._run, printer, store)
        commands = ScriptCommands(self._library, self._run, on_connect, printer, heaters, store, settings, boot_id)
        self._parts: tuple[Part, ...] = (self._run, RefusedMotion(self._run), self._library, on_connect, commands)

    @property
    def catalogue(self) -> tuple[Script, ...]:
        """The scripts in the folder."""
        return self._library.catalogue

    @property
    def known(self) -> bool:
        """Whether the folder was scanned completely."""
        return self._library.known

    @property
    def running(self) -> bool:
        """Whether a script runs."""
        return self._run.runner.run is not None

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        kinds = {kind for part in self._parts for kind in part.inputs}
        return {kind: self._handler(kind) for kind in kinds}

    @property
    def commands(self) -> Mapping[str, CommandHandler]:
        """The handlers by name of command."""
        return {name: handler for part in self._parts for name, handler in part.commands.items()}

    def configure(self, settings: Settings, now: Now) -> list[Effect]:
        """Apply changed settings."""
        return [effect for part in self._parts for effect in part.configure(settings, now)]

    def tick(self, now: Now) -> list[Effect]:
        """Do what is due."""
        return [effect for part in self._parts for effect in part.tick(now)]

    def publish_all(self, now: Now) -> None:
        """Publish every retained state."""
        for part in self._parts:
            part.publish_all(now)

    def snapshot(self, now: Now) -> Mapping[str, Any]:
        """Return the keys of the snapshot that REST shows."""
        return {key: value for part in self._parts for key, value in part.snapshot(now).items()}

    def _handler(self, kind: type) -> InputHandler:
        handlers = [part.inputs[kind] for part in self._parts if kind in part.inputs]
        return lambda event, now: [effect for handle in handlers for effect in handle(event, now)]
