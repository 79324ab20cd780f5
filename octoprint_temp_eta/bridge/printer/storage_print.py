"""A print from the printer's own storage that goes on without OctoPrint.

It outlives a disconnect or OctoPrint's end where the board does not reset at the connect, and somebody may start one at
the printer. OctoPrint's state is `OPERATIONAL` meanwhile. So at a connect the printer is asked, if it was printing when
the connection before ended.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ..part import InputHandler, Part
from ..protocol.effects import Effect, Log
from ..protocol.inputs import PrinterChanged
from ..protocol.script_effects import SendLines
from ..protocol.script_inputs import PrinterGone, StorageReported
from .printer import OPERATIONAL, Printer

#: The file with whether the printer was printing from its storage.
STORAGE_PRINT = "storage_print"
#: The question; it changes nothing.
ASK = SendLines(("M27",))
#: Seconds after which the on-connect commands no longer wait for the answer.
ANSWER_S = 10.0
#: Seconds without a report after which the printer is asked again: not every printer reports on its own.
ASK_S = 30.0
#: Seconds without a report after which the print counts as ended. While the printer heats up it may not answer.
SILENT_S = 600.0
GIVEN_UP = "The printer no longer reports whether it prints from its storage; that counts as the end of that print"


class StoragePrint(Part):
    """Follows what the printer reports of its storage, also over the end of a connection and of OctoPrint."""

    def __init__(self, printer: Printer, left: object) -> None:
        self._printer = printer
        #: Whether the newest report was of a print; also of one that OctoPrint knows.
        self._printing = left is True
        self._before = PrinterChanged(None, connected=False, printing=False, profile=None)
        self._awaited = False
        #: When the connection began, the newest report came, and the newest question was sent.
        self._connected_at = self._reported_at = self._asked_at = -math.inf

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {PrinterChanged: self._changed, StorageReported: self._reported, PrinterGone: self._gone}

    @property
    def goes_on(self) -> bool:
        """Whether the printer prints from its storage, as far as is known, while OctoPrint knows of no print."""
        return self._printing and self._printer.operational

    @property
    def awaited(self) -> bool:
        """Whether the printer has just connected and has not answered yet, so that `goes_on` may change."""
        return self._awaited and self.goes_on

    @property
    def stored(self) -> Mapping[str, Any]:
        """Whether the printer prints from its storage."""
        return {STORAGE_PRINT: self._printing}

    def tick(self, now: Now) -> list[Effect]:
        """Ask again, or give up."""
        self._awaited = self._awaited and now.at - self._connected_at < ANSWER_S
        if not self.goes_on:
            return []
        heard_at = max(self._connected_at, self._reported_at)
        if now.at - heard_at >= SILENT_S:
            self._printing = False
            return [Log(logging.WARNING, GIVEN_UP)]
        return self._ask(now) if now.at - max(heard_at, self._asked_at) >= ASK_S else []

    def _changed(self, event: PrinterChanged, now: Now) -> list[Effect]:
        before, self._before = self._before, event
        if not event.connected:
            self._awaited = False
        elif not before.connected:
            self._connected_at = now.at
            self._awaited = self._printing
            return self._ask(now) if self._printing else []
        elif event.state == OPERATIONAL and before.state != OPERATIONAL:
            self._printing = False  # OctoPrint knows that its print has ended
        return []

    def _reported(self, event: StorageReported, now: Now) -> list[Effect]:
        self._printing = event.printing
        self._reported_at = now.at
        if self._printer.connected:
            self._awaited = False
        return []

    def _gone(self, event: PrinterGone, _: Now) -> list[Effect]:
        self._printing = self._printing and not event.reset
        return []

    def _ask(self, now: Now) -> list[Effect]:
        self._asked_at = now.at
        return [ASK]
