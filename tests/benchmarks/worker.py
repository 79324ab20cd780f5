"""What the plugin does behind the printer callback: python -m tests.benchmarks.worker

Prints three tables: what a reading costs the worker with each method, how long a change takes to reach a subscriber,
and the memory that OctoPrint takes.
"""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Sequence

from octoprint_temp_eta.adapters.inbox import CAPACITY, Inbox
from octoprint_temp_eta.bridge.inputs import Readings
from tests.benchmarks.__main__ import BASE, CONFIG, TIMER, plugin_settings, table
from tests.support.bridge_driver import BridgeDriver
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import DISABLED_PLUGINS, OctoPrint
from tests.support.station import BASE as STATION
from tests.support.station import Station

METHODS = ("linear", "exponential", "model")
READINGS, CHANGES, CALLS = 1200, 200, 1000
LOGGER = logging.getLogger("benchmark")


def reading(second: float) -> Readings:
    """Return three heaters on their way up."""
    return Readings(
        {"tool0": (22 + second / 8, 220.0), "tool1": (25 + second / 9, 220.0), "bed": (22 + second / 20, 90.0)}
    )


def costs(method: str) -> list[float]:
    """Return the ms of CPU that a reading of three heaters and a look for REST take: median and 99 % of each."""
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


def puts() -> list[float]:
    """Return the median and 99 % of the µs of CPU that a reading takes to be left in the inbox."""
    inbox, values = Inbox(), []
    for second in range(CAPACITY - 1):
        event = reading(second)
        begin = time.thread_time()
        inbox.put(event)
        values.append(time.thread_time() - begin)
    return [1e6 * part for part in shares(values)]


def latency(broker: Broker) -> list[float]:
    """Return the median and 99 % of the ms from a reading that changes a state until a subscriber has the message."""
    values = []
    with Station(broker.port) as station, Observer(broker.listener, base=STATION) as observer:
        observer.wait_for(f"{STATION}/status", lambda message: message.text == "online")
        for change in range(CHANGES):
            target, mark = 60.0 + change, observer.mark()
            begin = time.monotonic()
            station.read(bed=(22.0, target))
            message = observer.wait_for(
                f"{STATION}/bed/eta", lambda message, target=target: message.json["target"] == target, since=mark
            )
            values.append(message.at - begin)
    return [1e3 * part for part in shares(values)]


def memory(broker: Broker) -> list[tuple[str, float]]:
    """Return the MiB that OctoPrint takes: without the plugin, with it, and after many readings."""
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
    median, most = puts()
    print(f"\nTo leave a reading in the inbox takes {median:.1f} µs (99 %: {most:.1f} µs).")
    with Broker() as broker:
        median, most = latency(broker)
        print(f"\nA change of state has reached a subscriber after {median:.1f} ms (99 %: {most:.1f} ms).")
        print("\nResident memory of OctoPrint, MiB\n")
        table("", "MiB")
        for name, figure in memory(broker):
            print(f"| {name} | {figure:.0f} |", flush=True)


if __name__ == "__main__":
    main()
