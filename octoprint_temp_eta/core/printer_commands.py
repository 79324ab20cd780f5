"""In which states of the printer OctoPrint carries out which command about the job or the connection.

The states are OctoPrint's ids. A command is rejected in the other states, and Home Assistant's buttons are unavailable.
"""

from __future__ import annotations

from collections.abc import Mapping

from .frozen import frozen

EMERGENCY_STOP = "printer/emergency_stop"
#: OctoPrint has no state before the first connection.
NEVER_CONNECTED = "NONE"
#: OctoPrint has closed or is about to close the connection because of an error.
FAILED = ("ERROR", "CLOSED_WITH_ERROR")
#: Without a connection. OctoPrint reports `OFFLINE`, and the others briefly while a connection ends.
CLOSED = ("OFFLINE", "CLOSED", *FAILED, "UNKNOWN", NEVER_CONNECTED)
#: While OctoPrint opens the port. It stays in this state if the port does not exist or is busy, until it disconnects.
OPENING_PORT = "OPEN_SERIAL"
#: While OctoPrint opens a connection.
OPENING = (OPENING_PORT, "DETECT_SERIAL", "DETECT_BAUDRATE", "CONNECTING")


@frozen
class States:
    """Some states, or with `but` all others."""

    names: tuple[str, ...]
    but: bool = False

    def __contains__(self, state: object) -> bool:
        """Return whether `state` is one of them."""
        return (state in self.names) is not self.but


ACCEPTED_IN: Mapping[str, States] = {
    "job/start": States(("OPERATIONAL",)),
    "job/pause": States(("STARTING", "PRINTING", "RESUMING")),
    "job/resume": States(("PAUSED",)),
    # FINISHING is too late.
    "job/cancel": States(("STARTING", "PRINTING", "PAUSING", "PAUSED", "RESUMING")),
    "printer/connect": States((*CLOSED, OPENING_PORT)),
    "printer/disconnect": States(CLOSED, but=True),
    EMERGENCY_STOP: States((*CLOSED, *OPENING), but=True),
}


def accepted(command: str, state: str | None) -> bool:
    """Return whether `command` is accepted while the printer is in `state`."""
    return (state or NEVER_CONNECTED) in ACCEPTED_IN[command]
