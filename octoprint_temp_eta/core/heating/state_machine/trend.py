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
#: A rise by this many °C after the first step is more than the flicker of a coarse sensor: that was no step.
RISE_C = 1.5
#: Seconds without a step, by kind: the minimum for the end of a fall, and the time after which it has ended in any
#: case. The minimum is what a slow heater needs for a step 10 °C or more above its surroundings.
SETTLE_MIN_S = {HeaterKind.TOOL: 60.0, HeaterKind.BED: 180.0, HeaterKind.CHAMBER: 300.0}
SETTLE_MAX_S = {HeaterKind.TOOL: 180.0, HeaterKind.BED: 600.0, HeaterKind.CHAMBER: 900.0}
#: Seconds without a step after which a hot heater seems to be kept hot.
HELD_S = 60.0


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
    """Detects that a temperature no longer falls.

    A heater that is switched off while it heats overshoots first, and then begins to fall slowly: until there are two
    steps, nothing is known of how long one takes.
    """

    def __init__(self, kind: HeaterKind, at: float, actual: float) -> None:
        self._least, self._longest = SETTLE_MIN_S[kind], SETTLE_MAX_S[kind]
        #: Whether there was a step down.
        self._fell = False
        self._begin(at, actual)

    def _begin(self, at: float, actual: float) -> None:
        self._low, self._low_at = actual, at
        self._steps: tuple[float, ...] = ()

    def held(self, at: float) -> bool:
        """Return whether the temperature has not fallen, nor risen lately, until `at`: something seems to heat."""
        return not self._fell and at - self._low_at >= HELD_S

    def update(self, at: float, actual: float) -> bool:
        """Return whether the last step down was too long before `at` (monotonic seconds) for a body that cools."""
        if len(self._steps) < 2 and actual > self._low + (RISE_C if self._steps else 0.0):
            self._begin(at, actual)
        elif actual <= self._low - STEP_C:
            self._fell = True
            self._steps = (*self._steps[-1:], at - self._low_at)
            self._low, self._low_at = actual, at
        known = len(self._steps) > 1
        needed = min(max(self._least, LAST_STEPS * max(self._steps)), self._longest) if known else self._longest
        return at - self._low_at >= needed
