"""What the script of a run that is ending has sent, and OctoPrint has not."""

from __future__ import annotations

from collections import deque

from ..core.gcode.left_out import may_be_left_out
from .line_tags import run_of

#: Runs whose lines may still be in OctoPrint's queue: one that is given up may leave some.
MOST_RUNS = 8


class DroppedLines:
    """Decides which lines are not sent any more."""

    def __init__(self) -> None:
        self._run_id = ""
        self._ended: deque[str] = deque(maxlen=MOST_RUNS)

    def begin(self, run_id: str) -> None:
        """A run begins."""
        self._run_id = run_id

    def end(self) -> None:
        """The run is ending; also called twice."""
        if self._run_id not in self._ended:
            self._ended.append(self._run_id)

    def has(self, key: str, line: str) -> bool:
        """Return whether `line`, which has this key, is dropped."""
        return run_of(key) in self._ended and may_be_left_out(line)
