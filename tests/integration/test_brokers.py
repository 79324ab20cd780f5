"""The bridge with other brokers than mosquitto: `make test-brokers`."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.broker import Broker
from tests.support.broker_programs import BrokerProgram, broker_for_tests, npx_aedes
from tests.support.mqtt_client import Observer, Received
from tests.support.nats import ClusterNode, nats
from tests.support.rabbitmq import rabbitmq
from tests.support.running_bridge import BASE, RunningBridge
from tests.support.waiting import eventually, free_port

pytestmark = [pytest.mark.slow, pytest.mark.brokers]

PROGRAMS = {"mosquitto": broker_for_tests, "nats": nats, "aedes": npx_aedes, "rabbitmq": rabbitmq}
#: The MQTT version with which the bridge ends up.
VERSIONS = {"mosquitto": "5", "nats": "3.1.1", "aedes": "3.1.1", "rabbitmq": "3.1.1"}
#: RabbitMQ delivers no retained messages to a subscription with a wildcard.
WILDCARDS = {"mosquitto": True, "nats": True, "aedes": True, "rabbitmq": False}
#: The highest QoS with which a command arrives: NATS acknowledges none with QoS 2.
HIGHEST_QOS = {"mosquitto": 2, "nats": 1, "aedes": 2, "rabbitmq": 2}
STATES = tuple(f"{BASE}/{topic}" for topic in ("status", "info", "bed/eta"))
TIMEOUT = 40.0
#: Seconds within which everything is right on another server of a cluster, and those that a busy machine needs on top.
#: If the failed server led the others, they accept no client for up to 9 s.
WITHIN_S, BUSY_S = 10.0, 2.0


@pytest.fixture(scope="module", params=PROGRAMS)
def each(request: pytest.FixtureRequest) -> Iterator[tuple[str, Broker]]:
    program: BrokerProgram | None = PROGRAMS[request.param]()
    if program is None:
        pytest.skip(f"{request.param} is not available on this machine")
    with Broker(program) as broker:
        yield request.param, broker


def is_online(message: Received) -> bool:
    return message.text == "online"


def states(broker: Broker, actual: float, filters: tuple[str, ...] = (f"{BASE}/#",)) -> None:
    """Wait until a client that connects now gets the retained states, and leave."""
    with Observer(broker.listener, filters=filters, base=BASE) as late:
        late.wait_for(f"{BASE}/status", is_online, TIMEOUT)
        late.wait_for(f"{BASE}/info", timeout=TIMEOUT)
        late.wait_for(f"{BASE}/bed/eta", lambda message: message.json["actual"] == actual, TIMEOUT)


def test_states_commands_and_a_restart_without_persistence(each: tuple[str, Broker]):
    name, broker = each
    filters = (f"{BASE}/#",) if WILDCARDS[name] else STATES
    with RunningBridge(broker.port) as bridge:
        bridge.read(bed=(21.0, 60.0))
        eventually(lambda: bridge.connected, "the connection", TIMEOUT)
        assert bridge.worker.snapshot["mqtt"]["broker"]["protocol"] == VERSIONS[name]
        states(broker, 21.0, filters)
        with Observer(broker.listener, filters=(f"{BASE}/response", f"{BASE}/status"), base=BASE) as client:
            for qos in range(HIGHEST_QOS[name] + 1):
                sent = client.mark()
                command = {"heater": "bed", "transaction": f"QoS {qos}"}
                client.publish(f"{BASE}/command/reset", json.dumps(command), qos=qos)
                reply = client.wait_for(f"{BASE}/response", timeout=TIMEOUT, since=sent).json
                assert (reply["status"], reply["transaction"]) == ("completed", f"QoS {qos}")
            # The will tells of a connection that has ended.
            assert {message.text for message in client.messages if message.topic == f"{BASE}/status"} == {"online"}
        broker.restart()
        bridge.read(bed=(22.0, 60.0))
        states(broker, 22.0, filters)


def test_whether_a_wildcard_gets_retained_messages_is_as_documented(each: tuple[str, Broker]):
    name, broker = each
    with RunningBridge(broker.port) as bridge:
        eventually(lambda: bridge.connected, "the connection", TIMEOUT)
        with Observer(broker.listener, filters=STATES, base=BASE) as exact:
            exact.wait_for(f"{BASE}/status", is_online, TIMEOUT)
        with Observer(broker.listener, filters=(f"{BASE}/#", "test/end"), base=BASE) as wild:
            wild.publish("test/end", "x")
            wild.wait_for("test/end", timeout=TIMEOUT)
            assert any(message.retain for message in wild.messages) == WILDCARDS[name]


def test_the_offline_message_of_a_clean_stop(each: tuple[str, Broker]):
    _, broker = each
    with Observer(broker.listener, filters=(f"{BASE}/status",), base=BASE) as observer:
        with RunningBridge(broker.port):
            observer.wait_for(f"{BASE}/status", is_online, TIMEOUT)
        observer.wait_for(f"{BASE}/status", lambda message: message.text == "offline", TIMEOUT)


@pytest.fixture
def cluster() -> Iterator[list[Broker]]:
    """Three NATS servers that share their retained messages."""
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
        yield nodes


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_one_of_three_clustered_servers_fails(cluster: list[Broker], end: str):
    """The bridge connects to the next server of its list, and everything retained is right there within 10 s.

    No will replaces the states, although the killed server had the bridge's: neither for a subscriber that was
    connected to another server all the time, as Home Assistant may be, nor for one that comes now. Both subscribe with
    QoS 0, as Home Assistant does: without one of its servers, NATS refuses QoS 1.
    """
    hosts = ", ".join(f"mqtt://127.0.0.1:{node.port}" for node in cluster)
    with contextlib.ExitStack() as stack:
        bridge = stack.enter_context(RunningBridge(cluster[0].port, mqtt_broker_host=hosts))
        bridge.read(bed=(21.0, 60.0))
        eventually(lambda: bridge.connected, "the connection", TIMEOUT)
        port = bridge.worker.snapshot["mqtt"]["broker"]["port"]
        connected = next(node for node in cluster if node.port == port)
        others = [node for node in cluster if node is not connected]
        for node in others:
            states(node, 21.0)
        subscriber = stack.enter_context(Observer(others[0].listener, filters=(f"{BASE}/#",), base=BASE, qos=0))
        subscriber.wait_for(f"{BASE}/bed/eta", timeout=TIMEOUT)
        since = subscriber.mark()

        getattr(connected, end)()
        failed_at = time.monotonic()
        bridge.read(bed=(30.0, 60.0))
        bed = subscriber.wait_for(
            f"{BASE}/bed/eta", lambda message: message.json["actual"] == 30.0, TIMEOUT, since=since
        )
        status = subscriber.wait_for(f"{BASE}/status", is_online, TIMEOUT, since=since)
        assert max(bed.at, status.at) - failed_at < WITHIN_S + BUSY_S
        for node in others:
            with Observer(node.listener, filters=(f"{BASE}/#",), base=BASE, qos=0) as late:
                eventually(lambda: late.retained().items() >= bridge.retained.items(), "the states", TIMEOUT)
        assert bridge.worker.snapshot["mqtt"]["broker"]["port"] != port
        after = [message for message in subscriber.messages[since:] if message.topic == f"{BASE}/status"]
        assert after[-1].text == "online"
