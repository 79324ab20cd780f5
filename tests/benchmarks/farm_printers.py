"""Some printers of `tests.benchmarks.farm`, in one process.

python -m tests.benchmarks.farm_printers PORT SECONDS NAME …

Reads `heat` and `stop` from its input. Prints a line when the printers are connected, and one when all heaters are hot.
"""

from __future__ import annotations

import contextlib
import json
import select
import sys
import time
from collections import Counter
from math import exp
from typing import Any

from octoprint_temp_eta.bridge.protocol.effects import Publish
from tests.benchmarks.farm import HEATERS, ROOT
from tests.support.running_bridge import RunningBridge
from tests.support.waiting import eventually

#: s between two readings of a printer, as OctoPrint asks for them while a heater has a target.
EVERY_S = 2.0
AMBIENT = 22.0
TARGETS = {"tool0": 210.0, "tool1": 240.0, "bed": 60.0, "chamber": 45.0}
CONNECT_S = 120.0


class Printer:
    """A bridge with four heaters."""

    def __init__(self, name: str, port: int, phase: float, seconds: float) -> None:
        self.name = name
        self.sent = 0
        self.posted: list[tuple[str, float, float]] = []
        self._seconds = seconds
        self._next = time.monotonic() + phase
        self.heating_since: float | None = None
        self.bridge = RunningBridge(
            port,
            mqtt_custom_identifier=name,
            algorithm="linear",
            mqtt_publish_interval=1.0,
            ha_discovery_enabled=True,
        )
        self._publish = self.bridge.performers[Publish]
        self.bridge.performers[Publish] = self._count

    def run(self, now: float) -> None:
        """Post a reading if it is due."""
        if now < self._next:
            return
        self._next += EVERY_S
        hot = self.heating_since is not None
        self.bridge.read(**{heater: (self._actual(heater, now), TARGETS[heater] if hot else 0.0) for heater in HEATERS})

    def _actual(self, heater: str, now: float) -> float:
        """Return the temperature, which reaches the target after 80 % of the time, and note when it was read."""
        since = 0.0 if self.heating_since is None else now - self.heating_since
        share = (1 - exp(-2 * since / (0.8 * self._seconds))) / (1 - exp(-2))
        actual = round(min(AMBIENT + (TARGETS[heater] - AMBIENT) * share, TARGETS[heater]), 2)
        if since > 0 and actual < TARGETS[heater]:
            self.posted.append((f"{ROOT}/{self.name}/{heater}/eta", actual, now))
        return actual

    def _count(self, message: Publish) -> None:
        self.sent += message.topic.startswith(ROOT)
        self._publish(message)


def main() -> None:
    port, seconds, names = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    printers = [Printer(name, port, EVERY_S * index / len(names), seconds) for index, name in enumerate(names)]
    with contextlib.ExitStack() as stack:
        for printer in printers:
            stack.enter_context(printer.bridge)
        eventually(lambda: all(printer.bridge.connected for printer in printers), "the connections", CONNECT_S)
        _print(True)
        _run(printers, None)
        time.sleep(0.5)
        before = Counter({printer.name: printer.sent for printer in printers})
        started, cpu = time.monotonic(), time.process_time()
        for printer in printers:
            printer.heating_since = started
        _run(printers, started + seconds)
        time.sleep(1.0)  # the last messages
        sent = {printer.name: printer.sent - before[printer.name] for printer in printers}
        posted = [each for printer in printers for each in printer.posted]
        wall = time.monotonic() - started
        _print({"sent": sent, "posted": posted, "cpu": time.process_time() - cpu, "wall": wall})
        _run(printers, None)


def _run(printers: list[Printer], until: float | None) -> None:
    """Post readings until a time, or until a line of input."""
    while until is None or time.monotonic() < until:
        now = time.monotonic()
        for printer in printers:
            printer.run(now)
        if until is not None:
            time.sleep(0.005)
        elif select.select([sys.stdin], [], [], 0.005)[0]:
            sys.stdin.readline()
            return


def _print(value: Any) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main()
