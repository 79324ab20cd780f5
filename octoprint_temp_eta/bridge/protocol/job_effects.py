"""The effects on the print job and the connection to the printer."""

from __future__ import annotations

from ...core.frozen import frozen
from .job_inputs import Origin


@frozen
class PrinterAction:
    """Have OctoPrint carry out `command`, such as "job/pause"; the result comes back as `ActionDone`."""

    command: str
    token: int
    #: The file to print, for "job/start".
    file: str = ""
    origin: Origin = "local"
