"""Scripts: the parts that together handle their folder, their runs, and their commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.scripts.catalogue import Script
from ...settings.table import Settings
from ..heaters.heaters import Heaters
from ..outbox.outbox import Outbox
from ..part import Part
from ..printer.printer import Printer
from ..printer.storage_print import StoragePrint
from .commands import ScriptCommands
from .interrupted import RUN, InterruptedRun
from .last_good import SCRIPT_FILES
from .library import Library
from .on_connect import OnConnect
from .refused_motion import RefusedMotion
from .reports import RunReports
from .runs import ScriptRun
from .store import STORED, ScriptStore


class Scripts:
    """The parts about scripts, and what other parts read of them."""

    def __init__(
        self,
        outbox: Outbox,
        printer: Printer,
        storage: StoragePrint,
        heaters: Heaters,
        settings: Settings,
        boot_id: str,
        remembered: Mapping[str, Any],
    ) -> None:
        store = ScriptStore(remembered.get(STORED))
        self._library = Library(outbox, settings, remembered.get(SCRIPT_FILES))
        reports = RunReports(outbox, store)
        self._run = ScriptRun(reports, heaters)
        interrupted = InterruptedRun(self._run, reports, remembered.get(RUN))
        on_connect = OnConnect(self._library, self._run, printer, storage, store)
        commands = ScriptCommands(
            self._library, self._run, on_connect, printer, storage, heaters, store, settings, boot_id
        )
        #: In the order in which they handle an input.
        self.parts: tuple[Part, ...] = (
            self._run,
            interrupted,
            RefusedMotion(self._run),
            self._library,
            on_connect,
            commands,
        )

    @property
    def catalogue(self) -> tuple[Script, ...]:
        """The scripts in the folder."""
        return self._library.catalogue

    @property
    def offered(self) -> tuple[tuple[str, str], ...]:
        """ID and title of each script, also of those whose file or folder has an error at present."""
        return self._library.offered

    @property
    def known(self) -> bool:
        """Whether the folder was scanned completely."""
        return self._library.known

    @property
    def running(self) -> bool:
        """Whether a script runs."""
        return self._run.runner.run is not None
