"""How long OctoPrint's stop waits for the printer."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.adapters.printer_stop import LINES_STOP_S, PRINTER_STOP_S, PrinterStop
from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.bridge.protocol.script_effects import AwaitLines
from octoprint_temp_eta.bridge.scripts.interrupted import RUN


class FakePrinter:
    def __init__(self, *, sends: bool) -> None:
        self._sends = sends
        self.waited: list[float] = []

    def close(self, timeout: float) -> bool:
        self.waited.append(timeout)
        return self._sends


@pytest.mark.parametrize(
    ("awaited", "sends", "waited", "saved"),
    [
        (False, True, PRINTER_STOP_S, []),
        (False, False, PRINTER_STOP_S, []),
        (True, True, LINES_STOP_S, [Save(RUN, None)]),
        (True, False, LINES_STOP_S, []),
    ],
)
def test_the_stop_waits_for_what_a_run_leaves_on(awaited: bool, sends: bool, waited: float, saved: list[Save]) -> None:
    printer, saves = FakePrinter(sends=sends), list[Save]()
    stop = PrinterStop(printer, saves.append)
    if awaited:
        stop.put(AwaitLines())
    stop.close()
    assert (printer.waited, saves) == ([waited], saved)
