"""A simulated fleet: hotends, beds and chambers with PID, bang-bang and predictive control, fans and draughts.

The plant is not the estimator's model: losses rise with the temperature, power droops, controllers are mistuned.
Ranges: 30–115 W hotends and 60–1000 W beds as they are sold; Marlin's documented MPC example for the heat transfer.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, log
from typing import Any

from octoprint_temp_eta.core.estimation.estimator import Direction, Episode, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.heating.episode import arrival
from tests.benchmarks.episodes import Recorded

_STEP_S = 0.1
_TARGETS = {
    HeaterKind.TOOL: (170, 200, 210, 215, 220, 240, 250, 260),
    HeaterKind.BED: (50, 55, 60, 65, 70, 80, 90, 100),
    HeaterKind.CHAMBER: (40, 45, 50, 55, 60),
}
_COOLED = {HeaterKind.TOOL: 50.0, HeaterKind.BED: 40.0, HeaterKind.CHAMBER: 33.0}


@dataclass(frozen=True, slots=True)
class Design:
    """A heater as built: W, J/K, W/K and s; `control` is pid, bang or mpc."""

    power: float
    capacity: float
    loss: float
    fan: float
    exchange: float
    body: float
    body_loss: float
    lag: float
    dead: float
    droop: float
    control: str
    mistuned: float
    noise: float
    quantum: float
    every: float


def design(random_: random.Random, kind: HeaterKind) -> Design:
    """Return a heater at random."""

    def between(low: float, high: float) -> float:
        return exp(random_.uniform(log(low), log(high)))

    control = random_.choice(["bang", "pid"] if kind is HeaterKind.CHAMBER else ["pid"] * 6 + ["mpc", "bang"])
    rest: dict[str, Any] = {
        "droop": random_.choice([0.0, 0.0, between(2e-4, 1e-3)]),
        "control": control,
        "mistuned": between(0.5, 2.0),
        "noise": between(0.01, 0.15),
        "quantum": random_.choice([0.03, 0.1, 0.1, 0.25]),
        "every": random_.choice([0.5, 1.0, 1.0, 2.0]),
    }
    if kind is HeaterKind.TOOL:
        own = (between(38, 115), between(7, 20), between(0.05, 0.09), between(0.03, 0.12), between(0.01, 0.1))
        return Design(*own, between(2, 40), between(0.03, 0.2), between(0.5, 5), between(0.2, 2), **rest)
    if kind is HeaterKind.BED:
        area = random_.uniform(0.12, 0.42) ** 2
        ranges = ((2500, 8500), (6000, 19000), (9, 18), (0.5, 4), (40, 400), (1500, 9000), (2, 8))
        power, capacity, loss, fan, exchange, body, body_loss = (area * between(*each) for each in ranges)
        own = (power, capacity, loss, fan, exchange)
        return Design(*own, body, body_loss, between(1.5, 14), between(0.5, 5), **rest)
    own = (between(150, 900), between(600, 5000), between(1.5, 6), between(0.5, 4), between(2, 12))
    return Design(*own, between(3000, 30000), between(0.5, 4), between(5, 40), between(1, 10), **rest)


class Plant:
    """A heater at work; °C and s."""

    def __init__(self, made: Design, random_: random.Random) -> None:
        self._made, self._random = made, random_
        self.ambient = random_.uniform(17, 28)
        self._block = self._body = self._sensor = self.ambient
        self._line = deque([self.ambient] * max(1, round(made.dead / _STEP_S)))
        self._integral, self._on, self._blowing = 0.0, False, 0.0
        self._last = self.ambient
        self.at = 0.0

    @property
    def hottest(self) -> float:
        """The temperature that it could reach at full power."""
        made = self._made
        lost = made.loss + made.exchange * made.body_loss / (made.exchange + made.body_loss)
        return self.ambient + 0.8 * made.power / lost

    def run(self, target: float, seconds: float, enough: Callable[[float], bool]) -> Iterator[Sample]:
        """Yield readings until `enough` has held for 12 s, at most for this number of seconds."""
        made, held, due = self._made, 0.0, self.at
        for _ in range(round(seconds / _STEP_S)):
            if self.at >= due:
                read = self._line[0] + self._random.gauss(0.0, made.noise)
                yield Sample(self.at, round(read / made.quantum) * made.quantum, target)
                due = self.at + made.every * self._random.uniform(0.85, 1.15)
            held = held + _STEP_S if enough(self._line[0]) else 0.0
            if held > 12.0:
                return
            self._step(target)

    def _duty(self, seen: float, target: float) -> float:
        made = self._made
        if target <= 0.0:
            self._integral, self._on = 0.0, False
            return 0.0
        off = target - seen
        if made.control == "bang":
            self._on = off > 1.0 or (self._on and off > 0.0)
            return float(self._on)
        slow = made.lag + made.dead + 0.3
        if made.control == "mpc":
            wanted = made.loss * (target - self.ambient) + made.capacity * (target - self._block) / (1.5 + 0.3 * slow)
            return min(max(wanted / made.power, 0.0), 1.0)
        gain = 0.55 * made.capacity / (made.power * slow) * made.mistuned
        wanted = gain * (off - 1.2 * slow * (seen - self._last) / _STEP_S) + self._integral
        if 0.0 < wanted < 1.0:
            self._integral = min(max(self._integral + gain / (6.0 * slow) * off * _STEP_S, 0.0), 1.0)
        return min(max(wanted, 0.0), 1.0)

    def _step(self, target: float) -> None:
        made, seen = self._made, self._line[0]
        if self._random.random() < 0.0006:
            self._blowing = self._random.choice([0.0, 0.0, 0.4, 1.0])
        duty = self._duty(seen, target)
        self._last = seen
        above = self._block - self.ambient
        lost = (made.loss * max(above / 100.0, 0.01) ** 0.15 + self._blowing * made.fan * (target <= 0.0)) * above
        flow = made.exchange * (self._block - self._body)
        power = duty * made.power * (1.0 - made.droop * max(self._block - 25.0, 0.0))
        self._block += _STEP_S * (power - lost - flow) / made.capacity
        self._body += _STEP_S * (flow - made.body_loss * (self._body - self.ambient)) / made.body
        self._sensor += _STEP_S * (self._block - self._sensor) / made.lag
        self._line.append(self._sensor)
        self._line.popleft()
        self.at += _STEP_S


def fleet(printers: int = 6, heatings: int = 3, seed: int = 1) -> list[Recorded]:
    """Return the episodes of a fleet; every fourth printer has a heated chamber."""
    random_ = random.Random(seed)
    recorded: list[Recorded] = []
    for number in range(printers):
        kinds = (HeaterKind.TOOL, HeaterKind.BED, *((HeaterKind.CHAMBER,) if number % 4 == 0 else ()))
        for kind in kinds:
            recorded += _life(f"S{number:02d}", kind, heatings, random_)
    return recorded


def _life(printer: str, kind: HeaterKind, heatings: int, random_: random.Random) -> list[Recorded]:
    plant = Plant(design(random_, kind), random_)
    name = "tool0" if kind is HeaterKind.TOOL else str(kind)
    recorded: list[Recorded] = []

    def record(goal: Goal, target: float, seconds: float) -> None:
        samples = tuple(plant.run(target, seconds, goal.reached))
        reached_at = arrival(goal, samples)
        if reached_at is not None and samples and reached_at - samples[0].at >= 10.0:
            before = tuple(s for s in rest if samples[0].at - s.at <= 120.0)
            file = f"{printer}-{name}-{goal.direction}-{len(recorded) + 1}"
            recorded.append(Recorded(printer, name, kind, file, Episode(goal, before, samples, reached_at)))

    rest = list(plant.run(0.0, 40.0, lambda _: False))
    for _ in range(heatings):
        fitting = [target for target in _TARGETS[kind] if target < plant.hottest]
        if not fitting:
            break
        target = float(random_.choice(fitting))
        record(Goal(Direction.HEATING, target), target, 2400.0)
        rest = list(plant.run(target, random_.choice([30.0, 120.0, 300.0]), lambda _: False))
        record(Goal(Direction.COOLING, _COOLED[kind]), 0.0, 3600.0)
        rest = list(plant.run(0.0, random_.choice([15.0, 120.0, 600.0]), lambda _: False))
    return recorded
