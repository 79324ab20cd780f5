"""Measures what the plugin costs OctoPrint, with a broker in every state: python -m tests.benchmarks

Prints three tables: the duration of the printer callback, which runs in OctoPrint's serial thread; the time to start,
heat and stop; and a script's round trip to the printer. The figures of one run are in
docs/background/performance.md.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import script_round_trip
from tests.conftest import BASE, plugin_settings
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import DISABLED_PLUGINS, OctoPrint
from tests.support.waiting import eventually

CALLS, CHUNK = 10_000, 1_000
ROUNDS = 3
TIMER = Path(__file__).with_name("callback_timer.py")
#: A reading every second, which limits the resolution of the heating time.
CONFIG = {"serial": {"timeout": {"temperatureAutoreport": 1}}}


@dataclass(frozen=True)
class Setup:
    """A state of the broker: `prepare` establishes it before OctoPrint starts, `disturb` after."""

    name: str
    plugin: bool = True
    prepare: Callable[[Broker], None] = lambda _: None
    disturb: Callable[[Broker, OctoPrint], None] = lambda _, __: None

    @property
    def connects(self) -> bool:
        """Whether the plugin can connect at first."""
        return self.plugin and self.prepare not in {Broker.stop, Broker.freeze}


def switch_off(_: Broker, octoprint: OctoPrint) -> None:
    octoprint.save_plugin_settings("temp_eta", {"mqtt_enabled": False})


def freeze_and_switch_off(broker: Broker, octoprint: OctoPrint) -> None:
    broker.freeze()
    switch_off(broker, octoprint)


SETUPS = (
    Setup("without the plugin", plugin=False),
    Setup("broker there"),
    Setup("never there", prepare=Broker.stop),
    Setup("frozen from the start", prepare=Broker.freeze),
    Setup("stopped meanwhile", disturb=lambda broker, _: broker.stop()),
    Setup("frozen meanwhile", disturb=lambda broker, _: broker.freeze()),
    Setup("switched off meanwhile", disturb=switch_off),
    Setup("frozen, then switched off", disturb=freeze_and_switch_off),
)


@contextmanager
def started(setup: Setup) -> Iterator[tuple[OctoPrint, float]]:
    """Yield an OctoPrint in this state, and its start time in s."""
    disabled = DISABLED_PLUGINS if setup.plugin else (*DISABLED_PLUGINS, "temp_eta")
    with Broker() as broker:
        plugins = {"temp_eta": plugin_settings(broker.port, mqtt_publish_interval=1.0)}
        config = {**CONFIG, "plugins": {"_disabled": list(disabled)}}
        setup.prepare(broker)
        octoprint = OctoPrint(plugins=plugins, config=config, plugin_files=[TIMER])
        begin = time.monotonic()
        with octoprint:
            seconds = time.monotonic() - begin
            if setup.connects:
                with Observer(broker.listener) as observer:
                    observer.wait_for(f"{BASE}/status", lambda message: message.text == "online")
            setup.disturb(broker, octoprint)
            yield octoprint, seconds


def durations(setup: Setup) -> tuple[float, float, float]:
    """Return the seconds to start, to heat the bed from 21 to 60 °C, and to stop."""
    with started(setup) as (octoprint, start):
        begin = time.monotonic()
        octoprint.gcode("M140 S60")
        eventually(lambda: octoprint.actual("bed") >= 59, "the bed to be hot", timeout=60)
        heated = time.monotonic()
        if not octoprint.stop():
            raise RuntimeError(f"{setup.name}: OctoPrint did not end on its own")
        return start, heated - begin, time.monotonic() - heated


def callback(setup: Setup) -> tuple[list[float], list[float]]:
    """Return the µs of each call of the printer callback while the heaters heat or are hot, sorted.

    The second list has calls of the same length that do nothing, as a control for the machine's noise.
    """
    with started(setup) as (octoprint, _):
        octoprint.gcode("M140 S60", "M104 S200")
        body: dict[str, Any] = {"command": "measure", "calls": CHUNK}
        replies = [octoprint.post("/api/plugin/callback_timer", body) for _ in range(CALLS // CHUNK)]
    ours, control = (
        sorted(seconds * 1e6 for reply in replies for seconds in reply[kind]) for kind in ("callback", "control")
    )
    return ours, control


def table(*titles: str) -> None:
    """Print the head of a table."""
    print(f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|")


def main() -> None:
    print(f"The printer callback, {CALLS} calls, µs\n")
    table("broker", "median", "99 %", "99.9 %", "worst", "99.9 % of a call that does nothing", "worst of those")
    for setup in SETUPS[1:]:
        ours, control = callback(setup)
        figures = [ours[int(CALLS * share)] for share in (0.5, 0.99, 0.999)]
        figures += [ours[-1], control[int(CALLS * 0.999)], control[-1]]
        print(f"| {setup.name} | {' | '.join(f'{figure:.0f}' for figure in figures)} |", flush=True)
    print(f"\nOctoPrint, median of {ROUNDS}, s\n")
    table("broker", "start", "heat", "stop")
    for setup in SETUPS:
        rounds = [durations(setup) for _ in range(ROUNDS)]
        figures = [statistics.median(column) for column in zip(*rounds, strict=True)]
        print(f"| {setup.name} | {' | '.join(f'{figure:.1f}' for figure in figures)} |", flush=True)
    script_round_trip.main()


if __name__ == "__main__":
    main()
