"""Faults of broker, network and settings while a heater heats up: afterwards the broker has what the bridge has."""

from __future__ import annotations

import contextlib
import errno
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from octoprint_temp_eta.adapters import files
from octoprint_temp_eta.adapters.broker import connection
from octoprint_temp_eta.adapters.files import Files
from octoprint_temp_eta.adapters.problems import Problems
from octoprint_temp_eta.adapters.threads import inbox
from octoprint_temp_eta.adapters.threads.inbox import CAPACITY
from octoprint_temp_eta.bridge.outbox import outbox
from octoprint_temp_eta.bridge.outbox.send_limits import WINDOW
from tests.support.broker import Broker
from tests.support.certificates import make_certificates
from tests.support.day_replay import EVERY_S as EVERY_READING_S
from tests.support.day_replay import DayReplay, readings_of_a_day
from tests.support.mqtt_client import Observer, Received
from tests.support.mqtt_link import OLD_LIBRARY, impatient
from tests.support.running_bridge import BASE, INSTANCE, RunningBridge
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import eventually, free_port

__all__ = ["impatient"]

DEVICE = f"homeassistant/device/temp_eta_{INSTANCE}/config"
STATUS, BED = f"{BASE}/status", f"{BASE}/bed/eta"
#: s within which the broker has what the bridge has, after the fault.
WITHIN_S = 10.0
#: s that a call of OctoPrint's threads may take on a busy machine; the faults last longer.
NO_WAIT_S = 0.5
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
        eventually(lambda: not self.bridge.connected, "the loss to be noticed", 20)

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
    """Wait until a client that connects now gets exactly what the bridge wants to be retained, and the device."""
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


# What happens. Each returns how many connections there have been afterwards.


def cut(scene: Scene) -> int:
    scene.network.cut()
    return 2


def half_open(scene: Scene) -> int:
    scene.network.half_open()
    scene.lost()
    return 2


def latency(scene: Scene) -> int:
    scene.network.latency = 0.5
    scene.for_seconds(3)
    scene.network.latency = 0.0
    return 1


def throttled(scene: Scene) -> int:
    scene.network.bytes_per_second = 2000.0
    scene.for_seconds(2)
    scene.network.bytes_per_second = None
    return 1


def frozen(scene: Scene) -> int:
    scene.network.freeze()
    scene.lost()
    scene.network.thaw()
    return 2


def killed(scene: Scene) -> int:
    scene.broker.kill()
    scene.lost()
    scene.for_seconds(1)
    scene.broker.start()
    return 2


def restarted(scene: Scene) -> int:
    scene.broker.restart()
    return 2


def switched_off_and_on(scene: Scene) -> int:
    scene.bridge.change_settings(mqtt_enabled=False)
    scene.observer.wait_for(STATUS, lambda message: message.text == "offline")
    scene.bridge.change_settings(mqtt_enabled=True)
    return 2


def settings_saved(scene: Scene) -> int:
    for keepalive in (31, 32, 33):
        scene.bridge.change_settings(mqtt_keepalive=keepalive, mqtt_publish_interval=0.2)
        eventually(lambda: scene.bridge.connected, "the connection", 20)
    return 4


FAULTS = (cut, latency, killed, settings_saved, half_open, throttled, frozen, restarted, switched_off_and_on)
#: How many of them, and of the refusals, are tried in each run; the others are tried with the slow tests.
QUICK_FAULTS, QUICK_REFUSALS = 4, 1


def cases(all_of_them: Iterable[Any], quick: int) -> list[Any]:
    """Return the cases of a parametrised test: some quick ones, the others slow."""
    return [pytest.param(each, marks=[] if at < quick else [pytest.mark.slow]) for at, each in enumerate(all_of_them)]


