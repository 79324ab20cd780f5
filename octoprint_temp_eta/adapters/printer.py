"""What the bridge asks of the printer, through OctoPrint's public interface."""

from __future__ import annotations

from octoprint.printer import PrinterInterface

from ..bridge.effects import SetTarget

#: Marks in OctoPrint's log and for other plugins where a command comes from.
TAGS = frozenset({"source:plugin", "plugin:temp_eta"})


class PrinterControl:
    """Commands to the printer; OctoPrint queues them, nobody waits."""

    def __init__(self, printer: PrinterInterface) -> None:
        self._printer = printer

    def set_target(self, effect: SetTarget) -> None:
        """Give a heater another target."""
        self._printer.set_temperature(effect.heater, effect.target, tags=set(TAGS))
