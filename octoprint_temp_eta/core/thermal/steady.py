"""The told countdown: it runs down second by second and follows the estimate without its tremor (docs/estimator.md)."""

from __future__ import annotations

from math import exp, log
from typing import Final

from ..estimator import Direction, Estimate
from .posterior import EIGHTY, TICK_S

#: Heating: time constant in s of the pull towards the estimate, and its growth with the estimate: far off, there is
#: time.
_PULL_S: Final = 1.0
_PULL_SHARE: Final = 0.03
#: Relative difference from which on it follows much faster: a truth must not be held back.
_NEWS: Final = 0.12
#: s that differences are not relative to: near the end all of them would seem great.
_NEAR_S: Final = 4.0
#: Cooling: the countdown runs on while it is as near to the estimate as this, in standard deviations of ln ETA, …
_DOUBT: Final = 0.4
#: … and at most as this, relative: a wide interval must not hold a truth back either.
_MOST_DOUBT: Final = 0.2


class Steady:
    """Takes the estimates of one episode and returns those to tell."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._told: float | None = None
        self._at = 0.0

    def follow(self, at: float, estimate: Estimate) -> Estimate:
        """Return what to tell at `at` (s of any clock that only goes forward)."""
        told = estimate.eta
        if self._told is not None:
            elapsed = max(at - self._at, 0.0)
            expected = max(self._told - elapsed, 0.0)
            if self._direction is Direction.COOLING:
                told = _doubted(expected, estimate)
            else:
                news = abs(estimate.eta - expected) / (expected + _NEAR_S)
                pull = (_PULL_S + _PULL_SHARE * estimate.eta) / (1.0 + (news / _NEWS) ** 2)
                told = expected + (1.0 - exp(-elapsed / max(pull, 0.2))) * (estimate.eta - expected)
        self._told, self._at = told, at
        return Estimate(told, estimate.low, estimate.high)


def _doubted(expected: float, estimate: Estimate) -> float:
    """Return what is nearest to `expected` (s) of all that the estimate doesn't deny."""
    if estimate.low is None or estimate.high is None:
        return estimate.eta
    sigma = log((estimate.high + TICK_S) / (estimate.low + TICK_S)) / (2.0 * EIGHTY)
    margin = exp(min(_DOUBT * sigma, _MOST_DOUBT))
    middle = estimate.eta + TICK_S
    return max(min(max(expected, middle / margin - TICK_S), middle * margin - TICK_S), 0.0)
