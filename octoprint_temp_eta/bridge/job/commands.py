"""The commands about the print job and the connection to the printer.

They are checked against the printer's state here. OctoPrint carries them out on another thread, and the reply follows.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from ...core.clock import Now
from ...core.printer_commands import ACCEPTED_IN, EMERGENCY_STOP, OPENING, OPENING_PORT, accepted
from ...messages import encode
from ...messages.decode import Command, CommandError
from ..part import CommandHandler, InputHandler, Part
from ..printer.printer import Printer
from ..printer.storage_print import StoragePrint
from ..protocol.effects import Effect, Reply
from ..protocol.job_effects import PrinterAction
from ..protocol.job_inputs import ActionDone
from ..scripts.commands import STORAGE_PRINTS
from ..scripts.scripts import Scripts

#: Commands that may wait for OctoPrint at the same time; the emergency stop has as many places again.
MOST_PENDING = 16


class JobCommands(Part):
    """Checks the commands, and replies once OctoPrint has carried them out."""

    def __init__(self, printer: Printer, storage: StoragePrint, scripts: Scripts) -> None:
        self._printer = printer
        self._storage = storage
        self._scripts = scripts
        #: By token: the commands that OctoPrint is carrying out.
        self._pending: dict[int, Command] = {}
        self._tokens = itertools.count(1)

    @property
    def commands(self) -> Mapping[str, CommandHandler]:
        """The handlers by name of command."""
        return dict.fromkeys(ACCEPTED_IN, self._execute)

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {ActionDone: self._done}

    def _execute(self, command: Command, now: Now) -> tuple[None, list[Effect]]:
        self._refuse_unless_accepted(command, now)
        token = next(self._tokens)
        self._pending[token] = command
        arguments = command.arguments
        action = PrinterAction(command.name, token, arguments.get("file", ""), arguments.get("origin", "local"))
        return None, [action]

    def _refuse_unless_accepted(self, command: Command, now: Now) -> None:
        state = self._printer.state
        if not accepted(command.name, state):
            needed = "OctoPrint is connecting" if state in OPENING else _needed(command.name)
            raise CommandError("printer_not_ready", f"The printer's state is {state}: {needed}.")
        if command.name == "printer/connect" and state == OPENING_PORT and not self._printer.port_failed(now):
            raise CommandError("printer_not_ready", "OctoPrint is opening the port. Try again in some seconds.")
        if command.name == "job/start" and self._scripts.running:
            raise CommandError("busy", "A script is running.")
        if command.name == "job/start" and self._storage.goes_on:
            raise CommandError("printer_not_ready", STORAGE_PRINTS)
        if command.name == "printer/disconnect" and self._scripts.running:
            # Afterwards no heater could be switched off that the script has switched on.
            raise CommandError("busy", "A script is running. Cancel it first.")
        if command.name == "job/pause" and self._scripts.running:
            # OctoPrint forgets the pause when the script ends, and prints.
            raise CommandError("printer_not_ready", "The print waits for a script. Cancel the print instead.")
        if len(self._pending) >= MOST_PENDING * (2 if command.name == EMERGENCY_STOP else 1):
            raise CommandError("busy", "OctoPrint has not carried out earlier commands yet.")

    def _done(self, event: ActionDone, _: Now) -> list[Effect]:
        command = self._pending.pop(event.token, None)
        if command is None:
            return []
        if event.refusal is None:
            return [Reply(command, encode.completed(command))]
        return [Reply(command, encode.failed(command, *event.refusal))]


def _needed(command: str) -> str:
    """Return what a command needs, as a clause for the user."""
    return {
        "job/start": "a print starts only while it is OPERATIONAL",
        "job/pause": "no print is running",
        "job/resume": "no print is paused",
        "job/cancel": "no print is running or paused",
        "printer/connect": "it is connected already",
        "printer/disconnect": "it is not connected",
        EMERGENCY_STOP: "it is not connected",
    }[command]
