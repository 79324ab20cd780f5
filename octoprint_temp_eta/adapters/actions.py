"""Commands about the print job and the connection, through OctoPrint's printer interface.

OctoPrint's calls may block, because other plugins handle what they cause. A thread of its own makes them, so that
neither the worker nor a script waits. The emergency stop has another one: nothing delays it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from octoprint.filemanager.destinations import FileDestinations
from octoprint.printer import InvalidFileLocation, InvalidFileType, PrinterInterface

from ..bridge.protocol.job_effects import PrinterAction
from ..bridge.protocol.job_inputs import ActionDone
from ..core.printer_commands import EMERGENCY_STOP, OPENING_PORT, accepted
from .line_tags import TAGS
from .printer_tasks import LATE_S
from .threads.inbox import now
from .threads.tasks import Tasks

#: What is not carried out late, as its caller has already had a timeout: what starts something, and what would end a
#: print that was started meanwhile. Pausing and cancelling are on the safe side.
NOT_LATE = frozenset({"job/start", "job/resume", "printer/connect", "printer/disconnect"})

#: Returns whether OctoPrint's uploads contain a file. Raises ValueError for a path outside of them.
HasFile = Callable[[str, str], bool]
#: Returns the ID of OctoPrint's default printer profile.
DefaultProfile = Callable[[], str]


class Refused(Exception):
    """OctoPrint does not carry out a command: the code of the error, and a sentence for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Actions:
    """Performs `PrinterAction`."""

    def __init__(
        self,
        printer: PrinterInterface,
        has_file: HasFile,
        default_profile: DefaultProfile,
        post: Callable[[ActionDone], None],
        logger: logging.Logger,
    ) -> None:
        self._printer = printer
        self._has_file = has_file
        self._post = post
        self._logger = logger
        self._tasks = Tasks("temp_eta-actions", logger)
        self._urgent = Tasks("temp_eta-emergency-stop", logger)
        self._calls: Mapping[str, Callable[[PrinterAction], None]] = {
            "job/start": self._start,
            "job/pause": lambda _: printer.pause_print(tags=set(TAGS)),
            "job/resume": lambda _: printer.resume_print(tags=set(TAGS)),
            "job/cancel": lambda _: printer.cancel_print(tags=set(TAGS)),
            "printer/connect": lambda _: self._connect(default_profile()),
            "printer/disconnect": lambda _: printer.disconnect(),
            EMERGENCY_STOP: lambda _: printer.commands(["M112"], tags=set(TAGS), force=True),
        }

    @property
    def performers(self) -> Mapping[type, Callable[[Any], None]]:
        """The effects that are performed here."""
        return {PrinterAction: self._put}

    def start(self) -> None:
        """Start the threads."""
        self._tasks.start()
        self._urgent.start()

    def close(self) -> None:
        """Stop the threads after what they are doing."""
        self._tasks.close()
        self._urgent.close()

    def _put(self, action: PrinterAction) -> None:
        tasks = self._urgent if action.command == EMERGENCY_STOP else self._tasks
        until = now().at + LATE_S
        tasks.put(lambda: self._perform(action, until))

    def _perform(self, action: PrinterAction, until: float) -> None:
        self._logger.info("Executing the command %s", action.command)
        refusal = None
        try:
            self._check(action.command)
            if action.command in NOT_LATE and now().at > until:
                raise Refused(
                    "printer_not_ready", "OctoPrint was busy for too long; another plugin may have held it up."
                )
            self._calls[action.command](action)
        except Refused as refused:
            refusal = refused.code, refused.message
        except Exception as error:
            self._logger.exception("OctoPrint failed to execute %s", action.command)
            refusal = "internal_error", f"OctoPrint failed to execute the command: {error}"
        self._post(ActionDone(action.token, refusal))

    def _check(self, command: str) -> None:
        """Refuse a command that OctoPrint would ignore silently: the printer's state may have changed meanwhile."""
        if not accepted(command, self._printer.get_state_id()):
            raise Refused("printer_not_ready", f"The printer's state is now: {self._printer.get_state_string()}.")

    def _connect(self, profile: str) -> None:
        """Connect, also after OctoPrint could not open the port: until it disconnects, it ignores `connect`.

        Without a profile, it takes its built-in one until one was saved as the default in its settings.
        """
        if self._printer.get_state_id() == OPENING_PORT:
            self._printer.disconnect()
        self._printer.connect(profile=profile)

    def _start(self, action: PrinterAction) -> None:
        on_card = action.origin == FileDestinations.SDCARD
        try:
            found = self._is_on_card(action.file) if on_card else self._has_file(FileDestinations.LOCAL, action.file)
        except (ValueError, IndexError):  # outside of the uploads; OctoPrint cannot read "./lid.gcode"
            found = False
        if not found:
            raise Refused("unknown_file", f"There is no file {action.file[:64]!r} in {action.origin!r}.")
        try:
            self._printer.select_file(action.file, on_card, printAfterSelect=True, tags=set(TAGS))
        except (InvalidFileLocation, InvalidFileType):
            raise Refused("unknown_file", f"OctoPrint cannot print {action.file[:64]!r}.") from None

    def _is_on_card(self, file: str) -> bool:
        return any(each.get("name") == file for each in self._printer.get_sd_files())
