"""Many printers on one broker: delivery, latency, load, and a restart of the broker while all of them heat.

python -m tests.benchmarks.farm [PRINTERS ...] [--seconds S]        by default 1, 10, 50, 100 and 200 printers, 60 s

Each printer is a bridge with its own connection, worker and four heaters, without OctoPrint; several share a process.
All clocks are the machine's monotonic one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
import psutil

from tests.support.broker import Broker
from tests.support.contract import PROJECT
from tests.support.mqtt_client import VERSION
from tests.support.waiting import eventually

PER_PROCESS = 25
HEATERS = ("tool0", "tool1", "bed", "chamber")
ROOT = "octoprint/temp_eta"
#: s until all printers are connected, and until all are back after the broker's restart.
CONNECT_S, BACK_S = 120.0, 60.0
#: The subscriber that measures must not lose messages because it is slow.
UNLIMITED = ("max_queued_messages 0", "max_inflight_messages 0", "log_type all", "log_timestamp true")


@dataclass
class Subscriber:
    """Receives every message of the printers: times by topic and temperature, and how many by printer."""

    port: int
    received: dict[tuple[str, float], float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        client = self._client = mqtt.Client(**VERSION)
        client.reconnect_delay_set(min_delay=1, max_delay=1)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.connect("127.0.0.1", self.port, keepalive=60)
        client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def restart_counting(self) -> None:
        """Remove what was received."""
        for each in (self.received, self.first, self.counts, self.reached):
            each.clear()

    @property
    def total(self) -> int:
        """How many messages were received."""
        return sum(list(self.counts.values()))  # a copy: the client's thread goes on

    def online(self, printers: list[str]) -> bool:
        """Whether the status and all heaters of the printers were received."""
        topics = [f"{ROOT}/{name}/{topic}" for name in printers for topic in ("status", *(f"{h}/eta" for h in HEATERS))]
        return all(topic in self.first for topic in topics)

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(f"{ROOT}/#", 1)

    def _on_message(self, _client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        at, topic = time.monotonic(), message.topic
        printer, _, rest = topic.removeprefix(f"{ROOT}/").partition("/")
        self.counts[printer] += 1
        if topic.endswith("/status") and message.payload != b"online":
            return
        self.first.setdefault(topic, at)
        if rest.endswith("/eta"):
            self.received.setdefault((topic, json.loads(message.payload)["actual"]), at)
        elif rest.endswith("/state_change") and json.loads(message.payload)["state"] == "at_target":
            self.reached[topic] += 1


@dataclass
class Result:
    """What was measured with a number of printers."""

    printers: int
    #: Messages per s, and how many were sent but not received.
    rate: float
    lost: int
    #: Heaters of which not exactly one message reported that they reached the target.
    missed: int
    #: ms from a reading to the subscriber: median, 95 %, maximum.
    latency: tuple[float, float, float]
    #: % of a core: per printer, and of the broker; MiB of the broker.
    printer_cpu: float
    broker_cpu: float
    broker_memory: float
    #: s until all were back after a restart of the broker; most connections in a second; attempts.
    back: float
    peak: int
    attempts: int


class Farm:
    """Child processes with the printers."""

    def __init__(self, names: list[str], port: int, seconds: float) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.farm_printers", str(port), str(seconds)]
        groups = [names[start : start + PER_PROCESS] for start in range(0, len(names), PER_PROCESS)]
        self._children = [
            subprocess.Popen(
                [*command, *group], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
            )
            for group in groups
        ]

    def send(self, word: str) -> None:
        """Send a line to all children."""
        for child in self._children:
            assert child.stdin is not None
            child.stdin.write(f"{word}\n")

    def read(self) -> list[Any]:
        """Return the next line of each child, as JSON."""
        return [json.loads(child.stdout.readline()) for child in self._children if child.stdout is not None]

    def close(self) -> None:
        """Stop the printers."""
        self.send("stop")
        for child in self._children:
            child.wait(60)


def measure(printers: int, seconds: float) -> Result:
    """Heat all heaters of that number of printers, then restart the broker."""
    names = [f"farm-{number:03}" for number in range(printers)]
    with Broker(options=UNLIMITED) as broker:
        subscriber = Subscriber(broker.port)
        farm = Farm(names, broker.port, seconds)
        try:
            farm.read()
            eventually(lambda: subscriber.online(names), "all printers", CONNECT_S)
            time.sleep(3.0)  # the rest of the messages that follow a connection
            subscriber.restart_counting()
            process = _mosquitto()
            before = process.cpu_times()
            farm.send("heat")
            reports = farm.read()
            after, memory = process.cpu_times(), process.memory_info().rss / 2**20
            sent = Counter({name: count for report in reports for name, count in report["sent"].items()})
            eventually(lambda: subscriber.total >= sent.total(), "all messages", 20)
            latencies = _latencies(reports, subscriber)
            reached = Counter(dict(subscriber.reached))
            missed = sum(reached[f"{ROOT}/{name}/{heater}/state_change"] != 1 for name in names for heater in HEATERS)
            lost = (sent - subscriber.counts).total()
            back, peak, attempts = _restart(broker, subscriber, names)
        finally:
            farm.close()
            subscriber.close()
    wall = statistics.fmean(report["wall"] for report in reports)
    return Result(
        printers,
        sent.total() / wall,
        lost,
        missed,
        (statistics.median(latencies), statistics.quantiles(latencies, n=20, method="inclusive")[-1], max(latencies)),
        100 * sum(report["cpu"] for report in reports) / wall / printers,
        100 * (after.user + after.system - before.user - before.system) / wall,
        memory,
        back,
        peak,
        attempts,
    )


def _restart(broker: Broker, subscriber: Subscriber, names: list[str]) -> tuple[float, int, int]:
    """Restart the broker; return after how many s all are back, the most connections in one second, and attempts."""
    broker.stop()
    time.sleep(5.0)
    subscriber.restart_counting()
    started = time.monotonic()
    broker.start()
    eventually(lambda: subscriber.online(names), "all printers after the restart", BACK_S)
    log = broker.log()
    accepted = Counter(re.findall(r"^(\d+): New client connected from \S+ as \S*farm-", log, re.MULTILINE))
    return max(subscriber.first.values()) - started, max(accepted.values(), default=0), accepted.total()


def _latencies(reports: list[Any], subscriber: Subscriber) -> list[float]:
    """Return the ms from posting a reading to receiving the message with its temperature."""
    posted = {(topic, actual): at for report in reports for topic, actual, at in report["posted"]}
    return [1000 * (at - posted[key]) for key, at in list(subscriber.received.items()) if key in posted]


def _mosquitto() -> psutil.Process:
    """Return the newest broker of this process: in the tests there may be others."""
    found = [each for each in psutil.Process().children(recursive=True) if "mosquitto" in each.name()]
    return max(found, key=lambda process: process.create_time())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("printers", nargs="*", type=int, default=[1, 10, 50, 100, 200])
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", file=sys.stderr)
    print(
        "| printers | messages/s | lost | latency, ms: median | 95 % | maximum | CPU per printer, % of a core "
        "| broker: CPU, % | broker: MiB | restart: all back after s | connections in a second |"
    )
    print("|" + "---|" * 11)
    for printers in arguments.printers:
        found = measure(printers, arguments.seconds)
        median, most, maximum = found.latency
        print(
            f"| {printers} | {found.rate:.1f} | {found.lost + found.missed} "
            f"| {median:.1f} | {most:.1f} | {maximum:.0f} "
            f"| {found.printer_cpu:.2f} | {found.broker_cpu:.1f} | {found.broker_memory:.1f} | {found.back:.1f} "
            f"| {found.peak} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
