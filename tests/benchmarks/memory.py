"""Measures the memory of each part, and over a simulated week: python -m tests.benchmarks.memory [METHOD ...]

Resident memory in MiB. The parts are imported one after the other, beside OctoPrint's server. In the week, a printer
with four heaters heats up and cools down twice a day, with a reading every 2 s and everything that is learned.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.scenario import BYTECODE, EVERY_S, TARGETS, Player
from tests.support.thermal_heater import SimulatedHeater

METHODS = ("linear", "model")
DAYS, PRINTS, DAY_S = 7, 2, 86_400
#: Seconds of heating with its print, and of cooling.
PRINTING_S, COOLING_S = 2400, 3600
#: What is imported in this order, and its name.
PARTS = (
    ("octoprint.server", "OctoPrint's server"),
    ("paho.mqtt.client", "paho-mqtt"),
    ("octoprint_temp_eta.plugin.plugin", "the plugin"),
    ("octoprint_temp_eta.adapters.broker.mqtt", "its connection"),
    ("octoprint_temp_eta.messages.contract.validation", "jsonschema (with the first command)"),
    ("numpy.linalg", "numpy (with the method model)"),
    ("octoprint_temp_eta.core.estimation.thermal.model", "the method model"),
)


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


def parts() -> dict[str, float]:
    """Return the MiB that each part adds, in a process of its own."""
    program = (
        "import importlib, json, sys\n"
        "def resident(): return int(open('/proc/self/status').read().split('VmRSS:')[1].split()[0]) / 1024\n"
        "found, before = {}, resident()\n"
        "for module, name in json.loads(sys.argv[1]):\n"
        "    importlib.import_module(module); now = resident(); found[name] = now - before; before = now\n"
        "print(json.dumps(found))"
    )
    _run("-c", program, json.dumps(PARTS))  # writes the bytecode
    return dict(json.loads(_run("-c", program, json.dumps(PARTS))))


def _day() -> Iterator[dict[str, tuple[float, float]]]:
    """Yield the readings of a day: actual and target by heater."""
    heaters = {name: SimulatedHeater(power=0.6 if name == "bed" else 3.4) for name in TARGETS}
    for second in range(0, DAY_S, int(EVERY_S)):
        since = second % (DAY_S // PRINTS)
        moves = since < PRINTING_S + COOLING_S
        actuals = {}
        for name, heater in heaters.items():
            target = TARGETS[name] if since < PRINTING_S else 0.0
            # At rest, the simulation is not needed.
            moved = list(heater.run(EVERY_S, target, every=EVERY_S)) if moves else ()
            actuals[name] = (moved[0].actual if moved else round(heater.sensor, 1), target)
        yield actuals


def week(algorithm: str) -> list[float]:
    """Return the resident MiB of this process at the start, and after each day."""
    from octoprint_temp_eta.bridge.protocol.inputs import Readings, Tick

    player = Player(algorithm, learns=True)
    found = [resident()]
    for _ in range(DAYS):
        for actuals in _day():
            player.advance(EVERY_S)
            player.handle(Readings(dict(actuals)))
            player.handle(Tick())
        player.messages.clear()
        found.append(resident())
    return found


def _run(*arguments: str) -> str:
    environment = {**os.environ, **BYTECODE}
    return subprocess.run(
        [sys.executable, *arguments], check=True, capture_output=True, text=True, env=environment
    ).stdout


def main() -> None:
    if sys.argv[1:2] == ["--week"]:
        print(json.dumps(week(sys.argv[2])))
        return
    print("| part | MiB |\n|---|---|")
    for name, mib in parts().items():
        print(f"| {name} | {mib:.1f} |")
    print(f"\n| after days | {' | '.join(map(str, range(DAYS + 1)))} |\n|---{'|---' * (DAYS + 1)}|", flush=True)
    for method in sys.argv[1:] or METHODS:
        days = json.loads(_run("-m", "tests.benchmarks.memory", "--week", method))
        print(f"| {method} | {' | '.join(f'{mib:.1f}' for mib in days)} |", flush=True)


if __name__ == "__main__":
    main()
