"""A heater's state machine with a simulated clock."""

from __future__ import annotations

from collections.abc import Iterable

from octoprint_temp_eta.core.heating.state_machine.heater import Heater
from octoprint_temp_eta.core.heating.state_machine.states import State, Transition
from tests.support import curves

COOLED_AT = 40.0


class HeaterDriver:
    """A heater with its own clock, and its transitions so far."""

    def __init__(self, heater: str = "bed") -> None:
        self.heater = Heater(heater)
        self.heater.cooled_at = COOLED_AT
        self.at = 0.0
        self.moves: list[Transition] = []

    @property
    def states(self) -> list[State]:
        return [move.state for move in self.moves]

    def read(self, actual: float | None, target: float | None, *, after: float = 1.0) -> State:
        self.at += after
        self._note(self.heater.read(self.at, actual, target))
        return self.heater.state

    def hold(self, actual: float, target: float | None, seconds: float) -> State:
        for _ in range(int(seconds)):
            self.read(actual, target)
        return self.heater.state

    def play(self, readings: Iterable[curves.Reading]) -> list[State]:
        begin = self.at + 1.0
        for second, actual, target in readings:
            self.read(actual, target, after=begin + second - self.at)
        return self.states

    def lose(self) -> None:
        self._note(self.heater.lose())

    def _note(self, move: Transition | None) -> None:
        if move is not None:
            self.moves.append(move)
