"""Between which temperatures the published forecasts of a heater hold, so that most readings need only a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf

from ...core.estimation.estimator import Estimate
from ...core.heating.forecasts import Forecast
from ...core.heating.track import Situation

#: Published seconds stay while the true ones differ by at most this number, or by this share of them.
DEADBAND_S, DEADBAND_SHARE = 20.0, 0.05


def moved(shown: Estimate | None, present: Estimate | None) -> bool:
    """Return whether a published forecast has to be replaced: it left its deadband, or the heater has arrived."""
    if shown is None or present is None:
        return shown is not present
    arrived = present.eta == 0 and round(shown.eta) != 0
    return arrived or abs(present.eta - shown.eta) > _deadband(shown)


def _deadband(shown: Estimate) -> float:
    return max(DEADBAND_S, DEADBAND_SHARE * shown.eta)


class Watch:
    """The forecasts of a heater that were published: `shown`, by a number, and what was computed now."""

    def __init__(
        self, situation: Situation, shown: Mapping[int, Estimate | None], computed: Mapping[int, Forecast]
    ) -> None:
        self._what, actual = situation
        self._shown = shown
        self._ranges = {number: self._range(number, each, actual) for number, each in computed.items()}
        self._narrow()

    def holds(self, situation: Situation, compute: Callable[[int], Forecast]) -> bool:
        """Return whether they hold. `compute` returns the present one where it has to be looked at."""
        what, actual = situation
        if what != self._what:
            return False
        if actual is None or self._lowest <= actual <= self._highest:
            return True
        for number, (lowest, highest) in self._ranges.items():
            if not lowest <= actual <= highest:
                present = compute(number)
                if moved(self._shown[number], present.estimate):
                    return False
                self._ranges[number] = self._range(number, present, actual)
        self._narrow()
        return True

    def _range(self, number: int, present: Forecast, actual: float | None) -> tuple[float, float]:
        shown = self._shown[number]
        if shown is None or actual is None:
            return present.lowest, present.highest
        return present.range_within(_deadband(shown), shown.eta, actual)

    def _narrow(self) -> None:
        self._lowest = max((lowest for lowest, _ in self._ranges.values()), default=-inf)
        self._highest = min((highest for _, highest in self._ranges.values()), default=inf)
