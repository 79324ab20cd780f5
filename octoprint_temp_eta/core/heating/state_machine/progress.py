"""Whether a heater that has yet to reach its target gets warmer, from noisy or coarse readings of any interval.

A dead heater's readings still differ, so all is measured by slopes: a single reading shows nothing. `STALLED` is left
only for a rise that neither the noise nor a coarse sensor's step explains, as each return starts a new window.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...estimation.estimator import HeaterKind, Sample
from ...estimation.samples import History, slope
from .debounce import Debounce
from .states import Condition

#: The temperature may oscillate around the target by up to this many °C.
RINGING_C = 3.0
#: A heating heater that gains less than this many °C within this many seconds, by kind, is stuck.
STUCK_GAIN_C = {HeaterKind.TOOL: 1.0, HeaterKind.BED: 1.0, HeaterKind.CHAMBER: 0.3}
STUCK_S = {HeaterKind.TOOL: 30.0, HeaterKind.BED: 90.0, HeaterKind.CHAMBER: 110.0}
#: Seconds for which that must last: a chamber that the bed heats gains 1 °C in some minutes, and its sensor has noise.
STAYS_STUCK_S = {HeaterKind.TOOL: 0.0, HeaterKind.BED: 0.0, HeaterKind.CHAMBER: 110.0}
#: A sure gain is at least this many times `STUCK_GAIN_C`, because one step of a sensor that reads whole degrees can
#: give a slope that gains 1.5 °C, …
SURE = 1.6
#: … and at least this many standard errors, which follow from the noise of the readings.
SURE_ERRORS = 4.0
#: A heating heater is stuck only if its gain is too small also with this many standard errors added; a chamber's gain,
#: which is smaller than that, must be too small for `STAYS_STUCK_S` instead.
STUCK_ERRORS = {HeaterKind.TOOL: 2.0, HeaterKind.BED: 2.0, HeaterKind.CHAMBER: 0.0}
#: If a heater has been near its target for that time and gained less than this many °C, it will not get any warmer.
PLATEAU_GAIN_C = 0.5


class Progress:
    """Follows a heater that is `HEATING` or `STALLED`."""

    def __init__(self, kind: HeaterKind) -> None:
        self._least, self._window, self._errors = STUCK_GAIN_C[kind], STUCK_S[kind], STUCK_ERRORS[kind]
        self._near = Debounce(self._window)
        self._stuck = Debounce(STAYS_STUCK_S[kind])
        self._since = 0.0

    def restart(self, at: float) -> None:
        """Begin a window at `at`, in monotonic seconds."""
        self._since = at
        self._near.restart()
        self._stuck.restart()

    def update(self, history: History, newest: Sample, *, stalled: bool, slow: bool) -> Condition:
        """Return whether the heater is stuck, or as warm as it will get; never within the first window.

        `slow` is whether the estimator finds it far too slow.
        """
        at, window = newest.at, self._window
        near = newest.actual >= newest.target - RINGING_C
        stays_near = self._near.update(at, near)
        if stays_near and gain(history.spanning(at - window), window) < PLATEAU_GAIN_C:
            return Condition.PLATEAU
        if near and not stalled:
            return Condition.GAINING
        if slow and not near:
            return Condition.STUCK
        gains = at - self._since < window or self._gains(history, at, stalled=stalled)
        return Condition.STUCK if self._stuck.update(at, not gains) else Condition.GAINING

    def _gains(self, history: History, at: float, *, stalled: bool) -> bool:
        """Return whether it gains enough within the window, or within half of it, as it may have fallen first."""
        window = history.spanning(at - self._window)
        if len(window) < 2 or (not stalled and gain(window, self._window) >= self._least):
            return True  # mostly: without a look at the noise, which takes longer
        sigma = noise(list(history))
        spans = [(self._window, window), (self._window / 2, history.spanning(at - self._window / 2))]
        (gained, doubt), *_ = gains = [
            (gain(samples, seconds), error(samples, sigma) * seconds) for seconds, samples in spans
        ]
        surely = any(gained >= max(SURE * self._least, SURE_ERRORS * doubt) for gained, doubt in gains)
        return surely or (not stalled and gained + self._errors * doubt >= self._least)


def gain(samples: Sequence[Sample], seconds: float) -> float:
    """Return how many °C `samples` gain within these seconds, by their slope."""
    return (slope([(sample.at, sample.actual) for sample in samples]) or 0.0) * seconds


def error(samples: Sequence[Sample], sigma: float) -> float:
    """Return the standard error in °C/s of the slope of `samples` whose noise is `sigma` °C."""
    middle = sum(sample.at for sample in samples) / len(samples)
    spread = sum((sample.at - middle) ** 2 for sample in samples)
    return sigma / math.sqrt(spread) if spread else math.inf


def noise(samples: Sequence[Sample]) -> float:
    """Return the standard deviation in °C of the noise: how far readings are from a line through their neighbours."""
    squares = []
    for before, sample, after in zip(samples, samples[1:], samples[2:], strict=False):
        share = (sample.at - before.at) / (after.at - before.at)
        expected = before.actual + share * (after.actual - before.actual)
        squares.append((sample.actual - expected) ** 2 / (1.0 + share**2 + (1.0 - share) ** 2))
    return math.sqrt(sum(squares) / len(squares)) if squares else 0.0
