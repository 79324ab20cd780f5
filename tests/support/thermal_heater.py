"""A simulated heater for tests of the thermal model, in steps of 0.1 s. Its physics differ from the estimator's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from octoprint_temp_eta.core.estimation.estimator import Direction, Episode, Goal, Sample
from octoprint_temp_eta.core.heating.episode import arrival

STEP_S = 0.1


@dataclass
class SimulatedHeater:
    """A block with losses, a soaking body, a lagging sensor and a proportional controller; °C, K/s and s."""

    power: float = 3.4
    loss: float = 0.006
    exchange: float = 0.004
    body_s: float = 60.0
    lag_s: float = 2.0
    band: float = 12.0
    ambient: float = 22.0
    block: float = 22.0
    body: float = 22.0
    sensor: float = 22.0
    at: float = 0.0
    #: Share of the power that is effective, and an additional loss: used to simulate faults.
    works: float = 1.0
    draught: float = 0.0
    loose: bool = False

    def run(self, seconds: float, target: float, every: float = 1.0) -> Iterator[Sample]:
        """Yield the readings of `seconds` seconds, to 0.1 °C."""
        steps_between = round(every / STEP_S)
        for step in range(round(seconds / STEP_S)):
            if step % steps_between == 0:
                yield Sample(self.at, round(self.sensor, 1), target)
            self._step(target)

    def heat(self, target: float, *, before_s: float = 20.0, after_s: float = 15.0, most_s: float = 3000.0) -> Episode:
        """Return a complete heat-up to `target`."""
        before = tuple(self.run(before_s, 0.0))
        goal = Goal(Direction.HEATING, target)
        samples: list[Sample] = []
        left = after_s
        for sample in self.run(most_s, target):
            samples.append(sample)
            left -= sample.actual >= goal.threshold
            if left <= 0:
                break
        return Episode(goal, before, tuple(samples), arrival(goal, samples))

    def cool(self, to: float, *, before_s: float = 20.0, most_s: float = 4000.0) -> Episode:
        """Return a complete cool-down to `to` without power."""
        before = tuple(self.run(before_s, round(self.sensor)))
        goal = Goal(Direction.COOLING, to)
        samples: list[Sample] = []
        left = 10
        for sample in self.run(most_s, 0.0):
            samples.append(sample)
            left -= sample.actual <= to
            if left <= 0:
                break
        return Episode(goal, before, tuple(samples), arrival(goal, samples))

    def _step(self, target: float) -> None:
        holds = self.loss * (target - self.ambient) / self.power
        wanted = (target - self.sensor) / self.band + holds if target else 0.0
        power = self.power * self.works * min(max(wanted, 0.0), 1.0)
        flow = self.exchange * (self.block - self.body)
        self.block += STEP_S * (power - (self.loss + self.draught) * (self.block - self.ambient) - flow)
        self.body += STEP_S * (self.block - self.body) / self.body_s
        seen = self.ambient if self.loose else self.block
        self.sensor += STEP_S * (seen - self.sensor) / (20.0 if self.loose else self.lag_s)
        self.at += STEP_S


def hotend() -> SimulatedHeater:
    """Return a typical hotend."""
    return SimulatedHeater()


def bed() -> SimulatedHeater:
    """Return a typical bed."""
    return SimulatedHeater(power=0.4, loss=0.0025, exchange=0.006, body_s=90.0, lag_s=4.0, band=4.0)


Fault = Callable[[SimulatedHeater], None]


def cartridge_fails(heater: SimulatedHeater) -> None:
    """Simulate a failed heater cartridge: no power."""
    heater.works = 0.0


def thermistor_comes_loose(heater: SimulatedHeater) -> None:
    """Simulate a sensor without contact to the block."""
    heater.loose = True


def door_is_opened(heater: SimulatedHeater) -> None:
    """Simulate a draught that removes most of the power."""
    heater.draught = 0.9 * heater.power / max(heater.block - heater.ambient, 5.0)
