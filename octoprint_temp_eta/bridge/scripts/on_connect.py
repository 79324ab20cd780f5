"""The lines that scripts send when the printer connects (`__script_commands__`)."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from ...core.clock import Now
from ...core.scripts.catalogue import Script
from ...core.scripts.run import State
from ..part import InputHandler, Part
from ..printer.printer import Printer
from ..printer.storage_print import StoragePrint
from ..protocol.effects import Effect, Log
from ..protocol.inputs import PrinterChanged
from ..protocol.script_effects import ReadConnectCommands, SendLines
from ..protocol.script_inputs import ConnectCommandsRead, ScriptsFound
from .library import Library
from .runs import ScriptRun
from .store import ScriptStore


class OnConnect(Part):
    """Reads the commands after each connect and when settings are saved; sends them once the printer is ready.

    They wait for the end of a script, but not of a print: homing would hit what was printed.
    """

    def __init__(
        self, library: Library, run: ScriptRun, printer: Printer, storage: StoragePrint, store: ScriptStore
    ) -> None:
        self._library = library
        self._run = run
        self._printer = printer
        self._storage = storage
        self._store = store
        self._connected = False
        #: Whether the commands have to be read for this connection.
        self._wanted = False
        #: What is read for an earlier number is not sent: it is raised by a print, and by the end of a connection.
        self._request = 0
        #: The first number of this connection.
        self._first_request = 0
        #: By script, its newest commands, which wait until the printer is ready.
        self._waiting: dict[str, SendLines] = {}

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input; the library handles `ScriptsFound` before."""
        return {
            PrinterChanged: self._printer_changed,
            ScriptsFound: lambda _, __: self._read(),
            ConnectCommandsRead: self._commands_read,
        }

    def tick(self, now: Now) -> list[Effect]:
        """Send what waits, once the printer is ready."""
        del now
        return [*self._dropped(), *self.due()]

    def due(self) -> list[Effect]:
        """Return the commands to send now. They must not mix with the lines of a script or a job."""
        if self._run.runner.state is not State.IDLE or not self._printer.operational or self._storage.goes_on:
            return []
        due, self._waiting = self._waiting, {}
        return list(due.values())

    def settings_saved(self, script: Script) -> list[Effect]:
        """Read the commands of `script` again: they may depend on its settings, which were saved.

        During a print that is left to the next connection.
        """
        return self._read_of(script) if self._connected and not self._prints else []

    @property
    def _prints(self) -> bool:
        return self._printer.printing or self._storage.goes_on

    def _printer_changed(self, printer: PrinterChanged, _: Now) -> list[Effect]:
        if printer.connected and not self._connected:
            self._wanted = True
        self._connected = printer.connected
        if not self._connected:
            self._waiting = {}
            self._request += 1
            self._first_request = self._request
        return [*self._dropped(), *self._read()]

    def _dropped(self) -> list[Effect]:
        """Drop what waits or is still being read, if a print runs: after it, it would hit what was printed."""
        if not self._prints or self._storage.awaited:
            return []
        self._request += 1
        self._wanted = False
        dropped, self._waiting = self._waiting, {}
        return [self._not_sent(script_id) for script_id in dropped]

    def _read(self) -> list[Effect]:
        if not (self._wanted and self._connected and self._library.readable):
            return []
        self._wanted = False
        return [effect for each in self._library.catalogue for effect in self._read_of(each)]

    def _read_of(self, script: Script) -> list[Effect]:
        if not script.has_commands or script.error is not None:
            return []
        script_id = script.id or ""
        stored = self._store.of(script_id)
        return [ReadConnectCommands(self._library.folder, script.file, script_id, stored, self._request)]

    def _commands_read(self, event: ConnectCommandsRead, _: Now) -> list[Effect]:
        if event.error is not None:
            return [Log(logging.WARNING, f"Script {event.script_id}: {event.error}")]
        if event.request != self._request:
            prevented = event.lines and event.request >= self._first_request
            return [self._not_sent(event.script_id)] if prevented else []
        self._waiting.pop(event.script_id, None)
        if event.lines and self._connected:
            self._waiting[event.script_id] = SendLines(event.lines)
        return [*self._dropped(), *self.due()]

    def _not_sent(self, script_id: str) -> Log:
        if not self._storage.goes_on:
            return Log(
                logging.WARNING, f"Script {script_id}: its on-connect commands are not sent, as a print has begun"
            )
        return Log(
            logging.WARNING,
            f"Script {script_id}: its on-connect commands are not sent, as the printer prints from its storage (SD"
            " card), or has not reported the end of that print",
        )
