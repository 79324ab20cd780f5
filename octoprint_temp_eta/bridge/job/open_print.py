"""The print that has begun and not ended.

OctoPrint reports no end of a print that was paused, or being paused or cancelled, when its connection ended. That of
one that was printing may come after the connection's end, so it is waited for.
"""

from __future__ import annotations

from ...core.clock import Now
from ..protocol.job_inputs import PrinterEvent

#: Seconds after the end of the connection in which OctoPrint reports the end of the print, if it does.
REPORTED_S = 10.0
#: An error at most this many seconds before the connection's end is its reason.
REASON_S = 10.0
ENDS = frozenset({"print_done", "print_failed", "print_cancelled"})


class OpenPrint:
    """Follows the events; `overdue` is the end that OctoPrint has not reported."""

    def __init__(self) -> None:
        self._started: PrinterEvent | None = None
        #: The end of a print whose connection has ended, and when that was.
        self._lost: tuple[PrinterEvent, Now] | None = None
        self._error: tuple[str | None, Now] | None = None
        #: Whether the end of the newest print was taken from `overdue`.
        self._told = False

    def is_told(self, event: PrinterEvent, now: Now) -> bool:
        """Note `event`, and return whether it is the end of a print whose end is known already."""
        if event.kind in ENDS:
            self._started = self._lost = None
            told, self._told = self._told, False
            return told
        if event.kind == "print_started":
            self._started, self._lost, self._told = event, None, False
        elif event.kind == "error":
            self._error = event.error, now
        elif event.kind == "disconnected" and self._started is not None:
            self._lost, self._started = (self._failed(self._started, now), now), None
        return False

    def overdue(self, now: Now, *, wait: bool = True) -> tuple[PrinterEvent, Now] | None:
        """Return, once, the end of a print that OctoPrint does not report, and when it was. `wait`: it still may."""
        if self._lost is None or (wait and now.at - self._lost[1].at < REPORTED_S):
            return None
        lost, self._lost, self._told = self._lost, None, True
        return lost

    def _failed(self, started: PrinterEvent, now: Now) -> PrinterEvent:
        recent = self._error is not None and now.at - self._error[1].at < REASON_S
        return PrinterEvent(
            "print_failed",
            file=started.file,
            origin=started.origin,
            user=started.user,
            reason="error" if recent else "disconnected",
            error=self._error[0] if self._error is not None and recent else None,
        )
