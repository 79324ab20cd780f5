"""A day of readings in minutes: the bridge with a simulated clock, connected to a real broker."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from octoprint_temp_eta.adapters.broker.mqtt import Mqtt
from octoprint_temp_eta.bridge.bridge import Bridge
from octoprint_temp_eta.bridge.faults import FAULT
from octoprint_temp_eta.bridge.protocol.effects import Connect, Disconnect, Log, Publish, Subscribe
from octoprint_temp_eta.bridge.protocol.inputs import Input, PrinterChanged, Readings, Started, Stopping, Tick
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.settings.table import parse
from tests.support.bridge_driver import IDENTITY, PROFILE
from tests.support.running_bridge import INSTANCE
from tests.support.thermal_heater import SimulatedHeater

DAY_S, EVERY_S = 86_400, 2
#: The prints of a day, and the s of each for heating and printing, and for cooling.
PRINTS, PRINTING_S, COOLING_S = 6, 1800, 2400
TARGETS = {"tool0": 200.0, "bed": 60.0}
#: Real s that the broker has for what it is expected to send.
TIMEOUT_S = 60.0


def readings_of_a_day() -> Iterator[dict[str, tuple[float, float]]]:
    """Yield actual and target by heater, every 2 s."""
    heaters = {name: SimulatedHeater(power=0.6 if name == "bed" else 3.4) for name in TARGETS}
    for second in range(0, DAY_S, EVERY_S):
        since = second % (DAY_S // PRINTS)
        found = {}
        for name, heater in heaters.items():
            target = TARGETS[name] if since < PRINTING_S else 0.0
            moved = list(heater.run(EVERY_S, target, every=EVERY_S)) if since < PRINTING_S + COOLING_S else ()
            found[name] = (moved[0].actual if moved else round(heater.sensor, 1), target)
        yield found


class DayReplay:
    """A bridge on a port of this machine, inside the context. Simulated time passes only with `read`."""

    def __init__(self, port: int) -> None:
        self.now = Now(1000.0, time.time())
        self._inputs: queue.SimpleQueue[Input] = queue.SimpleQueue()
        settings = {
            "mqtt_broker_host": "127.0.0.1",
            "mqtt_broker_port": port,
            "mqtt_custom_identifier": INSTANCE,
            "algorithm": "linear",
        }
        self._bridge = Bridge(IDENTITY, parse(settings), {}, self.now)
        self._mqtt = Mqtt(self._inputs.put)
        self._performers = {
            Publish: self._mqtt.publish,
            Subscribe: self._mqtt.subscribe,
            Connect: self._mqtt.connect,
            Disconnect: self._mqtt.disconnect,
        }

    def __enter__(self) -> Self:
        self._handle(Started())
        self._handle(PrinterChanged("OPERATIONAL", connected=True, printing=False, profile=PROFILE))
        self.await_connection(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle(Stopping())
        self._mqtt.close(TIMEOUT_S)

    def read(self, heaters: dict[str, tuple[float, float]]) -> None:
        """Let 2 s pass with a reading at their end, and wait until the broker has acknowledged what followed."""
        self.now = Now(self.now.at + EVERY_S, self.now.wall + EVERY_S)
        self._handle(Readings(heaters))
        self._handle(Tick())
        while not self._inputs.empty() or (self._bridge._outbox._in_flight and self._bridge._outbox.connected):
            self._handle(self._inputs.get(timeout=TIMEOUT_S))

    def await_connection(self, number: int) -> None:
        """Wait until this is the bridge's connection of that number."""
        while self.connections < number:
            self._handle(self._inputs.get(timeout=TIMEOUT_S))

    @property
    def connections(self) -> int:
        return self._bridge._connection.connections

    @property
    def dropped(self) -> int:
        """How many events were dropped."""
        return self._bridge._outbox.events_dropped.total()

    @property
    def sent(self) -> int:
        return self._bridge._outbox.sent

    @property
    def retained(self) -> dict[str, bytes]:
        """What the broker must hold: the newest payload of each retained topic."""
        records = [record.publish for record in self._bridge._outbox._retained]
        return {publish.topic: publish.payload for publish in records if publish.payload}

    @property
    def resident_memory(self) -> float:
        """The memory of this process in MiB."""
        return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1024

    def _handle(self, event: Input) -> None:
        for effect in self._bridge.handle(event, self.now):
            assert not (isinstance(effect, Log) and effect.text.startswith(FAULT)), effect
            performer = self._performers.get(type(effect))
            if performer is not None:
                performer(effect)  # type: ignore[operator]
