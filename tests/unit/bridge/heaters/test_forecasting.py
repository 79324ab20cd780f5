"""Forecasts of the heaters: from what was learned of each, or of none of its kind."""

from __future__ import annotations

from octoprint_temp_eta.bridge.heaters.forecasting import Forecasting
from octoprint_temp_eta.bridge.heaters.store import HeaterStore, Place
from octoprint_temp_eta.bridge.heaters.tracks import Tracks
from octoprint_temp_eta.core.estimation.estimator import Estimator, HeaterKind
from octoprint_temp_eta.core.estimation.linear import Limits, Linear
from octoprint_temp_eta.core.heating.state_machine.states import State
from octoprint_temp_eta.core.heating.track import Policy, Track
from tests.unit.bridge.heaters.conftest import FixedRate

STORED = {"version": 1, "heaters": {"_default/tool1": {"learned": {"rate": 1.0}}}}


def place(heater: str) -> Place:
    return Place("_default", heater)


class Maker:
    """Makes estimators with what was learned, and notes for which heaters."""

    def __init__(self, store: HeaterStore) -> None:
        self._store = store
        self.made: list[str] = []

    def __call__(self, heater: str, _: HeaterKind, __: float) -> Estimator:
        self.made.append(heater)
        learned = self._store.learned(place(heater))
        return FixedRate(Limits(), learned["rate"] if learned else 0.5)


def test_heaters_of_which_nothing_was_learned_share_their_forecasts():
    store = HeaterStore(STORED)
    make = Maker(store)
    tracks = Tracks(lambda name: Track(name, Policy(), lambda *_: Linear(Limits())))
    forecasting = Forecasting(tracks, store, place, make)
    for name in ("tool0", "tool1", "tool2"):
        tracks.add(name)
        tracks[name].read(0.0, 30.0, 0.0)
    estimates = {name: forecasting.forecast(name, 131.0).estimate for name in tracks.names}
    assert {name: each and each.eta for name, each in estimates.items()} == {"tool0": 200, "tool1": 100, "tool2": 200}
    assert set(make.made) == {"tool0", "tool1"}
    assert forecasting.situations() == dict.fromkeys(tracks.names, ((State.OFF, 0.0, False), 30.0))


def test_what_is_forgotten_is_computed_anew():
    store = HeaterStore(None)
    make = Maker(store)
    tracks = Tracks(lambda name: Track(name, Policy(), lambda *_: Linear(Limits())))
    forecasting = Forecasting(tracks, store, place, make)
    tracks.add("bed")
    tracks["bed"].read(0.0, 22.0, 0.0)
    forecasting.forecast("bed", 60.0)
    made, revision = len(make.made), forecasting.revision
    forecasting.forecast("bed", 60.0)
    assert len(make.made) == made
    forecasting.forget()
    forecasting.forecast("bed", 60.0)
    assert len(make.made) == 2 * made
    assert forecasting.revision == revision + 1
