"""Measures what the plugin costs beside a bare OctoPrint in the same run: python -m tests.benchmarks.side_by_side

Several OctoPrints run the scenario at the same time, see `scenario`: some without the plugin, some with the method
`model`, some with `linear`, and some with `linear` and numpy, which shows numpy's share of the memory. One more, with
`model` too, publishes every reading raw as well: these messages are the comparison for the latency. The figures of one
run are in docs/background/performance.md.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.benchmarks import scenario
from tests.conftest import HEATERS, plugin_settings
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer, Received
from tests.support.octoprint import DISABLED_PLUGINS, OctoPrint

RAW, NUMPY_USER = (Path(__file__).with_name(name) for name in ("raw_publisher.py", "numpy_user.py"))
TOOLS = [name for name in scenario.TARGETS if name != "bed"]
#: Seconds after a start until OctoPrint has come to rest, and starts of each.
SETTLING_S, STARTS = 8.0, 6
#: OctoPrints of each kind at the same time, as their memory differs by some 0.1 MiB.
COPIES = 4
SERIAL = {"serial": {"timeout": {"temperatureAutoreport": scenario.EVERY_S}}}


@dataclass(frozen=True)
class Variant:
    """An OctoPrint of the comparison; without `settings` it is bare. `plugin`: a single-file plugin beside ours."""

    name: str
    settings: Mapping[str, Any] | None = None
    plugin: Path | None = None

    def octoprint(self, port: int, kind: type[OctoPrint] = OctoPrint) -> OctoPrint:
        """Return it, not started yet."""
        disabled = DISABLED_PLUGINS if self.settings is not None else (*DISABLED_PLUGINS, "temp_eta")
        return kind(
            plugins={
                "temp_eta": plugin_settings(port, **self._ours),
                "virtual_printer": {"numExtruders": len(TOOLS)},
                "raw_publisher": {"port": port},
            },
            config=SERIAL | {"plugins": {"_disabled": list(disabled)}},
            extruders=len(TOOLS),
            plugin_files=[HEATERS, *([self.plugin] if self.plugin else [])],
            environment=scenario.BYTECODE,
        )

    @property
    def _ours(self) -> dict[str, Any]:
        return {"mqtt_publish_interval": 1.0, "mqtt_custom_identifier": self.name, **(self.settings or {})}


BARE = Variant("bare")
MODEL, LINEAR = Variant("model", {"algorithm": "model"}), Variant("linear", {"algorithm": "linear"})
NUMPY = Variant("linear-numpy", {"algorithm": "linear"}, NUMPY_USER)
LATENCY = Variant("latency", {"algorithm": "model"}, RAW)


@dataclass
class Cost:
    """What the scenario costs one OctoPrint: CPU seconds, MiB before and after, messages and their bytes."""

    cpu: float = 0.0
    before: float = 0.0
    after: float = 0.0
    messages: int = 0
    size: int = 0
    #: By topic, without the base topic: messages.
    topics: dict[str, int] = field(default_factory=dict)

    def count(self, topic: str, size: int) -> None:
        """Count a message of `size` bytes on `topic`."""
        self.messages += 1
        self.size += size
        self.topics[topic] = self.topics.get(topic, 0) + 1

    @property
    def points(self) -> float:
        """Its CPU time in % of a core."""
        return 100.0 * self.cpu / scenario.LASTING_S


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a running process in s, to the nanosecond: its clock as in clock_getcpuclockid."""
    return time.clock_gettime((~pid << 3) | 2)


def run() -> tuple[dict[str, list[Cost]], list[float], list[float]]:
    """Return the costs by variant, and the sorted ms from a reading to a subscriber: ours, and published raw."""
    variants = [
        replace(each, name=f"{each.name}-{copy}") for each in (BARE, MODEL, LINEAR, NUMPY) for copy in range(COPIES)
    ]
    with ExitStack() as stack:
        broker = stack.enter_context(Broker())
        octoprints = {each.name: stack.enter_context(each.octoprint(broker.port)) for each in (*variants, LATENCY)}
        observer = stack.enter_context(Observer(broker.listener, base="not checked, as that would delay it"))
        for each in (*variants, LATENCY):
            if each.settings is not None:
                observer.wait_for(f"{_base(each.name)}/status", lambda message: message.text == "online", 30)
        time.sleep(SETTLING_S)
        costs = {name: Cost(-cpu_seconds(one.pid), one.resident_memory) for name, one in octoprints.items()}
        mark = observer.mark()
        _play(list(octoprints.values()))
        for name, one in octoprints.items():
            costs[name].cpu += cpu_seconds(one.pid)
            costs[name].after = one.resident_memory
        messages = observer.messages[mark:]
    for message in messages:
        base, _, topic = message.topic.partition("/temp_eta/")
        name, _, topic = topic.partition("/")
        if name in costs and base == "octoprint":
            costs[name].count(topic, len(message.payload))
    grouped: dict[str, list[Cost]] = {}
    for name in octoprints:
        grouped.setdefault(name.rpartition("-")[0] or name, []).append(costs[name])
    return grouped, *_latencies(messages)


