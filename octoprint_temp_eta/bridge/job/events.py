"""The events of print and printer, as OctoPrint reports them."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.clock import Now
from ...messages import encode
from ..outbox.outbox import Outbox
from ..part import InputHandler, Part
from ..protocol.effects import Effect
from ..protocol.job_inputs import PrinterEvent

#: Seconds for which an event waits for a connection.
KEEP_S = 300.0
#: Firmware reports one filament runout several times, in different words, within this many seconds.
SAME_RUNOUT_S = 30.0


class Events(Part):
    """Publishes each event on `<base>/event`."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._runout_at: float | None = None

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {PrinterEvent: self._happened}

    def _happened(self, event: PrinterEvent, now: Now) -> list[Effect]:
        if event.kind == "filament_runout" and self._is_same_runout(now):
            return []
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
        return []

    def _is_same_runout(self, now: Now) -> bool:
        before, self._runout_at = self._runout_at, now.at
        return before is not None and now.at - before < SAME_RUNOUT_S
