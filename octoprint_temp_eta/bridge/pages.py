"""The messages to the open OctoPrint pages: copies of what is published, heaters and printer at an own interval, and
the state of the connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..core.clock import Now
from ..settings.table import Settings
from .broker.connection import Connection
from .heaters.heaters import Heaters
from .heaters.readiness import Readiness
from .outbox.publish_policy import Gate, policy_of, shown
from .outbox.published import Published
from .part import InputHandler, Part
from .protocol.effects import Effect, Page
from .protocol.inputs import PrinterChanged, Readings

#: The messages that the pages get, and their type there.
SHOWN: Mapping[str, str] = {
    "eta": "eta_update",
    "printer": "printer_update",
    "state_change": "state_change",
    "scripts": "scripts_update",
    "script": "script_update",
}
#: States that the pages get at their own interval, not when they are published.
AT_OWN_INTERVAL = ("eta", "printer")


class Pages(Part):
    """Keeps the open pages up to date. A page that opens later requests the current state."""

    def __init__(self, heaters: Heaters, readiness: Readiness, connection: Connection, settings: Settings) -> None:
        self._heaters = heaters
        self._readiness = readiness
        self._connection = connection
        self._connection_change: object = None
        self._interval = settings.update_interval
        #: By message and heater.
        self._gates: dict[tuple[str, str | None], Gate] = {}
        #: The heaters' revision at the last look.
        self._seen = -1

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {Readings: self._changed, PrinterChanged: self._changed}

    def configure(self, settings: Settings, now: Now) -> list[Effect]:
        """Apply changed settings."""
        self._interval = settings.update_interval
        return self._show(now)

    def tick(self, now: Now) -> list[Effect]:
        """Return what has changed without a reading, see `HeaterStates.tick`."""
        states = self._heaters.states
        waits = states.is_late(now, self._interval) and any(gate.waits for gate in self._gates.values())
        return self._show(now) if waits or self._seen != states.revision else []

    def _show(self, now: Now) -> list[Effect]:
        """Return the states of heaters and printer that are due."""
        self._seen = self._heaters.states.revision
        bodies = self._heaters.states.bodies(now)
        effects = [self._state("eta", heater, body, now) for heater, body in bodies.items()]
        effects.append(self._state("printer", None, self._readiness.body(now), now))
        return [effect for effect in effects if effect is not None]

    def copies(self, published: Iterable[Published]) -> list[Page]:
        """Return what the pages get of published messages; a removed heater is a payload of None."""
        pages = []
        for each in published:
            if each.payload is None:
                self._gates.pop((each.message, each.heater), None)
            if each.message in SHOWN and (each.payload is None or each.message not in AT_OWN_INTERVAL):
                pages.append(_page(each.message, each.heater, each.payload))
        return [*pages, *self._connection_changed()]

    def _connection_changed(self) -> list[Page]:
        change = self._connection.change
        if change == self._connection_change:
            return []
        self._connection_change = change
        return [Page({"type": "connection_update", "data": self._connection.shown})]

    def _changed(self, _: Readings | PrinterChanged, now: Now) -> list[Effect]:
        return self._show(now)

    def _state(self, message: str, heater: str | None, body: dict[str, Any], now: Now) -> Page | None:
        gate = self._gates.get((message, heater))
        if gate is None:
            gate = self._gates[message, heater] = Gate(shown(policy_of(message)))
        return _page(message, heater, body) if gate.passes(body, now.at, self._interval) else None


def _page(message: str, heater: str | None, payload: Any) -> Page:
    if isinstance(payload, Mapping) and "actual" in payload:
        payload = {**payload, "current": payload["actual"]}
    return Page({"type": SHOWN[message], "heater": heater, "data": payload})
