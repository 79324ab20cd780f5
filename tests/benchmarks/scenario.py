"""The scenario of the comparisons: four heaters heat for 60 s, hold for 30 s and cool for 60 s, a reading every 2 s.

python -m tests.benchmarks.scenario METHOD [SECONDS]

Plays it on a bridge without OctoPrint and without a broker, and prints a JSON object: messages, their bytes, the CPU
seconds and, for the whole scenario, the millions of instructions under valgrind, which counts the same in each run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from octoprint_temp_eta.bridge.bridge import Bridge
from octoprint_temp_eta.bridge.protocol.effects import Learn, Publish
from octoprint_temp_eta.bridge.protocol.identity import Identity
from octoprint_temp_eta.bridge.protocol.inputs import (
    BrokerConnected,
    Delivered,
    Learned,
    Preset,
    Presets,
    PrinterChanged,
    Profile,
    Readings,
    Started,
    Tick,
)
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.core.estimation.methods import learn
from octoprint_temp_eta.settings.table import parse
from tests.demo.realistic_heaters import BED, HOTEND, STEP, Heater

HEATING_S, HOLDING_S, COOLING_S = 60, 30, 60
LASTING_S = HEATING_S + HOLDING_S + COOLING_S
EVERY_S, TICK_S = 2.0, 1.0
TARGETS = {"tool0": 200.0, "tool1": 200.0, "tool2": 200.0, "bed": 60.0}
#: OctoPrint's default presets.
PRESETS = (Preset("ABS", 210, 100), Preset("PLA", 180, 60))
_AMBIENT = 22.0
#: For processes that are measured: with bytecode, as pip installs a plugin; an empty value turns the variable off.
BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}
#: Seconds of the scenario after which everything is imported that it needs.
_STARTED_S = 2


@dataclass(frozen=True)
class Played:
    """What a bridge did in the scenario."""

    messages: int
    size: int
    cpu: float


def readings(seconds: float = LASTING_S) -> Iterator[tuple[float, Readings | None]]:
    """Yield each tick's second, with the reading that is due at it."""
    heaters = {name: Heater(BED if name == "bed" else HOTEND, _AMBIENT) for name in TARGETS}
    for tick in range(round(seconds / TICK_S)):
        second = tick * TICK_S
        on = second < HEATING_S + HOLDING_S
        due = second % EVERY_S == 0
        actuals = {name: (round(heater.reading(), 1), TARGETS[name] * on) for name, heater in heaters.items()}
        yield second, Readings(dict(actuals)) if due else None
        for _ in range(round(TICK_S / STEP)):
            for name, heater in heaters.items():
                heater.step(TARGETS[name] * on)


class Player:
    """A bridge with a broker that accepts everything, driven as the worker drives it. `learns`: as the learner does."""

    def __init__(self, algorithm: str, *, learns: bool = False) -> None:
        self.now = Now(1000.0, 1_795_188_600.0)
        settings = {"mqtt_broker_host": "broker", "mqtt_custom_identifier": "printer", "algorithm": algorithm}
        identity = Identity("4f1b9c02", "9f86d081884c7d65", "octopi", "Printer", "1.0.0", "1.11.8")
        self._bridge = Bridge(identity, parse(settings), {}, self.now)
        self.messages: list[Publish] = []
        self._learns = learns
        profile = Profile("_default", "Default", "Model", extruders=3, heated_bed=True)
        start = (Started(), BrokerConnected(1, "broker", 1883, "5"), Presets(PRESETS))
        for event in (*start, PrinterChanged("OPERATIONAL", connected=True, printing=False, profile=profile)):
            self.handle(event)

    def handle(self, event: object) -> None:
        """Handle an input, and the acknowledgements of what is published."""
        effects = self._bridge.handle(event, self.now)  # type: ignore[arg-type]
        for effect in effects:
            if isinstance(effect, Publish):
                self.messages.append(effect)
                self.handle(Delivered(1, effect.token or 0))
            elif isinstance(effect, Learn) and self._learns:
                self.handle(Learned(effect.place, learn(effect.kind, effect.state, effect.episode)))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now = Now(self.now.at + seconds, self.now.wall + seconds)


def play(algorithm: str, seconds: float = LASTING_S) -> Played:
    """Play the scenario, or its first `seconds`, from a connection that has just been made."""
    player = Player(algorithm)
    mark = len(player.messages)
    begin = time.process_time()
    for second, reading in readings(seconds):
        if second == _STARTED_S:
            begin = time.process_time()
        player.now = Now(1001.0 + second, 1_795_188_601.0 + second)
        if reading is not None:
            player.handle(reading)
        player.handle(Tick())
    cpu = time.process_time() - begin
    sent = player.messages[mark:]
    return Played(len(sent), sum(len(message.payload) for message in sent), cpu)


def instructions(algorithm: str) -> float | None:
    """Return the millions of instructions of the scenario, None without valgrind."""
    if shutil.which("valgrind") is None:
        return None
    return _counted(algorithm, LASTING_S) - _counted(algorithm, _STARTED_S)


def _counted(algorithm: str, seconds: float) -> float:
    tool = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
    command = (*tool, sys.executable, "-m", "tests.benchmarks.scenario", algorithm, str(seconds))
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    if found is None:
        raise RuntimeError(f"valgrind did not count:\n{done.stderr[-2000:]}")
    return int(found[1].replace(",", "")) / 1e6


def main() -> None:
    algorithm, *seconds = sys.argv[1:]
    played = play(algorithm, float(seconds[0]) if seconds else LASTING_S)
    shown: dict[str, float | None] = {"messages": played.messages, "bytes": played.size, "cpu": round(played.cpu, 3)}
    if not seconds:
        millions = instructions(algorithm)
        shown["million_instructions"] = None if millions is None else round(millions)
    print(json.dumps(shown))


if __name__ == "__main__":
    main()
