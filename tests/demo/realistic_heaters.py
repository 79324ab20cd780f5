"""A single-file OctoPrint plugin that gives the virtual printer realistic heaters.

OctoPrint's virtual printer heats all heaters at a constant 10 °C/s, so there is nothing to estimate. Here each heater
consists of two bodies, the heating element and the body with the sensor, with a dead time and PID control.
M109 and M190 wait for these heaters too. HEATERS_SPEED accelerates their time.
"""

from __future__ import annotations

import os
import random
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

__plugin_name__ = "Realistic heaters"
__plugin_version__ = "1.0.0"
__plugin_description__ = "Thermal model for the virtual printer"
__plugin_license__ = "AGPLv3"
__plugin_pythoncompat__ = ">=3.11,<4"

STEP = 0.1  # s


@dataclass(frozen=True)
class Physics:
    """A heater: full power in °C/s of the whole, times in s, the element's share of the heat capacity, noise in °C."""

    power: float
    loss_time: float
    exchange_time: float
    dead_time: float
    element_share: float
    noise: float


HOTEND = Physics(power=3.6, loss_time=170, exchange_time=3, dead_time=1.2, element_share=0.35, noise=0.06)
BED = Physics(power=0.62, loss_time=420, exchange_time=7, dead_time=2, element_share=0.25, noise=0.03)


class Heater:
    """One heater: `step` advances it by `STEP` seconds, `reading` is its sensor's value in °C."""

    def __init__(self, physics: Physics, ambient: float) -> None:
        self._physics = physics
        self._ambient = ambient
        self._element = self._body = ambient
        self._last_body = ambient
        self._integral = 0.0
        self._on_the_way = deque([0.0] * round(physics.dead_time / STEP))
        self._noise = random.Random(physics.power)  # the same run each time

    def step(self, target: float) -> None:
        self._on_the_way.append(self._duty(target))
        duty = self._on_the_way.popleft()
        physics = self._physics
        share = physics.element_share
        flow = (self._element - self._body) / physics.exchange_time
        loss = (self._body - self._ambient) / physics.loss_time / (1 - share)
        self._last_body = self._body
        self._element += STEP * (physics.power * duty / share - flow * (1 - share))
        self._body += STEP * (flow * share - loss)

    def reading(self) -> float:
        return self._body + self._noise.gauss(0, self._physics.noise)

    def _duty(self, target: float) -> float:
        """Return the power, 0…1, as Marlin's PID does: full power until the last degrees, none without a target."""
        physics = self._physics
        gap = target - self._body
        lead = physics.dead_time + physics.exchange_time / 2
        band = 2 * physics.power * lead
        if target <= 0 or gap < -band:
            self._integral = 0.0
            return 0.0
        if gap > band:
            self._integral = 0.0
            return 1.0
        rate = (self._body - self._last_body) / STEP
        holding = (target - self._ambient) / physics.loss_time / physics.power
        self._integral = min(1.0, max(-1.0, self._integral + STEP * gap / band / 40))
        return min(1.0, max(0.0, holding + gap / band + self._integral - rate * lead / band))


class Heaters:
    """The heaters of `printer`, a VirtualPrinter: `advance` replaces its own simulation."""

    def __init__(self, printer: Any) -> None:
        self._printer = printer
        ambient = printer._ambient_temperature
        self._tools = [Heater(HOTEND, ambient) for _ in printer.temp]
        self._bed = Heater(BED, ambient)
        self._speed = float(os.environ.get("HEATERS_SPEED", "1"))
        self._until = self._now()

    def advance(self, delta: float = 0.0) -> None:
        """Advance all heaters to the present; `delta` belongs to the replaced method and is not used."""
        printer = self._printer
        now = self._now()
        if now - self._until < STEP:
            return
        while now - self._until >= STEP:
            self._until += STEP
            for tool, target in zip(self._tools, printer.targetTemp, strict=True):
                tool.step(target)
            self._bed.step(printer.bedTargetTemp)
        printer.temp[:] = [tool.reading() for tool in self._tools]
        printer.bedTemp = self._bed.reading()

    def _now(self) -> float:
        return time.monotonic() * self._speed


def serial_factory(comm: Any, port: str, baudrate: int, read_timeout: float) -> Any:
    """Return the virtual printer with our heaters, None for any other port."""
    from octoprint.plugin import plugin_manager

    virtual = plugin_manager().get_plugin_info("virtual_printer")
    if virtual is None or virtual.implementation is None:
        return None
    printer = virtual.implementation.virtual_printer_factory(comm, port, baudrate, read_timeout)
    if printer is not None:
        printer._simulateTemps = Heaters(printer).advance
    return printer


# Before the virtual printer's own factory, which has the default order.
__plugin_hooks__ = {"octoprint.comm.transport.serial.factory": (serial_factory, 1)}
