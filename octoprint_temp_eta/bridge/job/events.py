"""The events of print and printer, as OctoPrint reports them.

OctoPrint reports that a print has ended or is paused while the printer still moves: its state changes once all lines
that belong to the print were carried out. Until then it refuses the next job, and scripts. So the event waits for the
state: an automation may start something at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...core.clock import Now
from ...messages import encode
from ..outbox.outbox import Outbox
from ..part import InputHandler, Part
from ..printer.printer import Printer
from ..protocol.effects import Effect
from ..protocol.inputs import PrinterChanged, Started, Stopping
from ..protocol.job_inputs import PrinterEvent
from ..protocol.script_inputs import PrinterGone
from .open_print import PRINT, OpenPrint

#: Seconds for which an event waits for a connection.
KEEP_S = 300.0
#: A runout or the same error is reported once within this many seconds: firmware reports one runout several times, in
#: different words, and one error again in its reply to each line. OctoPrint does so, too, before it disconnects.
SAME_S = 30.0
#: Seconds after a reset of the firmware in which it is the reason for a print's end: OctoPrint cancels it at once.
RESET_S = 10.0
RESET = "The firmware was reset."
PORT_FAILED = (
    "OctoPrint could not open the printer's port. Check its power, the cable and the port, then connect again."
)
#: The event that waits while the printer is in a state, and the maximum in seconds: what a printer has in its buffer
#: takes less, but the user's G-code after a print may take an hour.
AWAITED = {
    "print_done": "FINISHING",
    "print_cancelled": "CANCELLING",
    "print_failed": "CANCELLING",
    "print_paused": "PAUSING",
}
MOST_AWAITED_S = 30.0


class Events(Part):
    """Publishes each event on `<base>/event`."""

    def __init__(self, outbox: Outbox, printer: Printer, left: object) -> None:
        self._outbox = outbox
        self._printer = printer
        self._print = OpenPrint(left)
        #: When a runout or an error was reported last, by kind and text.
        self._reported: dict[tuple[str, str | None], float] = {}
        #: When the firmware was reset last, None if it was not since the newest print has started.
        self._reset_at: float | None = None
        #: Whether OctoPrint cannot open the port.
        self._port_failed = False
        #: The event that waits, and when it happened.
        self._waiting: tuple[PrinterEvent, Now] | None = None

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {
            Started: self._started,
            PrinterEvent: self._happened,
            PrinterChanged: self._changed,
            PrinterGone: self._gone,
            Stopping: self._stopping,
        }

    @property
    def stored(self) -> Mapping[str, Any]:
        """The print that is open, None without one."""
        return {PRINT: self._print.stored}

    def tick(self, now: Now) -> list[Effect]:
        """Publish what has waited for too long."""
        if self._waiting is not None and now.at - self._waiting[1].at >= MOST_AWAITED_S:
            self._release()
        self._publish_overdue(now)
        if self._printer.port_failed(now) is not self._port_failed:
            self._port_failed = not self._port_failed
            if self._port_failed:
                self._happened(PrinterEvent("error", reason="connection", error=PORT_FAILED), now)
        return []

    def _started(self, _: Started, now: Now) -> list[Effect]:
        self._publish_interrupted(now)
        return []

    def _stopping(self, _: Stopping, now: Now) -> list[Effect]:
        self._release()
        if self._outbox.connected:  # else the open print stays stored, and the next start reports its end
            self._publish_overdue(now, wait=False)
            self._publish_interrupted(now)
        return []

    def _happened(self, event: PrinterEvent, now: Now) -> list[Effect]:
        # The end of a print that was lost precedes the next one's start.
        self._publish_overdue(now, wait=event.kind != "print_started")
        if self._print.is_told(event, now):
            return []
        event = self._explained(event, now)
        if event.kind == "connected":
            self._reported.clear()
        if event.kind in ("filament_runout", "error") and self._is_same(event, now):
            return []
        self._release()
        if self._is_early(event):
            self._waiting = (event, now)
        else:
            self._publish(event, now)
        return []

    def _gone(self, event: PrinterGone, now: Now) -> list[Effect]:
        self._reset_at = now.at if event.reset else self._reset_at
        return []

    def _explained(self, event: PrinterEvent, now: Now) -> PrinterEvent:
        """Return `event`; a print that OctoPrint has cancelled because of the firmware has failed."""
        if event.kind == "print_started":
            self._reset_at = None
        if event.kind != "print_cancelled":
            return event
        was_reset = self._reset_at is not None and now.at - self._reset_at <= RESET_S
        error = event.error or (RESET if was_reset else None)
        return event if error is None else replace(event, kind="print_failed", reason="error", error=error)

    def _changed(self, _: PrinterChanged, __: Now) -> list[Effect]:
        if self._waiting is not None and not self._is_early(self._waiting[0]):
            self._release()
        return []

    def _is_early(self, event: PrinterEvent) -> bool:
        return AWAITED.get(event.kind, "") == self._printer.state

    def _publish_overdue(self, now: Now, *, wait: bool = True) -> None:
        lost = self._print.overdue(now, wait=wait)
        if lost is not None:
            self._publish(*lost)

    def _publish_interrupted(self, now: Now) -> None:
        failed = self._print.interrupted()
        if failed is not None:
            self._publish(failed, now)

    def _release(self) -> None:
        """Publish the event that waits."""
        if self._waiting is not None:
            (event, at), self._waiting = self._waiting, None
            self._publish(event, at)

    def _publish(self, event: PrinterEvent, now: Now) -> None:
        body = {
            "event_type": event.kind,
            "file": event.file,
            "origin": event.origin,
            "user": event.user,
            "elapsed_seconds": encode.rounded(event.elapsed),
            "reason": event.reason,
            "error": event.error,
        }
        self._outbox.publish_event("event", body, now, keep_s=KEEP_S)

    def _is_same(self, event: PrinterEvent, now: Now) -> bool:
        """Whether the same was reported a moment ago."""
        recent = {each: at for each, at in self._reported.items() if now.at - at < SAME_S}
        self._reported = {**recent, (event.kind, event.error): now.at}
        return (event.kind, event.error) in recent
