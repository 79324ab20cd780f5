"""The print that has begun and not ended.

OctoPrint reports no end of a print that was paused, or being paused or cancelled, when its connection ended. That of
one that was printing may come after the connection's end, so it is waited for.

Nor does OctoPrint report the end of a print that it ends itself: when it stops, is killed, or loses power. So the open
print is stored, and the next start reports its end. Only one of OctoPrint's uploads: a print from the printer's storage
goes on without OctoPrint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...core.clock import Now
from ..protocol.job_inputs import PrinterEvent

#: Seconds after the end of the connection in which OctoPrint reports the end of the print, if it does.
REPORTED_S = 10.0
#: An error at most this many seconds before the connection's end is its reason.
REASON_S = 10.0
ENDS = frozenset({"print_done", "print_failed", "print_cancelled"})
#: The file with the open print.
PRINT = "print"
ENDED = "OctoPrint ended during the print. Heaters may still be on."


class OpenPrint:
    """Follows the events; `overdue` and `interrupted` are ends that OctoPrint does not report."""

    def __init__(self, left: object = None) -> None:
        #: Before the first event, the print that an earlier OctoPrint has `left`, as it was stored.
        self._started = (
            PrinterEvent("print_started", file=left["file"], origin="local", user=left["user"])
            if isinstance(left, Mapping)
            else None
        )
        #: The end of a print whose connection has ended, and when that was.
        self._lost: tuple[PrinterEvent, Now] | None = None
        self._error: tuple[str | None, Now] | None = None
        #: Whether the newest print has ended: OctoPrint has reported it, or `overdue` has returned it.
        self._ended = False

    def is_told(self, event: PrinterEvent, now: Now) -> bool:
        """Note `event`, and return whether it adds nothing: the end, or a late pause, of a print that has ended.

        OctoPrint may report a failure twice, and completes the pause of a print that was cancelled meanwhile.
        """
        if event.kind == "print_paused":
            return self._ended
        if event.kind in ENDS:
            ended, self._ended = self._ended, True
            self._started = self._lost = None
            return ended
        if event.kind == "print_started":
            self._started, self._lost, self._ended = event, None, False
        elif event.kind == "error":
            self._error = event.error, now
        elif event.kind == "disconnected" and self._started is not None:
            self._lost, self._started = (self._disconnected(self._started, now), now), None
        return False

    @property
    def stored(self) -> Mapping[str, Any] | None:
        """What the next start needs to report the end of the open print, None if there is nothing to report."""
        present = self._started if self._lost is None else self._lost[0]
        if present is None or present.origin != "local":
            return None
        return {"file": present.file, "user": present.user}

    def interrupted(self) -> PrinterEvent | None:
        """Return, once, the end of the open print that OctoPrint's own end is; None if there is no such print."""
        started, self._started = self._started, None
        if started is None or started.origin != "local":
            return None
        return _failed(started, "shutdown", ENDED)

    def overdue(self, now: Now, *, wait: bool = True) -> tuple[PrinterEvent, Now] | None:
        """Return, once, the end of a print that OctoPrint does not report, and when it was. `wait`: it still may."""
        if self._lost is None or (wait and now.at - self._lost[1].at < REPORTED_S):
            return None
        lost, self._lost, self._ended = self._lost, None, True
        return lost

    def _disconnected(self, started: PrinterEvent, now: Now) -> PrinterEvent:
        if self._error is not None and now.at - self._error[1].at < REASON_S:
            return _failed(started, "error", self._error[0])
        return _failed(started, "disconnected")


def _failed(started: PrinterEvent, reason: str, error: str | None = None) -> PrinterEvent:
    return replace(started, kind="print_failed", reason=reason, error=error)
