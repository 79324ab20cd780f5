"""Which readings of a heater are believed: lone outliers are not, nor targets that go up and down all the time.

A printer's line can be garbled, or be a reply to something else. A reading is believed or doubted as a whole,
because the target of an outlier is as wrong as its temperature. The next reading confirms or refutes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import pairwise

from ...estimation.estimator import HeaterKind, Sample
from ...estimation.samples import JUMP_C, JUMP_C_PER_S

#: The largest jump (°C, and °C for each second since the last reading) that is believed together with a new target, by
#: kind. Without a new target, `JUMP_C` and `JUMP_C_PER_S` hold for all kinds.
TARGET_JUMP_C = {HeaterKind.TOOL: (15.0, 12.0), HeaterKind.BED: (8.0, 3.0), HeaterKind.CHAMBER: (8.0, 2.0)}
#: Within this many readings, this many turns (up after down, or down after up) of the target make it restless, …
LAST, RESTLESS = 6, 2
#: … the same for one that keeps each value for some readings, and the readings in a row that it then needs.
LONG, RESTLESS_LONG, STEADY = 24, 5, 5


class Belief:
    """Which readings of one heater are doubted."""

    def __init__(self, kind: HeaterKind) -> None:
        self._target_jump = TARGET_JUMP_C[kind]
        #: The reading that waits for its confirmation: temperature and target.
        self._held: tuple[float | None, float | None] | None = None
        #: The target of the last reading, believed or not, and by how much each of the last readings changed it.
        self._reported: float | None = None
        self._changes: deque[float] = deque(maxlen=LONG)
        self._in_a_row = 0

    @property
    def restless(self) -> bool:
        """Whether the target has gone up and down again and again within the last readings."""
        return self._flaps or turns(list(self._changes)[-LAST:]) >= RESTLESS

    @property
    def _flaps(self) -> bool:
        return turns(self._changes) >= RESTLESS_LONG

    def doubts(self, newest: Sample | None, at: float, actual: float | None, target: float | None) -> bool:
        """Return whether a reading is an outlier after the `newest` sample, and not what was doubted just before."""
        if newest is None or actual is None or at <= newest.at:
            return False
        new_target = target is not None and target != newest.target
        jump, jump_per_s = self._target_jump if new_target else (JUMP_C, JUMP_C_PER_S)
        if abs(actual - newest.actual) <= jump + jump_per_s * (at - newest.at):
            return False
        if self._held is None or self._held[0] is None:
            return True
        return abs(actual - self._held[0]) > JUMP_C or target != self._held[1]

    def hold(self, actual: float | None, target: float | None) -> None:
        """Doubt a reading until the next one."""
        self._held = actual, target

    def accept(self) -> bool:
        """Believe a reading; return whether the one before was doubted."""
        held, self._held = self._held, None
        return held is not None

    def target(self, target: float | None) -> float | None:
        """Return the target to use, None for none: a restless one is used once it is reported some times in a row."""
        if target is None:
            return None
        change = 0.0 if self._reported is None else target - self._reported
        self._reported = target
        self._changes.append(change)
        self._in_a_row = 1 if change else self._in_a_row + 1
        needed = STEADY if self._flaps else 2 if self.restless else 1
        return target if self._in_a_row >= needed else None


def turns(changes: Iterable[float]) -> int:
    """Return how often a value with these changes turns: goes up after it went down, or down after up.

    A ramp does not turn, however often it changes the target.
    """
    rises = [change > 0 for change in changes if change]
    return sum(before is not after for before, after in pairwise(rises))
