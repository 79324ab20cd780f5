"""The commands in flight while their acknowledgements arrive in the order of their sending."""

from __future__ import annotations

from collections import deque

from .in_flight import FakeAck, InFlight, belongs_to, reply_lines, text_of
from .printer_lines import (
    BUSY,
    HEAT_WAITS,
    NO_LINE_NUMBER,
    TEMPERATURES,
    HeatingEvidence,
    dwell,
    is_ok_with_temperatures,
)
from .resend import Resends
from .submissions import Submissions

#: Seconds after which a "wait" from the printer (it is idle) means that an ok was lost.
IDLE_S = 2.5

#: Lines that are a sign of life; a printer that sends more may do so on its own, such as its position (M154).
MOST_LINES = 500

LOST = "its ok was lost"


class Flight:
    """The commands in flight, oldest first; each ok belongs to the oldest one."""

    def __init__(self, window: int, *, ok_first: bool = False) -> None:
        #: How many commands OctoPrint sends before it waits for an ok.
        self._window = window
        self._submissions = Submissions(ok_first=ok_first)
        self._in_flight: deque[InFlight] = deque()
        self._resends = Resends()
        #: How many commands OctoPrint is ahead, because it got an ok that it did not wait for.
        self._ahead = 0
        #: How many lines at the front of those in flight were sent again after their acknowledgement.
        self._again = 0
        #: Whether the ok of an M105 has the temperatures on its line.
        self._marks_m105 = False
        self._idle_since = 0.0
        self._heating = HeatingEvidence()

    def _take(self, head: InFlight, line: str, at: float) -> None:
        if line.startswith("ok"):
            self._take_ok(head, line, at)
        elif line == "wait":
            if at - head.alive_at > IDLE_S and not head.optional:
                self._lose(LOST, at)
        elif BUSY.match(line):
            head.hear(at)
        elif NO_LINE_NUMBER.match(line):
            # OctoPrint treats this line as an ok.
            self._pop(at)
            self._submissions.fail(head.key, line)
        elif TEMPERATURES.match(line):
            self._note_temperatures(head, line, at)
            if head.command == "M105":
                head.lines.append(line)
        elif belongs_to(head, line):
            if len(head.lines) < MOST_LINES:
                head.alive_at = head.heard_at = at
            head.lines.append(line)

    def _note_temperatures(self, head: InFlight, line: str, at: float) -> None:
        heats = self._heating.note(line)
        if head.command in HEAT_WAITS:
            head.alive_at = head.heard_at = at
        elif heats:
            head.alive_at = at

    def _take_ok(self, head: InFlight, line: str, at: float) -> None:
        if is_ok_with_temperatures(line):
            self._marks_m105 = True
            # Only an M105 is acknowledged so: the oks of the commands before it were lost.
            while self._in_flight[0].command != "M105" and any(sent.command == "M105" for sent in self._in_flight):
                self._fail_head(LOST, at)
            head = self._in_flight[0]
        elif head.command == "M105" and len(self._in_flight) > 1 and not any(map(TEMPERATURES.match, head.lines)):
            # Without temperatures this is not the reply to an M105, whose ok was lost.
            self._fail_head(LOST, at)
            lines, head = head.lines, self._in_flight[0]
            head.lines[:0] = lines
        self._pop(at)
        if is_ok_with_temperatures(line) and head.command == "M105":
            self._resends.accepted(head.number)
        self._ahead += head.optional
        self._submissions.acknowledge(head.key, text_of([*reply_lines(head, line), line]), head.line)

    def _lose(self, error: str, at: float) -> None:
        self._fail_head(error, at)
        self._submissions.add(FakeAck())

    def _fail_head(self, error: str, at: float) -> None:
        self._submissions.fail(self._pop(at).key, error)

    def _pop(self, at: float) -> InFlight:
        popped = self._in_flight.popleft()
        self._again = max(0, self._again - 1)
        self._settle(at, dwell(popped.line))
        return popped

    def _settle(self, at: float, idle_for: float = 0.0) -> None:
        """Note that the head of the commands in flight has changed."""
        if self._in_flight:
            self._in_flight[0].hear(at)
        else:
            self._idle_since = at + idle_for
