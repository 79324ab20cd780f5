"""Typical temperature curves, as readings `(second, actual, target)` in s and °C."""

from __future__ import annotations

import math
from collections.abc import Iterator

Reading = tuple[float, float, float]

AMBIENT = 22.0


def heating(
    target: float,
    *,
    start: float = AMBIENT,
    rate: float = 0.5,
    overshoot: float = 0.0,
    ringing: float = 40.0,
    hold: float = 60.0,
    every: float = 1.0,
) -> list[Reading]:
    """Rise at `rate` °C/s, shoot over by `overshoot` °C, ring with a period of `ringing` s, hold for `hold` s."""
    duration = (target - start) / rate

    def actual(second: float) -> float:
        if second < duration:
            return start + rate * second
        since = second - duration
        return target + overshoot * math.exp(-since / ringing) * math.sin(2 * math.pi * since / ringing)

    return [(second, actual(second), target) for second in seconds(duration + hold, every)]


def cooling(
    start: float, *, to: float = AMBIENT, tau: float = 300.0, target: float = 0.0, lasting: float, every: float = 2.0
) -> list[Reading]:
    """Fall from `start` towards `to` by Newton's law with the time constant `tau` s."""
    return [(second, to + (start - to) * math.exp(-second / tau), target) for second in seconds(lasting, every)]


def resting(actual: float, target: float = 0.0, *, lasting: float, every: float = 1.0) -> list[Reading]:
    """Stay at `actual`."""
    return [(second, actual, target) for second in seconds(lasting, every)]


def chain(*curves: list[Reading]) -> list[Reading]:
    """Concatenate curves; each starts a second after the previous one."""
    whole: list[Reading] = []
    for curve in curves:
        begin = whole[-1][0] + 1.0 if whole else 0.0
        whole += [(begin + second, actual, target) for second, actual, target in curve]
    return whole


def seconds(lasting: float, every: float) -> Iterator[float]:
    """Yield the times of readings, `every` s from 0 to `lasting` s."""
    return (index * every for index in range(int(lasting / every) + 1))
