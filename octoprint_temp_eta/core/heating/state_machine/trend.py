"""Whether a temperature falls, and whether it has stopped falling, from noisy readings of any interval."""

from __future__ import annotations

from ...estimation.estimator import HeaterKind

#: °C below its recent maximum at which a temperature has fallen: more than noise, or the step of a coarse sensor.
FALL_C = 2.0
#: °C/s by which the maximum follows: a room that gets colder overnight falls more slowly.
DRIFT_C_PER_S = 0.0015

#: °C of a step down. A fall has ended when the next step takes `LAST_STEPS` times as long as the slowest of the last
#: two: a body that approaches its surroundings is then within 1 °C of them.
STEP_C = 0.5
LAST_STEPS = 4.0
#: s without a step that are needed at least, and enough in any case, by kind.
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
