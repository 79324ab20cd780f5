"""The targets that lines have set, and that the printer may not have reported yet."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from ..core.frozen import frozen
from ..core.gcode.targets import ALL, Asked, asked

#: Seconds after a line was sent within which the printer may still report the target of before.
REPORTED_S = 10.0
#: Seconds after which a line that was not sent counts as removed by another plugin.
LONGEST_WAIT_S = 600.0
#: How many lines are kept at most.
MOST_LINES = 64


@frozen
class _Line:
    line: str
    asked: Asked
    #: Monotonic seconds.
    at: float


class RecentTargets:
    """Follows lines from OctoPrint's queue until the printer has reported their targets. May be used by any thread.

    Whoever has sent them: a run begins with what the one before has set.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[_Line] = deque(maxlen=MOST_LINES)
        self._sent: deque[_Line] = deque(maxlen=MOST_LINES)
        #: The heater of a line that was sent before `queued` was called for it: OctoPrint queues one at a time.
        self._early: str | None = None

    def queued(self, line: str, tool: str, at: float) -> None:
        """OctoPrint has queued `line`; `tool`, such as T0, will be in use at its turn."""
        found = _target(line, tool)
        if found is None:
            return
        with self._lock:
            early, self._early = self._early, None
            if early != found.heater:
                self._waiting.append(_Line(line, found, at))

    def sent(self, line: str, tool: str, at: float) -> None:
        """OctoPrint sends `line`, which a plugin may have changed; what was queued before it is not sent any more.

        `tool` is the one after all queued lines, for one that was changed.
        """
        found = _target(line, tool)
        with self._lock:
            waiting = list(self._waiting)
            same = [number for number, each in enumerate(waiting) if each.line == line]
            if same:
                found = waiting[same[0]].asked
            elif found is not None:
                same = [number for number, each in enumerate(waiting) if each.asked.heater == found.heater]
                self._early = None if same else found.heater
            for _ in range(same[0] + 1 if same else 0):
                self._waiting.popleft()
            if found is not None:
                self._sent.append(_Line(line, found, at))

    def dropped(self, line: str, tool: str) -> None:
        """OctoPrint does not send `line`, which it has queued, or is about to queue; `tool` as for `sent`."""
        target = _target(line, tool)
        with self._lock:
            found = next((each for each in self._waiting if each.line == line), None)
            if found is not None:
                self._waiting.remove(found)
            elif target is not None:
                self._early = target.heater

    def reported(self, heaters: Mapping[str, tuple[Any, Any]]) -> None:
        """The printer reports temperatures and targets (°C, by heater): now these count, not the line that set them."""
        if not self._sent:
            return
        targets = {heater: target for heater, (_, target) in heaters.items() if target is not None}
        with self._lock:
            self._sent = deque(_unreported(self._sent, targets), maxlen=MOST_LINES)

    def forget(self) -> None:
        """Forget all lines: the connection has ended."""
        with self._lock:
            self._waiting.clear()
            self._sent.clear()
            self._early = None

    def at(self, at: float) -> tuple[Asked, ...]:
        """Return what was asked for, in the order in which the printer gets it."""
        with self._lock:
            sent = [each.asked for each in self._sent if at - each.at < REPORTED_S]
            return (*sent, *(each.asked for each in self._waiting if at - each.at < LONGEST_WAIT_S))


def _target(line: str, tool: str) -> Asked | None:
    """Return what `line` asks for, None without a target."""
    found = asked(line, tool)
    return None if found is None or found.target is None else found


def _unreported(lines: Iterable[_Line], targets: Mapping[str, float]) -> list[_Line]:
    """Return those of `lines` that don't show in the reported `targets` yet, nor do later ones for the same heater."""
    left: list[_Line] = []
    shown: set[str] = set()
    for line in reversed(tuple(lines)):
        name = line.asked.name
        if name == ALL:
            off = {heater for heater, target in targets.items() if line.asked.is_now(target)}
            if targets and targets.keys() <= shown | off:
                break
        elif name in shown:
            continue
        elif name in targets and line.asked.is_now(targets[name]):
            shown.add(name)
            continue
        left.append(line)
    return left[::-1]
