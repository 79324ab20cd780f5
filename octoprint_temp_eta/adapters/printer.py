"""What the bridge asks of the printer, through OctoPrint's public interface."""

from __future__ import annotations

from concurrent.futures import Executor

from octoprint.printer import PrinterInterface

from ..bridge.effects import SetTarget

#: Marks in OctoPrint's log and for other plugins where a command comes from.
TAGS = frozenset({"source:plugin", "plugin:temp_eta"})


class PrinterControl:
    """Commands to the printer. In the background: hooks of other plugins run within them, and may take their time."""

    def __init__(self, printer: PrinterInterface, background: Executor) -> None:
        self._printer = printer
        self._background = background

    def set_target(self, effect: SetTarget) -> None:
        """Give a heater another target."""
        self._background.submit(self._printer.set_temperature, effect.heater, effect.target, tags=set(TAGS))
