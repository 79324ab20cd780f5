"""Measures how long OctoPrint takes to stop: without the plugin, with it, and with a frozen broker.

python -m tests.benchmarks.shutdown [RUNS]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from tests.conftest import plugin_settings
from tests.support.broker import Broker
from tests.support.octoprint import DISABLED_PLUGINS, OctoPrint
from tests.support.waiting import eventually

RUNS = 5
CASES = ("without the plugin", "with the plugin", "with a frozen broker")


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    seconds: dict[str, list[float]] = {case: [] for case in CASES}
    with Broker() as broker:
        for _ in range(runs):
            for case in CASES:
                seconds[case].append(stop(case, broker))
    bare = statistics.median(seconds[CASES[0]])
    print(f"{'OctoPrint stops':24}{'median':>8}{'worst':>8}{'more':>8}   s, {runs} runs")
    for case, taken in seconds.items():
        median = statistics.median(taken)
        print(f"{case:24}{median:8.2f}{max(taken):8.2f}{median - bare:8.2f}")
    return 0


def stop(case: str, broker: Broker) -> float:
    """Return the s from the signal to the end of the process."""
    off = case == CASES[0]
    config = {"plugins": {"_disabled": [*DISABLED_PLUGINS, "temp_eta"]}} if off else {}
    with OctoPrint(plugins={"temp_eta": plugin_settings(broker.port)}, config=config) as octoprint:
        if not off:
            eventually(lambda: octoprint.get("/api/plugin/temp_eta")["mqtt"]["connected"], "the connection")
        octoprint.gcode("M140 S60")
        with frozen(broker) if case == CASES[2] else nullcontext():
            started = time.perf_counter()
            octoprint.stop()
            return time.perf_counter() - started


@contextmanager
def frozen(broker: Broker) -> Iterator[None]:
    broker.freeze()
    try:
        yield
    finally:
        broker.resume()


if __name__ == "__main__":
    sys.exit(main())
