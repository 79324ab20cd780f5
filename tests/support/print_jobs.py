"""A print job for the tests of the bridge."""

from __future__ import annotations

from dataclasses import replace

from octoprint_temp_eta.bridge.protocol.job_inputs import Filament, JobChanged, PrintJob
from tests.support.bridge_driver import BridgeDriver

LID = PrintJob(
    "boxes/lid.gcode", "lid.gcode", "local", size=1_830_422, user="anna", filament=(Filament("tool0", 4213.72, 10.141),)
)


def print_lid(driver: BridgeDriver, seconds: int, *, total: float = 3600.0, start: int = 0) -> None:
    """Print from second `start` to `start + seconds`, as OctoPrint reports it once a second."""
    driver.printer(printing=True, state="PRINTING")
    for second in range(start, start + seconds):
        driver.handle(
            JobChanged(replace(LID, progress=second / total, elapsed=float(second), remaining=total - second))
        )
        driver.advance(1.0)
