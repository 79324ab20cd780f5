"""The bridge with other brokers than mosquitto: `make test-brokers`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.broker import Broker
from tests.support.broker_programs import BrokerProgram, broker_for_tests, npx_aedes
from tests.support.mqtt_client import Observer
from tests.support.nats import ClusterNode, nats
from tests.support.running_bridge import BASE, RunningBridge
from tests.support.waiting import eventually, free_port

pytestmark = [pytest.mark.slow, pytest.mark.brokers]

PROGRAMS = {"mosquitto": broker_for_tests, "nats": nats, "aedes": npx_aedes}
#: The MQTT version with which the bridge ends up.
VERSIONS = {"mosquitto": "5", "nats": "3.1.1", "aedes": "3.1.1"}
TIMEOUT = 40.0


@pytest.fixture(scope="module", params=PROGRAMS)
def each(request: pytest.FixtureRequest) -> Iterator[tuple[str, Broker]]:
    program: BrokerProgram | None = PROGRAMS[request.param]()
    if program is None:
        pytest.skip(f"{request.param} is not available on this machine")
    with Broker(program) as broker:
        yield request.param, broker


def states(broker: Broker) -> None:
    """Wait until a client that connects now gets the retained states, and leave."""
    with Observer(broker.listener, filters=(f"{BASE}/#",), base=BASE) as late:
        late.wait_for(f"{BASE}/status", lambda message: message.text == "online", TIMEOUT)
        late.wait_for(f"{BASE}/info", timeout=TIMEOUT)
        late.wait_for(f"{BASE}/bed/eta", lambda message: message.json["state"] == "heating", TIMEOUT)


def test_states_commands_and_a_restart_without_persistence(each: tuple[str, Broker]):
    name, broker = each
    with RunningBridge(broker.port) as bridge:
        bridge.read(bed=(21.0, 60.0))
        eventually(lambda: bridge.connected, "the connection", TIMEOUT)
        assert bridge.worker.snapshot["mqtt"]["broker"]["protocol"] == VERSIONS[name]
        states(broker)
        with Observer(broker.listener, filters=(f"{BASE}/response",), base=BASE) as client:
            client.publish(f"{BASE}/command/reset", json.dumps({"heater": "bed", "transaction": "t"}))
            reply = client.wait_for(f"{BASE}/response", timeout=TIMEOUT).json
        assert (reply["status"], reply["transaction"]) == ("completed", "t")
        broker.restart()
        bridge.read(bed=(22.0, 60.0))
        states(broker)


def test_the_offline_message_of_a_clean_stop(each: tuple[str, Broker]):
    _, broker = each
    with Observer(broker.listener, filters=(f"{BASE}/status",), base=BASE) as observer:
        with RunningBridge(broker.port):
            observer.wait_for(f"{BASE}/status", lambda message: message.text == "online", TIMEOUT)
        observer.wait_for(f"{BASE}/status", lambda message: message.text == "offline", TIMEOUT)


def test_one_of_three_clustered_servers_fails():
    """The bridge connects to the next server of its list, and everything retained is right there."""
    program = nats()
    if program is None:
        pytest.skip("nats is not available on this machine")
    routes = tuple(free_port() for _ in range(3))
    nodes = [Broker(ClusterNode(program.binary, number, routes)) for number in range(3)]
    with contextlib.ExitStack() as stack:
        # A server answers CONNECT once most of the cluster is there: they must start together.
        with ThreadPoolExecutor(len(nodes)) as pool:
            for node in pool.map(lambda node: node.__enter__(), nodes):
                stack.callback(node.stop)
        hosts = ", ".join(f"mqtt://127.0.0.1:{node.port}" for node in nodes)
        with RunningBridge(nodes[0].port, mqtt_broker_host=hosts) as bridge:
            bridge.read(bed=(21.0, 60.0))
            eventually(lambda: bridge.connected, "the connection", TIMEOUT)
            states(nodes[2])
            port = bridge.worker.snapshot["mqtt"]["broker"]["port"]
            connected = next(node for node in nodes if node.port == port)
            others = [node for node in nodes if node is not connected]
            connected.stop()
            bridge.read(bed=(30.0, 60.0))
            eventually(
                lambda: (bridge.worker.snapshot["mqtt"]["broker"] or {}).get("port", port) != port, "it", TIMEOUT
            )
            for node in others:
                with Observer(node.listener, filters=(f"{BASE}/#",), base=BASE) as late:
                    late.wait_for(f"{BASE}/status", lambda message: message.text == "online", TIMEOUT)
                    late.wait_for(f"{BASE}/bed/eta", lambda message: message.json["actual"] == 30.0, TIMEOUT)
