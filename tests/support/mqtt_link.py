"""The adapter's connection for tests, what it posts, and another client that speaks MQTT 5."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import paho.mqtt
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from octoprint_temp_eta.adapters.broker import backoff, connection, protocol_version
from octoprint_temp_eta.adapters.broker.mqtt import Mqtt
from octoprint_temp_eta.bridge.protocol.effects import Connect, Publish
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected, Input
from tests.support.broker import Broker
from tests.support.broker_programs import Listener
from tests.support.mqtt_client import VERSION, Observer

I = TypeVar("I", bound=Input)  # noqa: E741 - an input

STATUS, COMMANDS = "test/status", "test/command/#"
OFFLINE = Publish(STATUS, b"offline", 1, retain=True, content_type="text/plain")
OLD_LIBRARY = paho.mqtt.__version__.startswith("1.")
TIMEOUT = 30.0


def spec(port: int, **changed: Any) -> Connect:
    """Return a connection to a port of this machine."""
    values = {"host": "127.0.0.1", "client_id": "temp_eta_test", "will": OFFLINE, "subscriptions": (COMMANDS,)}
    return Connect(**{**values, "port": port, "keepalive": 30, **changed})


class Link:
    """The adapter, and what it posts."""

    def __init__(self) -> None:
        self.posted: list[Input] = []
        self._queue: queue.SimpleQueue[Input] = queue.SimpleQueue()
        self.mqtt = Mqtt(self._queue.put)

    def wait_for(self, kind: type[I], that: Callable[[I], bool] = lambda _: True) -> I:
        """Return the next input of one type; what comes before it is only recorded."""
        while True:
            event = self._queue.get(timeout=TIMEOUT)
            self.posted.append(event)
            if isinstance(event, kind) and that(event):
                return event

    def connect(self, port: int, **changed: Any) -> BrokerConnected:
        """Connect and wait until it is."""
        self.mqtt.connect(spec(port, **changed))
        return self.wait_for(BrokerConnected)

    def all(self, kind: type[I]) -> list[I]:
        """Return what was posted of one type so far, in order."""
        while not self._queue.empty():
            self.posted.append(self._queue.get())
        return [event for event in self.posted if isinstance(event, kind)]


class Client5:
    """A client that speaks MQTT 5, from entering to leaving."""

    def __init__(self, broker: Listener, *filters: str) -> None:
        self.messages: queue.SimpleQueue[mqtt.MQTTMessage] = queue.SimpleQueue()
        self._broker, self._filters = broker, filters
        self._ready = threading.Event()
        self._client = mqtt.Client(protocol=mqtt.MQTTv5, **VERSION)
        self._client.on_message = lambda _, __, message: self.messages.put(message)
        self._client.on_connect = lambda *_: self._subscribe()
        self._client.on_subscribe = lambda *_: self._ready.set()

    def __enter__(self) -> Client5:
        self._client.connect(self._broker.host, self._broker.port)
        self._client.loop_start()
        assert self._ready.wait(TIMEOUT)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, **values: Any) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        for name, value in values.items():
            setattr(properties, name, value)
        self._client.publish(topic, payload, 1, properties=properties).wait_for_publish(TIMEOUT)

    def _subscribe(self) -> None:
        if self._filters:
            self._client.subscribe([(each, SubscribeOptions(qos=1)) for each in self._filters])
        else:
            self._ready.set()


# Fixtures: import them into a test file.


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less than in life, where the waiting is not what is tested."""
    monkeypatch.setattr(backoff, "FIRST_RETRY_S", 0.1)
    monkeypatch.setattr(backoff, "LONGEST_RETRY_S", 0.2)
    monkeypatch.setattr(backoff, "LONGEST_REFUSED_RETRY_S", 0.2)
    monkeypatch.setattr(connection, "RESUBSCRIBE_S", 0.1)


@pytest.fixture
def impatient_with_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for a broker that stays silent. One that answers may need longer on a busy machine."""
    monkeypatch.setattr(protocol_version, "CONNACK_TIMEOUT_S", 2.0)
    monkeypatch.setattr(protocol_version, "SECOND_TIMEOUT_S", 0.2)


@pytest.fixture
def link() -> Iterator[Link]:
    link = Link()
    yield link
    link.mqtt.close(TIMEOUT)
    threads = [thread for thread in threading.enumerate() if thread.name == "temp_eta-mqtt" or "paho" in thread.name]
    for thread in threads:
        thread.join(TIMEOUT)
    assert not [thread for thread in threads if thread.is_alive() and thread.name == "temp_eta-mqtt"]


@pytest.fixture
def peer(broker: Broker) -> Iterator[Observer]:
    """Another client of the broker."""
    with Observer(broker.listener, filters=("test/#", "my/#")) as observer:
        yield observer
