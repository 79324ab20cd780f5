"""The printer's state, for the parts that depend on it."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.clock import Now
from ...core.printer_commands import CLOSED, FAILED, NEVER_CONNECTED, OPENING_PORT
from ..part import InputHandler, Part
from ..protocol.effects import Effect
from ..protocol.inputs import PrinterChanged, Profile
from ..protocol.script_inputs import PrinterGone

#: The id of OctoPrint's state in which it accepts a job.
OPERATIONAL = "OPERATIONAL"
#: Seconds in which OctoPrint has opened the port, if it can.
OPENING_S = 10.0


class Printer(Part):
    """The newest state. This part handles `PrinterChanged` first, so that all others read the new state."""

    def __init__(self) -> None:
        self._current = PrinterChanged(None, connected=False, printing=False, profile=None)
        #: Since when it is in this state, in monotonic seconds.
        self._since = 0.0
        self._failed = False

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {PrinterChanged: self._changed, PrinterGone: self._gone}

    @property
    def state(self) -> str | None:
        """OctoPrint's id of the state, such as `OPERATIONAL`; None if unknown."""
        return self._current.state

    @property
    def connected(self) -> bool:
        """Whether OctoPrint is connected to the printer."""
        return self._current.connected

    @property
    def printing(self) -> bool:
        """Whether a print is running."""
        return self._current.printing

    @property
    def failed(self) -> bool:
        """Whether the last connection has ended because of an error."""
        return self._failed

    @property
    def operational(self) -> bool:
        """Whether the printer is connected and idle, so that OctoPrint accepts a job."""
        return self._current.state == OPERATIONAL

    @property
    def profile(self) -> Profile | None:
        """OctoPrint's printer profile, None before OctoPrint reports one."""
        return self._current.profile

    def port_failed(self, now: Now) -> bool:
        """Return whether OctoPrint could not open the port. It does not report that."""
        return self._current.state == OPENING_PORT and now.at - self._since >= OPENING_S

    def _changed(self, event: PrinterChanged, now: Now) -> list[Effect]:
        if event.state != self._current.state:
            self._since = now.at
        self._current = event
        state = event.state or NEVER_CONNECTED
        self._failed = state in FAILED or (self._failed and state in CLOSED)
        return []

    def _gone(self, event: PrinterGone, _: Now) -> list[Effect]:
        """Note an error: OctoPrint 1 reports only `OFFLINE` after one of the connection, such as an unplugged cable."""
        self._failed = self._failed or event.failed
        return []
