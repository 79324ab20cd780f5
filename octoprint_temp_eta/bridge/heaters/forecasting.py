"""Forecasts of the heaters, from their present temperatures and what was learned of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

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
        #: What the next start needs, and from which revision and number of forecasts it is.
        self.kept: Mapping[str, Any] = {}
        self._kept_of = (0, 0)

    def forget(self) -> None:
        """Compute forecasts anew: what they depend on has changed, other than a situation."""
        self._table.clear()
        self.revision += 1

    def restore(self, kept: object, basis: str) -> None:
        """Use the forecasts that were `kept` for the same `basis` and for what was learned: so numpy is not needed."""
        if isinstance(kept, Mapping) and kept.get("basis") == [basis, self._store.fingerprint]:
            self.kept = kept
            self._table.restore(kept["known"])
            self._kept_of = self.revision, len(self._table)

    def keep(self, basis: str) -> None:
        """Keep the forecasts of heaters that are cold for the next start."""
        present = self.revision, len(self._table)
        if present != self._kept_of:
            self._kept_of = present
            self.kept = {"basis": [basis, self._store.fingerprint], "known": self._table.from_cold}

    def situations(self) -> dict[str, Situation]:
        """Return what the forecasts depend on, by heater."""
        return {name: self._tracks[name].situation() for name in self._tracks.names}

    def forecast(self, heater: str, target: float) -> Forecast:
        """Return how long `heater` would take from now to `target` °C."""
        track, place = self._tracks[heater], self._place(heater)
        owner = str(track.kind) if self._store.learned(place) is None else str(place)
        make = partial(self._make, heater, track.kind, AMBIENT_C)
        return track.forecast(target, partial(self._table.forecast, owner, make))
