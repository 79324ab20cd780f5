"""Turns what OctoPrint reports about the print job into inputs of the bridge.

OctoPrint's data comes from plugins and firmware, too. So every value is checked; one of another type counts as unknown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import octoprint.plugin
from octoprint.events import Events
from octoprint.printer import PrinterCallback

from ...adapters.serial_settings import SerialSetting, ignores_errors
from ...app import App
from ...bridge.protocol.job_inputs import Filament, JobChanged, LayerChanged, Origin, PrinterEvent, PrintJob
from ...messages.topics import LEVEL

#: OctoPrint's events, by name, and their `event_type`.
KINDS: Mapping[str, str] = {
    Events.PRINT_STARTED: "print_started",
    Events.PRINT_DONE: "print_done",
    Events.PRINT_FAILED: "print_failed",
    Events.PRINT_CANCELLED: "print_cancelled",
    Events.PRINT_PAUSED: "print_paused",
    Events.PRINT_RESUMED: "print_resumed",
    Events.CONNECTED: "connected",
    Events.DISCONNECTED: "disconnected",
    Events.ERROR: "error",
    Events.FILAMENT_CHANGE: "filament_change",
}
#: The event of the plugin DisplayLayerProgress; OctoPrint itself has no layers.
LAYER_EVENT = "DisplayLayerProgress_layerChanged"
#: What Marlin sends as an action command at a filament runout, by version.
RUNOUT = re.compile(r"\b(filament_?runout|out_of_filament)\b", re.IGNORECASE)
#: For an error of the firmware that has no text of its own, such as Klipper's "!!" alone.
NO_TEXT = "The firmware reported an error without a text."
LONGEST_PATH, LONGEST_NAME = 1024, 255
MOST_TOOLS = 16


def print_job(data: Mapping[str, Any]) -> PrintJob | None:
    """Return the job in OctoPrint's current data, None if no file is selected."""
    job, progress = _mapping(data.get("job")), _mapping(data.get("progress"))
    file = _mapping(job.get("file"))
    path, origin = _text(file.get("path"), LONGEST_PATH), _origin(file.get("origin"))
    if path is None or origin is None:
        return None
    completion = _number(progress.get("completion"))
    size = _number(file.get("size"))
    return PrintJob(
        file=path,
        name=_text(file.get("display"), LONGEST_PATH) or _text(file.get("name"), LONGEST_PATH) or path,
        origin=origin,
        size=None if size is None else int(size),
        user=_text(job.get("user"), LONGEST_NAME),
        filament=tuple(_filament(job.get("filament"))),
        progress=None if completion is None else round(min(completion / 100, 1.0), 6),
        elapsed=_number(progress.get("printTime")),
        remaining=_number(progress.get("printTimeLeft")),
    )


def printer_event(
    event: str, payload: Mapping[str, Any] | None, firmware_error: str | None = None
) -> PrinterEvent | None:
    """Return the input for an event of OctoPrint, None if it is none of `KINDS`.

    `firmware_error` is why OctoPrint cancels the print: the event of the end does not have it.
    """
    data = _mapping(payload)
    if event not in KINDS or (event == Events.PRINT_FAILED and data.get("reason") == "cancelled"):
        return None  # OctoPrint reports a cancelled print twice
    cancelled = event == Events.PRINT_CANCELLED
    about_print = event.startswith("Print")
    return PrinterEvent(
        KINDS[event],
        file=_text(data.get("path"), LONGEST_PATH) if about_print else None,
        origin=_origin(data.get("origin")) if about_print else None,
        user=(_text(data.get("user"), LONGEST_NAME) or _text(data.get("owner"), LONGEST_NAME)) if about_print else None,
        elapsed=_number(data.get("time")) if about_print else None,
        # OctoPrint uses the payload again, and adds "cancelled" to it
        reason=None if cancelled else _text(data.get("reason"), LONGEST_NAME),
        error=firmware_error if cancelled else _text(data.get("error"), LONGEST_PATH),
    )


def layer(payload: Mapping[str, Any] | None) -> LayerChanged:
    """Return the layers in an event of DisplayLayerProgress, whose values are texts such as "12" or "-"."""
    data = _mapping(payload)
    return LayerChanged(_integer(data.get("currentLayer")), _integer(data.get("totalLayer")))


class JobHooks(octoprint.plugin.OctoPrintPlugin, PrinterCallback):
    """Posts the job and its events."""

    _app: App | None
    _serial_setting: SerialSetting
    _job: PrintJob | None = None
    #: The error of the firmware because of which OctoPrint cancels the print.
    _firmware_error: str | None = None

    def on_printer_send_current_data(self, data: Mapping[str, Any]) -> None:
        """Post the job if it has changed. OctoPrint calls this up to twice a second."""
        job = print_job(data)
        if self._app is not None and job != self._job:
            self._job = job
            self._app.post(JobChanged(job))

    def forward_job_event(self, event: str, payload: Mapping[str, Any] | None) -> None:
        """Post an event about the print or the printer."""
        if self._app is None:
            return
        if event == LAYER_EVENT:
            self._app.post(layer(payload))
        if event == Events.PRINT_CANCELLING:
            self._firmware_error = _text(_mapping(payload).get("firmwareError"), LONGEST_PATH)
        posted = printer_event(event, payload, self._firmware_error)
        if posted is not None:
            self._app.post(posted)

    def hook_error(self, _comm: Any, error: str, *_: Any, **__: Any) -> None:
        """Post an error of the firmware; OctoPrint's hook `octoprint.comm.protocol.gcode.error`.

        If OctoPrint stays connected after errors, it fires no event for them.
        """
        if self._app is not None and not ignores_errors(self._serial_setting):
            self._app.post(PrinterEvent("error", reason="firmware", error=_text(error, LONGEST_PATH) or NO_TEXT))

    def hook_action(self, _comm: Any, line: str, *_: Any, **__: Any) -> None:
        """Post a filament runout; OctoPrint's hook `octoprint.comm.protocol.action`."""
        if self._app is not None and RUNOUT.search(line):
            self._app.post(PrinterEvent("filament_runout"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object, longest: int) -> str | None:
    """Return a text, cut to `longest` characters; None for an empty one."""
    return value[:longest] or None if isinstance(value, str) else None


def _origin(value: object) -> Origin | None:
    return value if value == "local" or value == "sdcard" else None  # noqa: PLR1714 - mypy narrows only this


def _number(value: object) -> float | None:
    """Return a finite number that is not negative."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return float(value) if usable else None  # type: ignore[arg-type]


def _integer(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _filament(value: object) -> list[Filament]:
    tools = sorted(_mapping(value).items(), key=lambda item: str(item[0]))[:MOST_TOOLS]
    return [
        Filament(tool, _number(each.get("length")), _number(each.get("volume")))
        for tool, each in tools
        if isinstance(tool, str) and LEVEL.fullmatch(tool) and isinstance(each, Mapping)
    ]
