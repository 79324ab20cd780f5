"""The temperature curves of a heater: formulas 1–8 of docs/background/estimator.md, for many parameter vectors at once.

Temperatures are in °C, times in s, rates in K/s. N parameter vectors give N curves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ....frozen import frozen
from ...estimator import Direction, HeaterKind

Array = NDArray[np.float64]

#: Ambient temperature in °C for the loss of a heater at full power.
AMBIENT: Final = 25.0
#: Temperature in °C at which the heating rate is a parameter: mid-range, where it is known best.
REFERENCE: Final = {HeaterKind.TOOL: 130.0, HeaterKind.BED: 55.0, HeaterKind.CHAMBER: 40.0}

HEATING: Final = (
    "ln_rate",
    "ln_loss",
    "ln_lag",
    "ln_delay",
    "ln_band",
    "ln_derivative",
    "wound",
    "ln_soak",
    "ln_soak_time",
)
COOLING: Final = ("ln_loss", "ln_lag", "ln_delay", "ambient", "ln_soak", "ln_soak_time")
PARAMETERS: Final = {Direction.HEATING: HEATING, Direction.COOLING: COOLING}

#: Seconds for which a heater is assumed to be at the temperature of its oldest reading, starting from cold: a slower
#: body is still cold inside. One value for all printers: some minutes of heating and holding.
SOAKED_S: Final = 300.0

#: Bounds of the parameters: far outside of any heater, they only keep the arithmetic finite.
_BOUNDS: Final = {
    Direction.HEATING: (
        np.array([*np.log([0.005, 1e-5, 0.15, 0.05, 0.3, 0.2]), -1.0, *np.log([1e-3, 5.0])]),
        np.array([*np.log([60.0, 0.08, 60.0, 40.0, 80.0, 90.0]), 2.0, *np.log([5.0, 600.0])]),
    ),
    Direction.COOLING: (
        np.array([np.log(2e-5), np.log(0.15), np.log(0.05), 5.0, np.log(1e-3), np.log(5.0)]),
        np.array([np.log(0.2), np.log(60.0), np.log(40.0), 60.0, np.log(50.0), np.log(10000.0)]),
    ),
}


def bounded(direction: Direction, parameters: Array) -> Array:
    """Return `parameters` (…, P) within the bounds in which the formulas stay finite."""
    low, high = _BOUNDS[direction]
    return np.asarray(np.minimum(np.maximum(parameters, low), high))


@frozen
class Start:
    """The state at the start of an episode: temperature, slope (K/s), history (ages ≥ 0 in s, °C), and the target in °C
    that was held before, 0 if none."""

    temperature: float
    slope: float
    ages: Array
    temperatures: Array
    held: float = 0.0
    #: Standard deviation in °C of the readings before the start, 0 if unknown.
    noise: float = 0.0


class Curves(Protocol):
    """N temperature curves."""

    @property
    def delay(self) -> Array:
        """The dead times (N,) in s."""

    @property
    def reach(self) -> Array:
        """The times of arrival (N,) in s since the start."""

    def at(self, times: Array) -> tuple[Array, Array]:
        """Return temperatures and slopes (N, n) at `times` (n,) in s since the start."""

    def points(self, times: Sequence[float]) -> list[tuple[float, float]]:
        """Return temperature and slope of the first curve at some times; for a few, faster than `at`."""

    def first(self) -> Curves:
        """Return the first of the curves alone."""


def low_passed(start: Start, time_constant: Array, cold: Array | None = None) -> Array:
    """Return the temperature (N,) of a body that follows the history with each `time_constant`.

    `cold` (N,) is its temperature `SOAKED_S` before the oldest reading; without it, the body is at the oldest reading.
    """
    if len(start.ages) == 0:
        return np.full_like(time_constant, start.temperature)
    fading = np.exp(-start.ages / time_constant[:, None])
    oldest = np.full_like(time_constant, start.temperatures[0])
    if cold is not None:
        oldest += (cold - oldest) * np.exp(-SOAKED_S / time_constant)
    return np.asarray(oldest * fading[:, 0] + (fading[:, 1:] - fading[:, :-1]) @ start.temperatures[1:])
