"""The track of a heater with a simulated clock."""

from __future__ import annotations

from collections.abc import Iterable

from octoprint_temp_eta.core.estimation.estimator import Estimator, HeaterKind
from octoprint_temp_eta.core.estimation.linear import Limits
from octoprint_temp_eta.core.estimation.methods import make_estimator
from octoprint_temp_eta.core.heating.state_machine.states import State
from octoprint_temp_eta.core.heating.track import HeaterView, Policy, Step, Track
from tests.support import curves

WALL = 1_795_188_600.0


FIXED = Policy(cooled_at=40.0)


AMBIENT = Policy(cooled_at=None)


class TrackDriver:
    """A track with its own clock, and the result of each reading."""

    def __init__(self, policy: Policy = FIXED, *, name: str = "bed", method: str = "linear") -> None:
        self.method = method
        #: The ambient temperature of each estimator that was made.
        self.ambients: list[float] = []
        self.track = Track(name, policy, self._make)
        self.at = 0.0
        self.steps: list[Step] = []

    def read(self, actual: float | None, target: float | None, *, after: float = 1.0) -> HeaterView:
        self.at += after
        self.steps.append(self.track.read(self.at, actual, target))
        return self.view()

    def play(self, readings: Iterable[curves.Reading]) -> list[HeaterView]:
        begin = self.at + 1.0
        return [self.read(actual, target, after=begin + at - self.at) for at, actual, target in readings]

    def view(self, later: float = 0.0) -> HeaterView:
        return self.track.view(self.at + later, WALL + self.at + later)

    @property
    def states(self) -> list[State]:
        return [step.transition.state for step in self.steps if step.transition is not None]

    def _make(self, name: str, kind: HeaterKind, ambient: float) -> Estimator:
        self.ambients.append(ambient)
        return make_estimator(self.method, kind, Limits(ambient=ambient), None)
