"""The estimation methods behind the benchmark's replay interface (see eta.py)."""

from __future__ import annotations

from typing import Any

from episodes import arrival

from octoprint_temp_eta.core.estimator import Direction, Episode, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.thermal.model import ThermalModel


class Model:
    """The method `model`."""

    prior: Any = None

    def __init__(self) -> None:
        self._state: Any = None

    def export_state(self) -> Any:
        return self._state or {}

    def import_state(self, state: Any) -> None:
        self._state = state or None

    def begin(self, kind: str, heater: str, tol: float, hold: float) -> None:
        self._direction = Direction.HEATING if kind == "heat" else Direction.COOLING
        self._kind = HeaterKind(heater)
        self._before: list[Sample] = []
        self._samples: list[Sample] = []
        self._goal: Goal | None = None

    def preroll(self, t: float, temp: float, setpoint: float) -> None:
        self._before.append(Sample(t, temp, setpoint))

    def update(self, t: float, temp: float, target: float) -> Any:
        sample = Sample(t, temp, target)
        if self._goal is None:
            self._goal = Goal(self._direction, target)
            self._method = ThermalModel(self._kind, self.prior)
            if self._state:
                self._method.restore(self._state)
            self._method.begin(self._goal, self._before)
        self._samples.append(sample)
        estimate = self._method.update(sample)
        if estimate is None:
            return None
        return (estimate.eta, estimate.low, estimate.high)

    def end(self) -> None:
        if self._goal is None:
            return
        episode = Episode(self._goal, self._before, self._samples, arrival(self._goal, self._samples))
        self._state = ThermalModel.learn(self._kind, self._state, episode, self.prior)
