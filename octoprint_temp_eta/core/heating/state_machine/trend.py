"""Whether a temperature falls, and whether it has stopped falling, from noisy readings of any interval."""

from __future__ import annotations

from ...estimation.estimator import HeaterKind

#: A temperature has fallen when it is this many °C below its recent maximum: more than noise or a coarse sensor's step.
FALL_C = 2.0
#: The recent maximum decreases by this many °C/s, which is faster than a room cools overnight.
DRIFT_C_PER_S = 0.0015

#: Height of a downward step in °C. A fall has ended when the next step takes `LAST_STEPS` times as long as the slower
#: of the last two: the temperature is then within 1 °C of the surroundings.
STEP_C = 0.5
LAST_STEPS = 4.0
#: Seconds without a step: the minimum for the end of a fall, and by kind, the time after which it has ended in any
#: case.
SETTLE_MIN_S = 60.0
SETTLE_MAX_S = {HeaterKind.TOOL: 180.0, HeaterKind.BED: 600.0, HeaterKind.CHAMBER: 900.0}


class Fall:
    """Detects that a temperature falls."""

    def __init__(self, at: float, actual: float) -> None:
        self._at = at
        self._high = actual

    def update(self, at: float, actual: float) -> bool:
        """Return whether the temperature at `at` (monotonic seconds) has fallen from its recent maximum."""
        self._high = max(actual, self._high - DRIFT_C_PER_S * (at - self._at))
        self._at = at
        return self._high - actual >= FALL_C


class Settling:
    """Detects that a temperature no longer falls."""

    def __init__(self, kind: HeaterKind, at: float, actual: float) -> None:
        self._longest = SETTLE_MAX_S[kind]
        self._low, self._low_at = actual, at
        self._steps = (0.0, 0.0)

    @property
    def has_fallen(self) -> bool:
        """Whether there was a step down."""
        return self._steps[1] > 0.0

    def update(self, at: float, actual: float) -> bool:
        """Return whether the last step down was too long before `at` (monotonic seconds) for a body that cools."""
        if actual <= self._low - STEP_C:
            self._steps = (self._steps[1], at - self._low_at)
            self._low, self._low_at = actual, at
        needed = min(max(SETTLE_MIN_S, LAST_STEPS * max(self._steps)), self._longest)
        return at - self._low_at >= needed
