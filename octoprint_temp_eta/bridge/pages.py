"""The messages to the open OctoPrint pages: states, events and notifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from .protocol.effects import Page

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

Level = Literal["info", "success", "warning", "error"]


class Pages:
    """Messages to the pages. A page that opens later requests the current state."""

    def __init__(self) -> None:
        self._messages: list[Page] = []

    def publish(self, message: str, heater: str | None, payload: Any) -> None:
        """Add a published message if the pages show it; a payload of None removes the heater."""
        if message in SHOWN and (payload is None or message not in AT_OWN_INTERVAL):
            self.show(message, heater, payload)

    def show(self, message: str, heater: str | None, payload: Any) -> None:
        """Add a message."""
        if isinstance(payload, Mapping) and "actual" in payload:
            payload = {**payload, "current": payload["actual"]}
        self._messages.append(Page({"type": SHOWN[message], "heater": heater, "data": payload}))

    def notify(self, level: Level, title: str, message: str) -> None:
        """Show a notification."""
        self._messages.append(Page({"type": "notification", "level": level, "title": title, "message": message}))

    def drain(self) -> list[Page]:
        """Return the messages since the last call."""
        messages, self._messages = self._messages, []
        return messages
