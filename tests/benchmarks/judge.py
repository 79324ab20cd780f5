"""The estimation methods as classes that replay recorded episodes: Model, Linear and Exponential.

    begin(kind, heater, tol, hold) · preroll(t, temp, setpoint) · update(t, temp, target) · end()
    export_state() · import_state(state)

`update` returns None, the seconds left, or (seconds, low, high).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from octoprint_temp_eta.core.estimation.estimator import Direction, Episode, Estimator, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.linear import Limits
from octoprint_temp_eta.core.estimation.methods import make_estimator
from octoprint_temp_eta.core.estimation.thermal.inference.prior import Prior
from octoprint_temp_eta.core.estimation.thermal.model import ThermalModel
from octoprint_temp_eta.core.heating.episode import arrival


class Method:
    """A method without a memory."""

    name: ClassVar[str]

    def begin(self, kind: str, heater: str, tol: float, hold: float) -> None:
        del tol, hold
        self._direction = Direction.HEATING if kind == "heat" else Direction.COOLING
        self._kind = HeaterKind(heater)
        self._before: list[Sample] = []
        self._samples: list[Sample] = []
        self._goal: Goal | None = None

    def preroll(self, t: float, temp: float, setpoint: float) -> None:
        self._before.append(Sample(t, temp, setpoint))

    def update(self, t: float, temp: float, target: float) -> tuple[float, ...] | float | None:
        sample = Sample(t, temp, target)
        if self._goal is None:
            self._goal = Goal(self._direction, target)
            self._method = self._make()
            self._method.begin(self._goal, self._before)
        self._samples.append(sample)
        estimate = self._method.update(sample)
        if estimate is None:
            return None
        if estimate.low is None or estimate.high is None:
            return estimate.eta
        return estimate.eta, estimate.low, estimate.high

    def export_state(self) -> Any:
        """Return what it has learned: here nothing."""
        return None

    def import_state(self, state: Any) -> None:
        """Take back what it had learned."""

    def end(self) -> None:
        """Nothing is learned."""

    def _make(self) -> Estimator:
        return make_estimator(self.name, self._kind, Limits(), None)


class Linear(Method):
    """The method `linear`."""

    name = "linear"


class Exponential(Method):
    """The method `exponential`."""

    name = "exponential"


class Model(Method):
    """The method `model`; a benchmark may fit another prior than the shipped one."""

    name = "model"
    prior: ClassVar[Prior | None] = None

    def __init__(self) -> None:
        self._state: Any = None

    def export_state(self) -> Any:
        return self._state

    def import_state(self, state: Any) -> None:
        self._state = state

    def end(self) -> None:
        if self._goal is not None:
            episode = Episode(self._goal, self._before, self._samples, arrival(self._goal, self._samples))
            self._state = ThermalModel.learn(self._kind, self._state, episode, self.prior)

    def _make(self) -> Estimator:
        method = ThermalModel(self._kind, self.prior)
        if self._state is not None:
            method.restore(self._state)
        return method
