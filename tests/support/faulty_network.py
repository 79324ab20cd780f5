"""A heat-up whose readings reach a real broker through a network with faults."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.broker import Broker
from tests.support.day_replay import DayReplay
from tests.support.mqtt_client import Observer, Received
from tests.support.running_bridge import BASE, INSTANCE, RunningBridge
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

DEVICE = f"homeassistant/device/temp_eta_{INSTANCE}/config"
STATUS, BED = f"{BASE}/status", f"{BASE}/bed/eta"
#: s within which the broker has what the bridge has, after the fault.
WITHIN_S = 10.0
#: s that a call of OctoPrint's threads may take on a busy machine; the faults last longer, the shortest one 1 s.
NO_WAIT_S = 0.9
EVERY_S = 0.05


@dataclass
class Scene:
    """A bridge whose bed heats up, a broker, and the network between them."""

    broker: Broker
    network: TcpProxy
    bridge: RunningBridge
    #: A client of the broker that does not use the network.
    observer: Observer

    def lost(self) -> None:
        eventually(lambda: not self.bridge.connected, "the loss to be noticed", 60)

    def for_seconds(self, seconds: float) -> None:
        """Let the bed heat up for a while, with the fault."""
        end = time.monotonic() + seconds
        eventually(lambda: time.monotonic() >= end, "the time to pass", seconds + 1)


@contextlib.contextmanager
def heating(bridge: RunningBridge) -> Iterator[None]:
    """Send readings of a bed that heats up and down, as OctoPrint's threads do."""
    ended = threading.Event()

    def run() -> None:
        actual = 25.0
        while not ended.wait(EVERY_S):
            target = 60.0 if int((actual - 25.0) / 2) % 2 == 0 else 70.0
            actual = actual + 0.1 if actual < 55 else 25.0
            bridge.read(bed=(round(actual, 2), target), tool0=(21.0, 0.0))

    thread = threading.Thread(target=run, name="readings", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextlib.contextmanager
def scene(**options: Any) -> Iterator[Scene]:
    with (
        Broker() as broker,
        TcpProxy(broker.port) as network,
        Observer(broker.listener, filters=("octoprint/#", "homeassistant/#"), base=BASE) as observer,
        RunningBridge(network.port, **options) as bridge,
    ):
        with heating(bridge):
            observer.wait_for(STATUS, is_online, 20)
            observer.wait_for(BED, timeout=20)
            yield Scene(broker, network, bridge, observer)
        # The last reading is published.
        agree(broker, bridge)


def is_online(message: Received) -> bool:
    return message.text == "online"


def agree(broker: Broker, bridge: RunningBridge | DayReplay) -> None:
    """Wait until a client that connects now gets exactly what the bridge has retained, and the device."""
    with Observer(broker.listener, filters=("octoprint/#", DEVICE), base=BASE) as late:

        def differing() -> list[str]:
            found, wanted = late.retained(), bridge.retained
            found.pop(DEVICE, None)
            retained = {message.topic for message in late.messages if message.retain and found.get(message.topic)}
            return [topic for topic in wanted.keys() | retained if found.get(topic) != wanted.get(topic)]

        try:
            eventually(lambda: not differing(), "the bridge's states", WITHIN_S)
        except TimeoutError as error:
            raise AssertionError(f"{error}: {differing()}") from error
        late.wait_for(DEVICE, timeout=30)


def cases(all_of_them: Iterable[Any], quick: int) -> list[Any]:
    """Return the cases of a parametrised test: some quick ones, the others slow."""
    return [pytest.param(each, marks=[] if at < quick else [pytest.mark.slow]) for at, each in enumerate(all_of_them)]
