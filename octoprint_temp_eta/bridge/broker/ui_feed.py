"""What the open OctoPrint pages are told: the payloads that the broker gets, and notices of our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ..protocol.effects import Page

#: The messages that the pages show, and the type that each has there.
SHOWN: Mapping[str, str] = {
    "eta": "eta_update",
    "printer": "printer_update",
    "state_change": "state_change",
    "scripts": "scripts_update",
    "script": "script_update",
}

Level = Literal["info", "success", "warning", "error"]


class Pages:
    """Messages on their way to the pages. A page that opens later asks for the present state itself."""

    def __init__(self) -> None:
        self._messages: list[Page] = []

    def tell(self, message: str, heater: str | None, payload: Any) -> None:
        """Pass on what the broker is told, where the pages show it; None: it is gone."""
        kind = SHOWN.get(message)
        if kind is None:
            return
        if isinstance(payload, Mapping) and "actual" in payload:
            payload = {**payload, "current": payload["actual"]}
        self._messages.append(Page({"type": kind, "heater": heater, "data": payload}))

    def notify(self, level: Level, title: str, message: str) -> None:
        """Show a notice."""
        self._messages.append(Page({"type": "notification", "level": level, "title": title, "message": message}))

    def drain(self) -> list[Page]:
        """Return what is to be sent now."""
        messages, self._messages = self._messages, []
        return messages