@pytest.fixture
def hasty(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a connection up sooner than in life."""
    monkeypatch.setattr(outbox, "ACK_TIMEOUT_S", 3.0)
    monkeypatch.setattr(connection, "SUCCESSION_S", 0.5)


@pytest.mark.parametrize("fault", cases(FAULTS, QUICK_FAULTS), ids=lambda fault: fault.__name__)
def test_after_a_fault_the_broker_has_what_the_bridge_has(
    fault: Callable[[Scene], int], request: pytest.FixtureRequest
):
    if fault in (half_open, frozen):
        request.getfixturevalue("hasty")
    with scene() as made:
        befall(made, fault)


def befall(made: Scene, fault: Callable[[Scene], int]) -> None:
    """Let the fault happen, and check what subscribers, counters and threads are afterwards."""
    connections = fault(made)
    bridge, observer = made.bridge, made.observer
    eventually(lambda: bridge.counters["connections"] == connections and bridge.connected, "the connection", 20)
    since = observer.mark()
    observer.wait_for(BED, timeout=WITHIN_S, since=since)
    with Observer(made.broker.listener, filters=(STATUS,), base=BASE) as late:
        late.wait_for(STATUS, is_online, WITHIN_S)
    counters = bridge.counters
    assert (counters["connections"], counters["inbox_dropped"]) == (connections, 0)
    # A change of state that is older than 30 s is dropped, and counted.
    assert counters["events_dropped"] == 0 or fault == frozen_for_a_minute
    assert counters["in_flight"] <= WINDOW
    arrived = sum(message.text != "offline" and not message.retain for message in observer.messages)
    assert arrived <= bridge.counters["sent"]
    if fault not in (killed, restarted):  # after which the observer needs time to come back
        assert counters["sent"] <= arrived + WINDOW * connections
    assert bridge.longest_call < NO_WAIT_S, "no thread of OctoPrint waits"
    eventually(lambda: threads_of_the_connection() == 1, "the end of the threads of former connections", WITHIN_S)


def threads_of_the_connection() -> int:
    return sum(thread.name == "temp_eta-mqtt" for thread in threading.enumerate())


def slow_latency(scene: Scene) -> int:
    scene.network.latency = 3.0
    scene.network.cut()
    eventually(lambda: scene.bridge.counters["connections"] == 2 and scene.bridge.connected, "the connection", 60)
    scene.for_seconds(30)
    scene.network.latency = 0.0
    return 2


def frozen_for_a_minute(scene: Scene) -> int:
    scene.network.freeze()
    scene.for_seconds(60)
    scene.network.thaw()
    return 2


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", [slow_latency, frozen_for_a_minute], ids=lambda fault: fault.__name__)
def test_the_same_after_a_long_fault_with_the_real_timeouts(fault: Callable[[Scene], int], real_timeouts: None):
    with scene() as made:
        befall(made, fault)


@pytest.fixture
def real_timeouts(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()


# Refused, and later accepted


@dataclass
class Refusal:
    """A broker that refuses the bridge, and what it is replaced with; `reported` is part of the reason."""

    refusing: Broker
    accepting: Broker
    settings: dict[str, object]
    reported: str


def refusals(folder: Path) -> dict[str, Callable[[int], Refusal]]:
    """Return what refuses the bridge on a port."""

    def wrong_password(port: int) -> Refusal:
        settings = {"mqtt_username": "printer", "mqtt_password": "right"}
        refusing, accepting = (Broker(port=port, username="printer", password=text) for text in ("changed", "right"))
        return Refusal(refusing, accepting, settings, "authori")

    def certificate(port: int, reported: str, **wrong: object) -> Refusal:
        (folder / "wrong").mkdir()
        bad = make_certificates(folder / "wrong", **wrong)  # type: ignore[arg-type]
        good = make_certificates(folder)
        # One authority file for both.
        both = folder / "both.crt"
        both.write_text(bad.authority.read_text() + good.authority.read_text())
        settings = {"mqtt_use_tls": True, "mqtt_tls_ca_file": str(both)}
        return Refusal(Broker(port=port, certificates=bad), Broker(port=port, certificates=good), settings, reported)

    def may_not_publish(port: int) -> Refusal:
        return Refusal(Broker(port=port, acl="topic read #\n"), Broker(port=port), {}, "Not permitted to publish")

    return {
        "wrong password": wrong_password,
        "expired": lambda port: certificate(port, "expired", days=-1),
        "wrong name": lambda port: certificate(port, "ismatch", names="DNS:elsewhere"),
        "may not publish": may_not_publish,
    }


@pytest.mark.skipif(OLD_LIBRARY, reason="paho-mqtt 1.6 does not report why a message was refused")
@pytest.mark.parametrize("name", cases(refusals(Path()), QUICK_REFUSALS))
def test_a_refusal_is_reported_and_once_it_ends_the_broker_has_what_the_bridge_has(name: str, tmp_path: Path):
    port = free_port()
    refusal = refusals(tmp_path)[name](port)
    with RunningBridge(port, **refusal.settings) as bridge:
        with heating(bridge), refusal.refusing:
            eventually(
                lambda: refusal.reported in str(bridge.worker.snapshot["mqtt"]["last_error"]), "the reason", WITHIN_S
            )
        with refusal.accepting as broker:
            agree(broker, bridge)
            assert bridge.connected
    assert bridge.longest_call < NO_WAIT_S


# Faults of the machine


class JumpingClock:
    """Stands in for the module `time`; the wall clock is `offset` seconds ahead."""

    offset = 0.0
    monotonic = staticmethod(time.monotonic)

    def time(self) -> float:
        return time.time() + self.offset


def test_the_wall_clock_jumps(monkeypatch: pytest.MonkeyPatch):
    """Times follow the clock; connection, state and estimate do not notice."""
    clock = JumpingClock()
    monkeypatch.setattr(inbox, "time", clock)
    with scene() as made:
        for clock.offset in (86_400.0, -86_400.0, 0.0):
            since, real = made.observer.mark(), time.time() + clock.offset
            bed = made.observer.wait_for(
                BED, lambda message, real=real: abs(message.json["timestamp"] - real) < 60, since=since
            ).json
            assert bed["state"] == "heating"
            if bed["ready_at"] is not None:
                ahead = datetime.fromisoformat(bed["ready_at"]).timestamp() - bed["timestamp"]
                assert -1 <= ahead < 3600
        assert made.bridge.counters["connections"] == 1


def test_a_full_disk_does_not_disturb_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    problems, background = Problems(), ThreadPoolExecutor(1)
    stored = Files(tmp_path, background, logging.getLogger("full"), problems=problems, retry_s=0.1)
    with monkeypatch.context() as disk, scene(save=stored.save) as made:
        disk.setattr(files, "replace_file", full)
        made.bridge.read(bed=(25.0, 60.0), extra=(21.0, None), T9=(20.0, 0.0))
        made.bridge.change_settings(mqtt_custom_identifier="moved")
        made.bridge.change_settings(mqtt_custom_identifier=INSTANCE)
        eventually(lambda: any("No space left" in text for text in problems.texts), "the problem")
        since = made.observer.mark()
        made.observer.wait_for(BED, timeout=WITHIN_S, since=since)
    eventually(lambda: not problems.texts, "the files to be written")
    assert list(tmp_path.glob("*.json"))
    stored.close()
    background.shutdown()


@pytest.mark.slow
def test_ten_thousand_readings_at_once():
    """No call waits; what is too much is dropped and counted, and the newest state is published."""
    with Broker() as broker, RunningBridge(broker.port) as bridge:
        eventually(lambda: bridge.connected, "the connection", 20)
        for number in range(10_000):
            bridge.read(bed=(20.0 + number / 1000, 60.0), tool0=(20.0 + number / 100, 210.0))
        assert bridge.longest_call < NO_WAIT_S
        # The worker has caught up once it answers.
        eventually(lambda: bridge.counters["inbox"] == 0, "the worker to catch up", 60)
        bridge.read(bed=(30.0, 60.0), tool0=(120.0, 210.0))
        bridge.read(bed=(30.0, 60.0), tool0=(120.0, 210.0))
        eventually(lambda: b'"actual":30.0' in bridge.retained[BED], "the newest reading")
        agree(broker, bridge)
        assert bridge.counters["inbox_high_water"] <= CAPACITY + 16
        assert bridge.counters["in_flight"] <= WINDOW


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_day_of_readings_with_a_lost_connection_every_two_hours():
    """Six prints within a day, replayed: memory stays flat, no event is lost, and the broker has the last state."""
    with Broker() as broker, TcpProxy(broker.port) as network, DayReplay(network.port) as replay:
        memory: list[float] = []
        for number, readings in enumerate(readings_of_a_day()):
            if number and number % (7200 // EVERY_READING_S) == 0:
                connections = replay.connections
                network.cut()
                replay.await_connection(connections + 1)
                memory.append(replay.resident_memory)
            replay.read(readings)
        assert replay.connections == 12
        assert replay.dropped == 0
        assert replay.sent < 86_400 / EVERY_READING_S, "fewer messages than readings"
        assert memory[-1] - memory[1] < 5, memory
        agree(broker, replay)
