"""OctoPrint's G-code hooks and the events that end a script's run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import octoprint.plugin
from octoprint.events import Events

from ...adapters.printer import Printer
from ...app import App
from ...bridge.protocol.script_inputs import EmergencyParser, PrinterGone, StorageReported
from ...bridge.scripts.reports import EVENTS
from ...core.gcode.printer_lines import prints_from_storage

#: OctoPrint's hooks: the method of `Printer` and the order. Outgoing lines are seen after all other plugins,
#: incoming lines before them.
HOOKS = {
    "octoprint.comm.protocol.gcode.queuing": ("hook_queuing", 10_000),
    "octoprint.comm.protocol.gcode.queued": ("hook_queued", 1000),
    "octoprint.comm.protocol.gcode.sending": ("hook_sending", 10_000),
    "octoprint.comm.protocol.gcode.sent": ("hook_sent", 1000),
    "octoprint.comm.protocol.gcode.received": ("hook_received", 1),
}
#: The error of a firmware that has stopped with a bare `!!`, such as Smoothieware's.
NO_TEXT = "the firmware gives no reason"
#: The remedy if OctoPrint has closed the connection to a printer that was at work and sent nothing.
SILENT = (
    " If it was at work, increase the maximum of consecutive timeouts in OctoPrint's settings (Serial Connection >"
    " Intervals & timeouts)."
)


#: OctoPrint's tag of the first lines after a reset. It cancels the print then, before it fires `PRINTER_RESET`.
RESET_TAG = "trigger:comm.on_external_reset"

#: Reports the start of an upload: the names of the file here and on the card.
Transfer = Callable[[str, str], None]
#: Reports that it failed: the same, and the seconds that it took.
Failure = Callable[[str, str, float], None]


class ScriptHooks(octoprint.plugin.OctoPrintPlugin):
    """The hooks of the plugin."""

    _app: App | None
    _emergency_parser = False
    #: Whether the connection is closed as somebody asked for.
    _disconnecting = False
    #: Whether the printer prints from its storage, as posted last; None before.
    _storage_printing: bool | None = None

    def initialize(self) -> None:
        """Register our events, so that web clients receive them."""
        for name in EVENTS.values():
            Events.register_event(name)

    def script_hooks(self) -> dict[str, Any]:
        """Return the hooks, for `__plugin_hooks__`."""
        hooks = {hook: (self._forwarding(method), order) for hook, (method, order) in HOOKS.items()}
        return {
            **hooks,
            "octoprint.comm.protocol.firmware.capabilities": self._capability_reported,
            "octoprint.printer.sdcardupload": (self._refuse_upload, 1),
        }

    def post_emergency_parser(self) -> None:
        """Post the EMERGENCY_PARSER capability; the firmware may have reported it before the app started."""
        if self._app is not None:
            self._app.post(EmergencyParser(self._emergency_parser))

    def forward_event(self, event: str, payload: Mapping[str, Any] | None) -> None:
        """Post that the printer was disconnected or reset."""
        if self._app is None:
            return
        if event == Events.CONNECTING:
            self._app.printer.reset_modes()
        if event in (Events.CONNECTING, Events.DISCONNECTING):
            self._disconnecting = event == Events.DISCONNECTING
        if event in (Events.DISCONNECTING, Events.DISCONNECTED):
            # OctoPrint 1 reports no error if the port is gone, such as that of an unplugged printer.
            failed = not self._disconnecting
            reason = "the connection to the printer failed" if failed else "the printer was disconnected"
            self._app.post(PrinterGone(reason, failed=failed))
        elif event == Events.ERROR and payload and _closes(payload):
            hint = SILENT if payload.get("reason") == "timeout" else ""
            error = str(payload.get("error") or "").strip() or NO_TEXT
            self._app.post(PrinterGone(f"the connection to the printer failed: {error}{hint}", failed=True))
        elif event == Events.PRINTER_RESET:
            self._printer_reset()

    def _printer_reset(self) -> None:
        if self._app is not None:
            self._app.printer.reset_modes()
            self._app.post(PrinterGone("the firmware was reset", reset=True))

    def _see_storage(self, line: str) -> None:
        """Post each report of a print from the storage, but only the first one that there is none."""
        printing = prints_from_storage(line)
        if self._app is not None and printing is not None and (printing or self._storage_printing is not False):
            self._storage_printing = printing
            self._app.post(StorageReported(printing))

    def _capability_reported(self, _: Any, capability: str, enabled: bool, *__: Any, **___: Any) -> None:
        if capability == "EMERGENCY_PARSER":
            self._emergency_parser = bool(enabled)
            self.post_emergency_parser()

    def _refuse_upload(
        self, _printer: Any, name: str, _path: str, started: Transfer, _done: Any, failed: Failure, *_: Any, **__: Any
    ) -> str | None:
        """Refuse an upload to the SD card during a run: the printer would write the script's lines into the file."""
        if self._app is None or not self._app.printer.holds_jobs:
            return None
        self._logger.warning("The upload of %s to the SD card is refused while a script runs", name)
        started(name, name)
        failed(name, name, 0.0)
        return name

    def _forwarding(self, method: str) -> Any:
        """Return a hook that calls `method` of the printer once the app exists."""
        received = method == "hook_received"

        def hook(comm: Any, line: str, *more: Any, **named: Any) -> Any:
            printer: Printer | None = self._app.printer if self._app is not None else None
            if printer is None:
                return line if received else None
            if RESET_TAG in (named.get("tags") or ()):
                self._printer_reset()
            if received:
                self._see_storage(line)
            return getattr(printer, method)(comm, line, *more, **named)

        return hook


def _closes(error: Mapping[str, Any]) -> bool:
    """Whether OctoPrint closes the connection after `error`."""
    return error.get("consequence") in ("disconnect", "emergency") or error.get("reason") in ("crash", "timeout")