def _latencies(messages: Sequence[Received]) -> tuple[list[float], list[float]]:
    """Return the sorted ms from a reading to a subscriber: ours, and published raw."""
    read = [(float(message.text), message.at) for message in messages if message.topic == "raw"]
    etas = re.compile(rf"{_base(LATENCY.name)}/\w+/eta")
    arrived = [message.at for message in messages if etas.fullmatch(message.topic) and message.at > read[0][0]]
    ours = sorted(1e3 * (at - max(read_at for read_at, _ in read if read_at <= at)) for at in arrived)
    return ours, sorted(1e3 * (at - read_at) for read_at, at in read)


def _base(name: str) -> str:
    return f"octoprint/temp_eta/{name}"


def _play(octoprints: Sequence[OctoPrint]) -> None:
    begin = time.monotonic()
    for on, until in ((True, scenario.HEATING_S + scenario.HOLDING_S), (False, scenario.LASTING_S)):
        for each in octoprints:
            each.gcode(*(_command(name, target * on) for name, target in scenario.TARGETS.items()))
        time.sleep(max(0.0, begin + until - time.monotonic()))


def _command(heater: str, target: float) -> str:
    return f"M140 S{target:g}" if heater == "bed" else f"M104 T{heater.removeprefix('tool')} S{target:g}"


@dataclass(frozen=True)
class Start:
    """A start from an existing folder: CPU s until OctoPrint has come to rest, MiB then, s of the stop."""

    cpu: float
    memory: float
    stop: float


def starts(variants: Sequence[Variant]) -> dict[str, list[Start]]:
    """Return starts of each variant in turn, after the first one, which creates files."""
    found: dict[str, list[Start]] = {variant.name: [] for variant in variants}
    with ExitStack() as stack:
        broker = stack.enter_context(Broker())
        observer = stack.enter_context(Observer(broker.listener))
        octoprints = [stack.enter_context(variant.octoprint(broker.port)) for variant in variants]
        time.sleep(SETTLING_S)
        for octoprint in octoprints:
            octoprint.stop()
        for _ in range(STARTS):
            for variant, octoprint in zip(variants, octoprints, strict=True):
                found[variant.name].append(_start(variant, octoprint, observer))
    return found


def _start(variant: Variant, octoprint: OctoPrint, observer: Observer) -> Start:
    mark = observer.mark()
    octoprint.start()
    if variant.settings is not None:
        observer.wait_for(f"{_base(variant.name)}/status", lambda each: each.text == "online", 30, since=mark)
    time.sleep(SETTLING_S)
    cpu, memory, begin = cpu_seconds(octoprint.pid), octoprint.resident_memory, time.monotonic()
    if not octoprint.stop():
        raise RuntimeError(f"{variant.name}: OctoPrint did not end on its own")
    return Start(cpu, memory, time.monotonic() - begin)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the sorted `values` is."""
    return values[min(len(values) - 1, int(len(values) * share))]


def main() -> int:
    costs, ours, raw = run()
    print(f"The scenario ({scenario.LASTING_S} s, {len(scenario.TARGETS)} heaters), medians of {COPIES}\n")
    print("| | CPU: points | more | ratio | MiB before | more | MiB after | more | messages | kB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    medians = {name: _median(some) for name, some in costs.items()}
    bare = medians[BARE.name]
    for name, cost in medians.items():
        more = cost.points - bare.points
        print(f"| {name} | {cost.points:.2f} | {more:+.2f} | {cost.points / bare.points:.2f} ", end="")
        for mib, of_bare in ((cost.before, bare.before), (cost.after, bare.after)):
            print(f"| {mib:.1f} | {mib - of_bare:+.1f} ", end="")
        print(f"| {cost.messages} | {cost.size / 1e3:.1f} |")
    print(f"\nMessages of one with `model` by topic: {dict(sorted(costs[MODEL.name][0].topics.items()))}\n")
    print("| ms from a reading to a subscriber | median | 95 % | maximum |\n|---|---|---|---|")
    for name, values in (("a raw publish", raw), ("the plugin", ours)):
        print(f"| {name} | {percentile(values, 0.5):.1f} | {percentile(values, 0.95):.1f} | {values[-1]:.1f} |")
    if "--no-starts" not in sys.argv:
        print_starts()
    return 0


def _median(costs: Sequence[Cost]) -> Cost:
    rows = ((each.cpu, each.before, each.after, each.messages, each.size) for each in costs)
    cpu, before, after, messages, size = (statistics.median(column) for column in zip(*rows, strict=True))
    return Cost(cpu, before, after, round(messages), round(size))


def print_starts() -> None:
    print(f"\n| start, median of {STARTS} in turn | CPU s | more | MiB | more | stop s | more |")
    print("|---|---|---|---|---|---|---|", flush=True)
    before: Start | None = None
    for name, found in starts((BARE, MODEL, LINEAR)).items():
        columns = zip(*((each.cpu, each.memory, each.stop) for each in found), strict=True)
        median = Start(*(statistics.median(column) for column in columns))
        before = before or median
        print(
            f"| {name} | {median.cpu:.2f} | {median.cpu - before.cpu:+.2f} | {median.memory:.1f} "
            f"| {median.memory - before.memory:+.1f} | {median.stop:.2f} | {median.stop - before.stop:+.2f} |"
        )


if __name__ == "__main__":
    sys.exit(main())
