"""The lines that set targets and that the printer may not have reported yet."""

from __future__ import annotations

import threading
from collections import deque

from ..core.frozen import frozen

#: Seconds after a line was sent within which the printer may still report the target of before.
REPORTED_S = 10.0
#: Seconds after which a line that was not sent counts as removed by another plugin.
LONGEST_WAIT_S = 600.0
#: How many lines are kept at most.
MOST_LINES = 64


@frozen
class _Line:
    gcode: str
    line: str
    #: Monotonic seconds.
    at: float


class RecentTargets:
    """Follows lines from OctoPrint's queue until the printer has reported their targets. May be used by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[_Line] = deque(maxlen=MOST_LINES)
        self._sent: deque[_Line] = deque(maxlen=MOST_LINES)

    def queued(self, gcode: str, line: str, at: float) -> None:
        """OctoPrint has queued `line`."""
        with self._lock:
            self._waiting.append(_Line(gcode, line, at))

    def sent(self, gcode: str, line: str, at: float) -> None:
        """OctoPrint sends `line`, which a plugin may have changed; what was queued before it is not sent any more."""
        with self._lock:
            waiting = list(self._waiting)
            same = [number for number, each in enumerate(waiting) if each.line == line]
            same += [number for number, each in enumerate(waiting) if each.gcode == gcode]
            for _ in range(same[0] + 1 if same else 0):
                self._waiting.popleft()
            self._sent.append(_Line(gcode, line, at))

    def forget(self) -> None:
        """Forget all lines: the connection has ended."""
        with self._lock:
            self._waiting.clear()
            self._sent.clear()

    def lines(self, at: float) -> tuple[str, ...]:
        """Return the lines in the order in which the printer gets them."""
        with self._lock:
            sent = [each.line for each in self._sent if at - each.at < REPORTED_S]
            return (*sent, *(each.line for each in self._waiting if at - each.at < LONGEST_WAIT_S))
