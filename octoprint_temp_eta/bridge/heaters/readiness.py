"""The retained `printer`: what the whole printer is doing, and when its last heater is ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...core.heating.state_machine.states import State
from ...core.heating.track import HeaterView
from ...messages import encode
from ...settings.table import Settings
from ..outbox.outbox import Outbox
from ..outbox.publish_policy import Gate, policy_of
from ..part import InputHandler, Part
from ..printer.printer import Printer
from ..protocol.effects import Effect
from ..protocol.inputs import PrinterChanged, Readings
from .heaters import Heaters


class Readiness(Part):
    """Combines the printer's state with its heaters. `Heaters` handles the same inputs before."""

    def __init__(self, outbox: Outbox, printer: Printer, heaters: Heaters, settings: Settings) -> None:
        self._outbox = outbox
        self._printer = printer
        self._heaters = heaters
        self._settings = settings
        self._gate = Gate(policy_of("printer"))
        #: The heaters' revision at the last look.
        self._seen = -1
        #: Whether the connected printer has reported temperatures.
        self._read = False

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {Readings: self._changed, PrinterChanged: self._changed}

    def tick(self, now: Now) -> list[Effect]:
        """Publish what has changed without a reading, see `HeaterStates.tick`."""
        states, interval = self._heaters.states, self._settings.mqtt_publish_interval
        if self._seen != states.revision or (self._gate.waits and states.is_late(now, interval)):
            self._publish(now)
        return []

    def publish_all(self, now: Now) -> None:
        """Publish the state, however little it differs."""
        self._gate = Gate(policy_of("printer"))
        self._publish(now)

    def snapshot(self, now: Now) -> Mapping[str, Any]:
        """Return `printer`."""
        return {"printer": self.body(now)}

    def _changed(self, event: Readings | PrinterChanged, now: Now) -> list[Effect]:
        self._read = self._printer.connected and (self._read or isinstance(event, Readings))
        self._publish(now)
        return []

    def _publish(self, now: Now) -> None:
        self._seen = self._heaters.states.revision
        body = self.body(now)
        if self._gate.passes(body, now.at, self._settings.mqtt_publish_interval):
            self._outbox.publish_state("printer", body, now)

    def body(self, now: Now) -> encode.Payload:
        """Return the current body of `printer`."""
        printer, unread = self._printer, self._heaters.unread
        views = {view.heater: view for view in self._heaters.states.views(now)}
        views |= {name: HeaterView(name, State.UNKNOWN, unread=True) for name in unread}
        return encode.printer(
            list(views.values()),
            connected=printer.connected,
            state=printer.state,
            printing=printer.printing,
            failed=printer.failed,
            read=self._read,
        )
