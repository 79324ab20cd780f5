"""Faults of broker, network and settings while a heater heats up: afterwards the broker has what the bridge has."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from octoprint_temp_eta.adapters.broker import connection
from octoprint_temp_eta.bridge.outbox import in_flight
from octoprint_temp_eta.bridge.outbox.send_limits import WINDOW
from tests.support.faulty_network import BED, NO_WAIT_S, STATUS, WITHIN_S, Scene, cases, is_online, scene
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import impatient
from tests.support.running_bridge import BASE
from tests.support.waiting import eventually

__all__ = ["impatient"]

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
#: The number of them that are tried in each run; the others are tried with the slow tests.
QUICK_FAULTS = 4


@pytest.fixture
def hasty(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a connection up sooner than in life."""
    monkeypatch.setattr(in_flight, "ACK_TIMEOUT_S", 3.0)
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
    assert counters["events_dropped"] == 0 or fault in (frozen_for_a_minute, slow_latency)
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
