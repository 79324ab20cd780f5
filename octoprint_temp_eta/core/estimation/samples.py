"""Checks of a heater's readings, and the history that rates are computed from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from .estimator import Sample

#: Lowest and highest reading in °C; one outside is an error of the sensor or the firmware.
PLAUSIBLE_C = (-50.0, 600.0)
#: A reading that jumps by more than this (°C, plus °C for each second since the last one) needs a second one like it.
JUMP_C, JUMP_C_PER_S = 20.0, 30.0

#: Default length of the history in s, and the most samples per second of it, which bounds memory at high poll rates.
HISTORY_S, SAMPLES_PER_S = 120.0, 5
#: Shortest span in seconds for a rate: OctoPrint repeats a reading within milliseconds when it sends a new target.
SHORTEST_RATE_S = 1.0


def plausible(value: object) -> float | None:
    """Return `value` as a temperature in °C, None if it is not one (None, text, NaN, out of range)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    low, high = PLAUSIBLE_C
    return float(value) if low <= value <= high else None  # not NaN, nor an integer that no float can hold


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the least-squares slope of `points` (time in s, value) per second, None for fewer than two times."""
    if len(points) < 2:
        return None
    start = points[0][0]
    mean_t = sum(at - start for at, _ in points) / len(points)
    mean_v = sum(value for _, value in points) / len(points)
    spread = sum((at - start - mean_t) ** 2 for at, _ in points)
    if spread <= 0.0:
        return None
    return sum((at - start - mean_t) * (value - mean_v) for at, value in points) / spread


class History:
    """The newest samples of one heater, oldest first."""

    def __init__(self, seconds: float = HISTORY_S) -> None:
        self._seconds = seconds
        self._samples: deque[Sample] = deque(maxlen=round(seconds * SAMPLES_PER_S))
        self._rejected: float | None = None

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._samples)

    @property
    def newest(self) -> Sample | None:
        """The newest sample, None if the history is empty."""
        return self._samples[-1] if self._samples else None

    def add(self, sample: Sample, *, confirmed: bool = False) -> bool:
        """Add `sample` unless it is out of order or a single outlier; return whether it was added.

        One that is `confirmed` by another reading is no outlier.
        """
        newest = self.newest
        if newest is not None:
            if sample.at <= newest.at:
                return False
            allowed = JUMP_C + JUMP_C_PER_S * (sample.at - newest.at)
            if abs(sample.actual - newest.actual) > allowed and not (confirmed or self._confirmed(sample.actual)):
                self._rejected = sample.actual
                return False
        self._rejected = None
        self._samples.append(sample)
        while self._samples[0].at < sample.at - self._seconds:
            self._samples.popleft()
        return True

    def since(self, at: float) -> list[Sample]:
        """Return the samples not older than `at`."""
        newest_first: list[Sample] = []
        for sample in reversed(self._samples):
            if sample.at < at:
                break
            newest_first.append(sample)
        newest_first.reverse()
        return newest_first

    def spanning(self, at: float) -> list[Sample]:
        """Return the samples not older than `at`, and the one before: after a gap, only that shows what has changed."""
        samples = self.since(at)
        before = len(self._samples) - len(samples) - 1
        return samples if before < 0 else [self._samples[before], *samples]

    def rate(self, window: float) -> float | None:
        """Return the slope in °C/s over the newest `window` seconds, None with too few readings."""
        newest = self.newest
        samples = [] if newest is None else self.since(newest.at - window)
        if not samples or samples[-1].at - samples[0].at < SHORTEST_RATE_S:
            return None
        return slope([(sample.at, sample.actual) for sample in samples])

    def clear(self) -> None:
        """Remove all samples."""
        self._samples.clear()
        self._rejected = None

    def _confirmed(self, actual: float) -> bool:
        """Whether the previous reading was rejected with about the same value, so that the jump is real."""
        return self._rejected is not None and abs(actual - self._rejected) <= JUMP_C
