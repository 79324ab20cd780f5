"""Measures the worker thread: python -m tests.benchmarks.worker

Prints what delays a callback, the CPU time of a reading with each method, the latency of a change to a subscriber,
and OctoPrint's memory. The figures of one run are in docs/background/performance.md.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Sequence

from octoprint_temp_eta.bridge.protocol.inputs import Readings
from tests.benchmarks.__main__ import CONFIG, TIMER, table
from tests.conftest import BASE, plugin_settings
from tests.support.bridge_driver import BridgeDriver
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import DISABLED_PLUGINS, OctoPrint
from tests.support.running_bridge import BASE as BRIDGE_BASE
from tests.support.running_bridge import RunningBridge
from tests.support.waiting import eventually

METHODS = ("linear", "exponential", "model")
READINGS, CHANGES, CALLS = 1200, 200, 1000
POSTS, PAUSE = 10_000, 0.001


def reading(second: float) -> Readings:
    """Return a reading of three heating heaters."""
    return Readings(
        {"tool0": (22 + second / 8, 220.0), "tool1": (25 + second / 9, 220.0), "bed": (22 + second / 20, 90.0)}
    )


def costs(method: str) -> list[float]:
    """Return the CPU time in ms of a reading of three heaters and of a REST snapshot: median and 99 % of each."""
    driver = BridgeDriver(algorithm=method, mqtt_publish_interval=1.0)
    driver.connect()
    driver.printer()
    readings, looks = [], []
    for second in range(READINGS):
        driver.advance(1.0, tick=1.0)
        begin = time.thread_time()
        driver.bridge.handle(reading(second), driver.now)
        middle = time.thread_time()
        driver.bridge.snapshot(driver.now)
        looks.append(time.thread_time() - middle)
        readings.append(middle - begin)
    return [1e3 * part for values in (readings, looks) for part in shares(values)]


def waits(broker: Broker) -> list[float]:
    """Return of `POSTS` readings that were left for the worker: the worst µs, its worst µs of CPU, how often the caller
    waited (for a lock, or for another thread of Python), and how often the system put another process in its place.
    """
    walls, cpus, waited, interrupted = [], [], 0, 0
    with RunningBridge(broker.port) as bridge:
        eventually(lambda: bridge.connected, "the connection")
        for number in range(POSTS):
            heaters = reading(number / 10).heaters
            before, cpu, begin = resource.getrusage(resource.RUSAGE_THREAD), time.thread_time(), time.perf_counter()
            bridge.read(**heaters)
            walls.append(time.perf_counter() - begin)
            cpus.append(time.thread_time() - cpu)
            after = resource.getrusage(resource.RUSAGE_THREAD)
            waited += after.ru_nvcsw > before.ru_nvcsw
            interrupted += after.ru_nivcsw > before.ru_nivcsw
            time.sleep(PAUSE)
    return [1e6 * max(walls), 1e6 * max(cpus), waited, interrupted]


def heard_after(target: float, bridge: RunningBridge, observer: Observer) -> float:
    """Return the s from a reading with a new target until the observer receives the message."""
    mark, begin = observer.mark(), time.monotonic()
    bridge.read(bed=(22.0, target))
    message = observer.wait_for(f"{BRIDGE_BASE}/bed/eta", lambda message: message.json["target"] == target, since=mark)
    return message.at - begin


def latency(broker: Broker) -> list[float]:
    """Return the latency in ms from a reading that changes a state to a subscriber: median and 99 %."""
    values = []
    with RunningBridge(broker.port) as bridge, Observer(broker.listener, base=BRIDGE_BASE) as observer:
        observer.wait_for(f"{BRIDGE_BASE}/status", lambda message: message.text == "online")
        for change in range(CHANGES):
            values.append(heard_after(60.0 + change, bridge, observer))
    return [1e3 * part for part in shares(values)]


def memory(broker: Broker) -> list[tuple[str, float]]:
    """Return OctoPrint's memory in MiB: without the plugin, with it, and after many readings."""
    plugins = {"temp_eta": plugin_settings(broker.port)}
    without = {**CONFIG, "plugins": {"_disabled": [*DISABLED_PLUGINS, "temp_eta"]}}
    with OctoPrint(plugins=plugins, config=without, plugin_files=[TIMER]) as octoprint:
        found = [("without the plugin", octoprint.resident_memory)]
    with OctoPrint(plugins=plugins, config=CONFIG, plugin_files=[TIMER]) as octoprint:
        with Observer(broker.listener) as observer:
            observer.wait_for(f"{BASE}/bed/eta")
        found.append(("with the plugin", octoprint.resident_memory))
        octoprint.gcode("M140 S60", "M104 S200")
        for number in range(1, 11):
            octoprint.post("/api/plugin/callback_timer", {"command": "measure", "calls": CALLS})
            if number in (1, 5, 10):
                found.append((f"after {number * CALLS} readings", octoprint.resident_memory))
    return found


def shares(values: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 99 % of `values`."""
    return statistics.median(values), sorted(values)[int(len(values) * 0.99)]


def main() -> None:
    print(f"A reading of three heaters, {READINGS} of them, ms of the worker's CPU time\n")
    table("method", "reading: median", "99 %", "look for REST: median", "99 %")
    for method in METHODS:
        print(f"| {method} | {' | '.join(f'{figure:.2f}' for figure in costs(method))} |", flush=True)
    with Broker() as broker:
        worst, cpu, waited, interrupted = waits(broker)
        print(
            f"\nOf {POSTS} readings left for the worker the slowest took {worst:.0f} µs, {cpu:.0f} µs of CPU at most;"
        )
        print(
            f"{waited:.0f} waited for the worker or another thread, {interrupted:.0f} were interrupted by the system."
        )
        median, most = latency(broker)
        print(f"\nA change of state has reached a subscriber after {median:.1f} ms (99 %: {most:.1f} ms).")
        print("\nResident memory of OctoPrint, MiB\n")
        table("", "MiB")
        for name, figure in memory(broker):
            print(f"| {name} | {figure:.0f} |", flush=True)


if __name__ == "__main__":
    main()
