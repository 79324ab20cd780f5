"""Forecasts of the heaters, from their present temperatures and what was learned of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...core.heating.forecasts import Forecast, ForecastTable
from ...core.heating.track import AMBIENT_C, EstimatorFactory, Situation
from .store import HeaterStore, Place
from .tracks import Tracks


class Forecasting:
    """Forecasts of `tracks`; `make` returns the estimator of a heater, `place` by what it is remembered."""

    def __init__(
        self, tracks: Tracks, store: HeaterStore, place: Callable[[str], Place], make: EstimatorFactory
    ) -> None:
        self._tracks = tracks
        self._store = store
        self._place = place
        self._make = make
        self._table = ForecastTable()
        #: Counts how often forecasts were forgotten.
        self.revision = 0

    def forget(self) -> None:
        """Compute forecasts anew: what they depend on has changed, other than a situation."""
        self._table.clear()
        self.revision += 1

    def situations(self) -> dict[str, Situation]:
        """Return what the forecasts depend on, by heater."""
        return {name: self._tracks[name].situation() for name in self._tracks.names}

    def forecast(self, heater: str, target: float) -> Forecast:
        """Return how long `heater` would take from now to `target` °C."""
        track, place = self._tracks[heater], self._place(heater)
        owner = str(track.kind) if self._store.learned(place) is None else str(place)
        make = partial(self._make, heater, track.kind, AMBIENT_C)
        return track.forecast(target, partial(self._table.forecast, owner, make))
