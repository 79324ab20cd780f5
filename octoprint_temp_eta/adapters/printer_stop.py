"""OctoPrint's stop: what a run leaves on is switched off at the printer, or reported at the next start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..bridge.protocol.effects import Save
from ..bridge.protocol.script_effects import AwaitLines
from ..bridge.scripts.interrupted import RUN

#: Seconds that OctoPrint's stop waits for the printer, …
PRINTER_STOP_S = 0.3
#: … and while it still has to be told to switch something off. `docker stop` kills after 10 s, of which OctoPrint
#: itself, the broker and the disk need a part; systemd kills after 90 s.
LINES_STOP_S = 5.0


class Closing(Protocol):
    """The adapter of the printer."""

    def close(self, timeout: float) -> bool:
        """Stop, and return whether the last lines of a run were sent within `timeout` seconds."""


class PrinterStop:
    """Stops the printer's adapter, and waits longer if a run has lines that must reach the printer.

    OctoPrint stops its plugins while its connection is open: its threads go on until the process ends.
    """

    def __init__(self, printer: Closing, save: Callable[[Save], None]) -> None:
        self._printer = printer
        self._save = save
        self._awaited = False

    def put(self, _: AwaitLines) -> None:
        """Wait longer."""
        self._awaited = True

    def close(self) -> None:
        """Stop. A run whose lines were not sent stays marked, also if OctoPrint is killed meanwhile.

        The next start reports it: OctoPrint's log takes no more lines while Python ends.
        """
        sent = self._printer.close(LINES_STOP_S if self._awaited else PRINTER_STOP_S)
        if self._awaited and sent:
            self._save(Save(RUN, None))
