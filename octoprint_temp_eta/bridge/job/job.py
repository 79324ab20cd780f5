"""The retained `job`: the selected file and the progress of its print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...core.finish_time import FinishTime
from ...home_assistant.entities.parts import HEARTBEAT_S
from ...messages import encode
from ..outbox.outbox import Outbox
from ..outbox.publish_policy import Gate, policy_of
from ..part import InputHandler, Part
from ..printer.printer import Printer
from ..protocol.effects import Effect
from ..protocol.inputs import PrinterChanged
from ..protocol.job_inputs import JobChanged, LayerChanged, PrintJob

#: Minimum seconds between two messages while only the progress changes.
INTERVAL_S = 10.0
#: OctoPrint's states in which the remaining time runs down.
RUNNING = frozenset({"STARTING", "PRINTING", "RESUMING", "FINISHING"})
NO_LAYER = LayerChanged(None, None)


class Job(Part):
    """Publishes the print job."""

    def __init__(self, outbox: Outbox, printer: Printer) -> None:
        self._outbox = outbox
        self._printer = printer
        self._job: PrintJob | None = None
        self._layer = NO_LAYER
        self._finish_time = FinishTime()
        self._finish_at: float | None = None
        self._gate = Gate(policy_of("job"))
        #: What changes at the beginning and the end of a print.
        self._phase: object = None
        self._published_at = 0.0

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {
            JobChanged: self._job_changed,
            LayerChanged: self._layer_changed,
            PrinterChanged: self._printer_changed,
        }

    def clock_set(self, shift: float) -> None:
        """Move the announced time."""
        self._finish_time.shift(shift)

    def publish_all(self, now: Now) -> None:
        """Publish the job."""
        self._publish(now, anyway=True)

    def tick(self, now: Now) -> list[Effect]:
        """Publish the job at the heartbeat, with its current times."""
        if now.at - self._published_at >= HEARTBEAT_S:
            self._publish(now, anyway=True)
            self._outbox.republish(("job",), HEARTBEAT_S, now)
        return []

    def snapshot(self, now: Now) -> Mapping[str, Any]:
        """Return `job`."""
        del now
        return {"job": self._body()}

    def _job_changed(self, event: JobChanged, now: Now) -> list[Effect]:
        if _file(event.job) != _file(self._job):
            self._layer = NO_LAYER
        self._job = event.job
        self._publish(now)
        return []

    def _layer_changed(self, event: LayerChanged, now: Now) -> list[Effect]:
        self._layer = event
        self._publish(now)
        return []

    def _printer_changed(self, _: PrinterChanged, now: Now) -> list[Effect]:
        self._publish(now)
        return []

    def _publish(self, now: Now, *, anyway: bool = False) -> None:
        job, running = self._job, self._printer.state in RUNNING
        self._finish_at = self._finish_time.update(job.remaining if job and running else None, now)
        body = self._body()
        phase = (body["progress"] is None, body["progress"] == 1, body["finish_at"] is None)
        anyway = anyway or phase != self._phase
        if self._gate.passes(body, now.at, 0.0 if anyway else INTERVAL_S) or anyway:
            self._phase, self._published_at = phase, now.at
            self._outbox.publish_state("job", body, now)

    def _body(self) -> encode.Payload:
        job = self._job
        layer = self._layer if self._printer.printing else NO_LAYER
        return {
            "file": job.file if job else None,
            "name": job.name if job else None,
            "origin": job.origin if job else None,
            "size": job.size if job else None,
            "user": job.user if job else None,
            "progress": encode.rounded(job.progress, 4) if job else None,
            "elapsed_seconds": encode.rounded(job.elapsed) if job else None,
            "remaining_seconds": encode.rounded(job.remaining) if job else None,
            "finish_at": encode.instant(self._finish_at),
            "layer": layer.layer if job else None,
            "layers": layer.layers if job else None,
            "filament": _filament(job) if job and job.filament else None,
        }


def _file(job: PrintJob | None) -> tuple[str, str] | None:
    return (job.origin, job.file) if job else None


def _filament(job: PrintJob) -> dict[str, dict[str, float | None]]:
    return {
        each.tool: {"length": encode.rounded(each.length, 1), "volume": encode.rounded(each.volume, 2)}
        for each in job.filament
    }
