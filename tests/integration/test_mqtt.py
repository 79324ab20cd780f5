"""The connection to a real broker, and to ones that misbehave. Runs with paho-mqtt 2 and, by its sibling, with 1.6."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import paho.mqtt
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from octoprint_temp_eta.adapters import mqtt as adapter
from octoprint_temp_eta.adapters.mqtt import Mqtt
from octoprint_temp_eta.bridge.effects import Connect, Disconnect, Publish
from octoprint_temp_eta.bridge.inputs import (
    BrokerConnected,
    BrokerLost,
    BrokerRefused,
    Delivered,
    Input,
    MessageArrived,
)
from octoprint_temp_eta.bridge.outbox import WINDOW
from tests.support.broker import Broker
from tests.support.broker_programs import Certificates, Listener
from tests.support.certificates import make_certificates
from tests.support.mqtt_client import VERSION, Observer
from tests.support.mqtt_proxy import CONNECT, PUBACK, PUBLISH, SUBACK, SUBSCRIBE, UNSUPPORTED, Proxy, kind_of
from tests.support.waiting import eventually, free_port

I = TypeVar("I", bound=Input)  # noqa: E741 - an input

STATUS, COMMANDS = "test/status", "test/command/#"
OFFLINE = Publish(STATUS, b"offline", 1, retain=True, content_type="text/plain")
OLD_LIBRARY = paho.mqtt.__version__.startswith("1.")
PATIENCE = 30.0


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
        """Return the next input of a kind; what comes before it is only recorded."""
        while True:
            event = self._queue.get(timeout=PATIENCE)
            self.posted.append(event)
            if isinstance(event, kind) and that(event):
                return event

    def connect(self, port: int, **changed: Any) -> BrokerConnected:
        """Connect and wait until it is."""
        self.mqtt.connect(spec(port, **changed))
        return self.wait_for(BrokerConnected)

    def all(self, kind: type[I]) -> list[I]:
        """Return what was posted of a kind so far, in order."""
        while not self._queue.empty():
            self.posted.append(self._queue.get())
        return [event for event in self.posted if isinstance(event, kind)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less than in life, where the waiting is not what is tested."""
    monkeypatch.setattr(adapter, "FIRST_RETRY_S", 0.1)
    monkeypatch.setattr(adapter, "LONGEST_RETRY_S", 0.2)
    monkeypatch.setattr(adapter, "CONNACK_S", 1.0)
    monkeypatch.setattr(adapter, "RESUBSCRIBE_S", 0.1)


@pytest.fixture
def link() -> Iterator[Link]:
    link = Link()
    yield link
    link.mqtt.close(PATIENCE)
    threads = [thread for thread in threading.enumerate() if thread.name == "temp_eta-mqtt" or "paho" in thread.name]
    for thread in threads:
        thread.join(PATIENCE)
    assert not [thread for thread in threads if thread.is_alive() and thread.name == "temp_eta-mqtt"]


@pytest.fixture
def peer(broker: Broker) -> Iterator[Observer]:
    """Another client of the broker."""
    with Observer(broker.listener, filters=("test/#", "my/#")) as observer:
        yield observer


def test_the_library_is_the_one_to_be_tested():
    assert paho.mqtt.__version__.startswith(os.environ.get("PAHO_UNDER_TEST", "2."))


# Connected


def test_a_connection_is_told_with_its_broker_and_version(link: Link, broker: Broker):
    assert link.connect(broker.port) == BrokerConnected(1, "127.0.0.1", broker.port, "5")


def test_messages_arrive_in_order_and_are_acknowledged_by_their_tokens(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port)
    for token in range(WINDOW):
        link.mqtt.publish(Publish("test/bed/eta", str(token).encode(), qos=token % 2, retain=True, token=token))
    for _ in range(WINDOW):
        link.wait_for(Delivered)
    assert {delivered.token for delivered in link.all(Delivered)} == set(range(WINDOW))
    assert {delivered.link for delivered in link.all(Delivered)} == {1}
    peer.wait_for("test/bed/eta", lambda message: message.text == str(WINDOW - 1))
    assert [message.text for message in peer.on("test/bed/eta")] == [str(number) for number in range(WINDOW)]
    with Observer(broker.listener, filters=("test/#",)) as late:
        assert late.wait_for("test/bed/eta").retain


def test_a_message_carries_its_properties(link: Link, broker: Broker):
    with Client5(broker.listener, "my/#") as other:
        link.connect(broker.port)
        reply = Publish("my/answers", b"{}", content_type="application/json", expiry_seconds=300, correlation=b"\0\1")
        link.mqtt.publish(reply)
        properties = other.messages.get(timeout=PATIENCE).properties
    assert (properties.ContentType, properties.CorrelationData) == ("application/json", b"\0\1")
    assert 0 < properties.MessageExpiryInterval <= 300


def test_a_command_comes_with_where_to_answer(link: Link, broker: Broker):
    link.connect(broker.port)
    with Client5(broker.listener) as other:
        other.publish("test/command/reset", b"{}", ResponseTopic="my/answers", CorrelationData=b"42")
    assert link.wait_for(MessageArrived) == MessageArrived("test/command/reset", b"{}", False, "my/answers", b"42")


@pytest.mark.parametrize("version_5", [None, UNSUPPORTED], ids=["5", "3.1.1"])
def test_a_retained_command_is_told_from_a_live_one(
    link: Link, broker: Broker, peer: Observer, version_5: bytes | None
):
    peer.publish("test/command/old", b"1", retain=True)
    with Proxy(broker.listener, version_5=version_5) as proxy:
        link.connect(proxy.port)
        assert link.wait_for(MessageArrived) == MessageArrived("test/command/old", b"1", retained=True)
        peer.publish("test/command/new", b"2", retain=True)
        live = link.wait_for(MessageArrived)
        assert live.topic == "test/command/new"
        assert live.retained is (version_5 is None), "MQTT 5 tells also of a live one that it will be retained"
    for topic in ("old", "new"):
        peer.publish(f"test/command/{topic}", b"", retain=True)


def test_what_is_not_subscribed_to_does_not_come(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port, subscriptions=("test/command/#", "test/birth"))
    peer.publish("test/status", b"x")
    peer.publish("test/birth", b"online")
    assert link.wait_for(MessageArrived).topic == "test/birth"


# The end


def test_a_clean_leave_says_good_bye_once(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port)
    link.mqtt.publish(Publish(STATUS, b"online", 1, retain=True))
    peer.wait_for(STATUS, lambda message: message.text == "online")
    link.mqtt.disconnect(Disconnect((OFFLINE,)))
    link.mqtt.close(PATIENCE)
    peer.wait_for(STATUS, lambda message: message.text == "offline")
    peer.publish("test/end", b"")
    peer.wait_for("test/end")
    assert [message.text for message in peer.on(STATUS)][-2:] == ["online", "offline"]
    assert link.all(BrokerLost) == [], "who leaves has not lost anything"


def test_who_dies_is_declared_offline_by_the_broker(broker: Broker, peer: Observer):
    script = (
        "import sys, time; from tests.integration.test_mqtt import *; link = Link()\n"
        "link.connect(int(sys.argv[1])); link.mqtt.publish(Publish(STATUS, b'online', 1, retain=True))\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(broker.port)]) as child:
        try:
            peer.wait_for(STATUS, lambda message: message.text == "online", timeout=PATIENCE)
        finally:
            child.send_signal(signal.SIGKILL)
    assert peer.wait_for(STATUS, lambda message: message.text == "offline").text == "offline"
    with Observer(broker.listener, filters=("test/#",)) as late:
        assert late.wait_for(STATUS).text == "offline"


def test_nothing_is_published_after_the_end(link: Link, broker: Broker, peer: Observer):
    link.mqtt.publish(Publish("test/early", b"x"))
    link.connect(broker.port)
    link.mqtt.disconnect(Disconnect())
    link.mqtt.publish(Publish("test/late", b"x"))
    link.mqtt.close(PATIENCE)
    peer.publish("test/end", b"")
    peer.wait_for("test/end")
    assert peer.on("test/early") == peer.on("test/late") == []


def test_to_leave_twice_or_never_connected_does_no_harm(link: Link, broker: Broker):
    link.mqtt.disconnect(Disconnect((OFFLINE,)))
    link.mqtt.close(PATIENCE)
    link.connect(broker.port)
    for _ in range(2):
        link.mqtt.disconnect(Disconnect((OFFLINE,)))
        link.mqtt.close(PATIENCE)


def test_another_connection_replaces_the_first_which_says_good_bye(link: Link, broker: Broker, peer: Observer):
    link.connect(broker.port)
    link.mqtt.disconnect(Disconnect((OFFLINE,)))
    connected = link.connect(broker.port, client_id="temp_eta_other")
    assert connected.link > 1
    link.mqtt.publish(Publish(STATUS, b"online", 1, retain=True))
    peer.wait_for(STATUS, lambda message: message.text == "online")
    assert [message.text for message in peer.on(STATUS)][-2:] == ["offline", "online"]


def test_a_connection_that_was_given_up_posts_nothing_more(link: Link, broker: Broker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(adapter, "CONNACK_S", PATIENCE)
    with Proxy(None) as silent:
        link.mqtt.connect(spec(silent.port))
        eventually(lambda: silent.count(CONNECT), "the try to be made")
        connected = link.connect(broker.port)
        assert connected.port == broker.port
        link.mqtt.publish(Publish("test/x", b"x", token=1))
        link.wait_for(Delivered)
    assert link.all(BrokerLost) == []


# A broker that comes and goes


def test_a_broker_that_is_not_there_is_tried_again_until_it_is(link: Link):
    port = free_port()
    link.mqtt.connect(spec(port))
    for _ in range(3):
        assert link.wait_for(BrokerLost).reason == (
            f"TCP: 127.0.0.1:{port} refuses the connection: is the broker running?"
        )
    with Broker(port=port):
        assert link.wait_for(BrokerConnected).port == port


def test_a_name_that_nobody_knows_is_said_to_be_unknown(link: Link):
    link.mqtt.connect(spec(1883, host="no-such-broker.invalid"))
    assert link.wait_for(BrokerLost).reason.startswith("Name look-up: 'no-such-broker.invalid' is not known")


def test_settings_that_the_library_refuses_are_no_crash(link: Link):
    link.mqtt.connect(spec(1883, host=""))
    assert "don't work" in link.wait_for(BrokerLost).reason


def test_a_restarted_broker_is_connected_to_again_as_another_link(link: Link, broker: Broker):
    first = link.connect(broker.port)
    broker.stop()
    lost = link.wait_for(BrokerLost)
    assert lost == BrokerLost(first.link, f"The connection to 127.0.0.1:{broker.port} is lost")
    broker.start()
    second = link.wait_for(BrokerConnected)
    assert second.link > first.link
    link.mqtt.publish(Publish("test/x", b"x", token=7))
    assert link.wait_for(Delivered) == Delivered(second.link, 7)


def test_a_frozen_broker_is_noticed_and_reached_again(link: Link, broker: Broker):
    link.connect(broker.port, keepalive=1)
    broker.freeze()
    try:
        for token in range(16):
            link.mqtt.publish(Publish("test/x", b"x" * 1000, token=token))
        link.wait_for(BrokerLost)
    finally:
        broker.resume()
    link.wait_for(BrokerConnected)


def test_it_can_be_left_while_the_broker_is_frozen(link: Link, broker: Broker):
    link.connect(broker.port)
    broker.freeze()
    try:
        link.mqtt.publish(Publish("test/x", b"x", token=1))
        link.mqtt.disconnect(Disconnect((OFFLINE,)))
        link.mqtt.close(0.01)
        link.mqtt.close(PATIENCE)
        assert "temp_eta-mqtt" not in [thread.name for thread in threading.enumerate()]
    finally:
        broker.resume()


def test_it_can_be_left_while_it_waits_for_an_answer_or_for_the_next_try(link: Link, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(adapter, "CONNACK_S", 3600.0)
    with Proxy(None) as silent:
        link.mqtt.connect(spec(silent.port))
        eventually(lambda: silent.count(CONNECT), "the try to be made")
        link.mqtt.close(PATIENCE)
    monkeypatch.setattr(adapter, "FIRST_RETRY_S", 3600.0)
    link.mqtt.connect(spec(free_port()))
    link.wait_for(BrokerLost)
    link.mqtt.close(PATIENCE)


def test_what_was_not_acknowledged_is_not_sent_again_by_the_library(link: Link, broker: Broker, peer: Observer):
    """It would put an old level over a new one: what is to be said again is the bridge's to know."""
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: None if kind_of(packet) == PUBACK else packet
        proxy.to_broker = lambda packet: None if kind_of(packet) == PUBLISH else packet
        link.connect(proxy.port)
        link.mqtt.publish(Publish("test/level", b"old", retain=True, token=1))
        eventually(lambda: proxy.count(PUBLISH), "the message to be swallowed")
        proxy.to_client = proxy.to_broker = lambda packet: packet
        proxy.cut()
        link.wait_for(BrokerConnected)
        link.mqtt.publish(Publish("test/level", b"new", retain=True, token=2))
        assert link.wait_for(Delivered).token == 2
    peer.wait_for("test/level")
    assert [message.text for message in peer.on("test/level")] == ["new"]


# Brokers that refuse


def test_a_wrong_password_is_said_without_the_password(link: Link):
    with Broker(username="printer", password="right") as broker:
        link.mqtt.connect(spec(broker.port, username="printer", password="wrong-and-secret"))
        reason = link.wait_for(BrokerLost).reason
        assert reason.startswith(f"CONNACK: 127.0.0.1:{broker.port} refuses the connection: ")
        assert "authori" in reason
        assert "secret" not in repr(link.posted)
        link.connect(broker.port, username="printer", password="right")


@pytest.mark.parametrize("answer", [UNSUPPORTED, b"", b"\x20\x02\x00\x01"], ids=["0x84", "nothing", "0x01"])
def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1(link: Link, broker: Broker, peer: Observer, answer: bytes):
    with Proxy(broker.listener, version_5=answer) as proxy:
        assert link.connect(proxy.port).protocol == "3.1.1"
        assert link.all(BrokerLost)[0].reason == f"CONNACK: 127.0.0.1:{proxy.port} does not answer in MQTT 5"
        link.mqtt.publish(
            Publish("test/x", b"x", content_type="text/plain", expiry_seconds=5, correlation=b"1", token=9)
        )
        assert link.wait_for(Delivered).token == 9
        peer.publish("test/command/reset", b"{}")
        assert link.wait_for(MessageArrived) == MessageArrived("test/command/reset", b"{}")
        link.mqtt.disconnect(Disconnect((OFFLINE,)))
        link.mqtt.close(PATIENCE)
    peer.wait_for(STATUS, lambda message: message.text == "offline")


def test_a_broker_that_answers_nothing_is_tried_in_either_version_for_ever(link: Link):
    with Proxy(None) as silent:
        link.mqtt.connect(spec(silent.port))
        reasons = [link.wait_for(BrokerLost).reason for _ in range(4)]
    assert [reason.rsplit(" ", 1)[1] for reason in reasons] == ["5", "3.1.1", "5", "3.1.1"]


@pytest.mark.parametrize("version_5", [None, UNSUPPORTED], ids=["5", "3.1.1"])
def test_a_refused_subscription_is_said_and_tried_until_granted(link: Link, broker: Broker, version_5: bytes | None):
    with Proxy(broker.listener, version_5=version_5) as proxy:
        proxy.to_client = lambda packet: packet[:-1] + b"\x80" if kind_of(packet) == SUBACK else packet
        link.connect(proxy.port)
        assert "Not permitted to subscribe" in link.wait_for(BrokerRefused).reason
        before = proxy.count(SUBSCRIBE)
        eventually(lambda: proxy.count(SUBSCRIBE) >= before + 2, "more tries")
        link.mqtt.publish(Publish("test/x", b"x", token=3))
        assert link.wait_for(Delivered).token == 3, "the rest goes on"
        proxy.to_client = lambda packet: packet
        granted = proxy.count(SUBSCRIBE)
        eventually(lambda: proxy.count(SUBSCRIBE) > granted, "the try that succeeds")
        with Observer(broker.listener, filters=("my/#",)) as other:
            other.publish("test/command/reset", b"{}")
        assert link.wait_for(MessageArrived).payload == b"{}"
        assert link.all(BrokerLost)[1:] == []


def test_it_can_be_left_while_a_subscription_is_refused(link: Link, broker: Broker):
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: packet[:-1] + b"\x80" if kind_of(packet) == SUBACK else packet
        link.connect(proxy.port)
        link.wait_for(BrokerRefused)
        link.mqtt.close(PATIENCE)
        assert "temp_eta-mqtt" not in [thread.name for thread in threading.enumerate()]


def test_a_connection_lost_while_a_subscription_is_refused_is_noticed(link: Link, broker: Broker):
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: packet[:-1] + b"\x80" if kind_of(packet) == SUBACK else packet
        link.connect(proxy.port)
        link.wait_for(BrokerRefused)
        proxy.cut()
        link.wait_for(BrokerLost)
        link.wait_for(BrokerConnected)


@pytest.mark.skipif(OLD_LIBRARY, reason="paho-mqtt 1.6 keeps to itself why a message was refused")
def test_a_refused_message_is_said_and_counts_as_delivered(link: Link, broker: Broker):
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: b"\x40\x03" + packet[2:4] + b"\x87" if kind_of(packet) == PUBACK else packet
        link.connect(proxy.port)
        link.mqtt.publish(Publish("test/x", b"x", token=3))
        assert "Not permitted to publish" in link.wait_for(BrokerRefused).reason
        assert link.wait_for(Delivered).token == 3


# Encrypted


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def encrypted(certificates: Certificates) -> Iterator[Broker]:
    with Broker(certificates=certificates) as broker:
        yield broker


def test_a_certificate_of_an_authority_of_the_system_is_trusted(
    link: Link, encrypted: Broker, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    assert link.connect(encrypted.port, tls=True).port == encrypted.port


def test_a_certificate_of_an_unknown_authority_is_refused_in_words(link: Link, encrypted: Broker):
    link.mqtt.connect(spec(encrypted.port, tls=True))
    reason = link.wait_for(BrokerLost).reason
    assert reason.startswith(f"TLS: the certificate of 127.0.0.1:{encrypted.port} is not trusted: ")


def test_a_certificate_for_another_name_is_refused_in_words(
    link: Link, encrypted: Broker, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    link.mqtt.connect(spec(encrypted.port, host="127.1", tls=True))  # another way to write 127.0.0.1
    reason = link.wait_for(BrokerLost).reason
    assert reason.startswith(f"TLS: the certificate of 127.1:{encrypted.port} is not trusted: ")
    assert "ismatch" in reason


def test_unchecked_any_certificate_will_do(link: Link, encrypted: Broker):
    assert link.connect(encrypted.port, tls=True, tls_insecure=True).port == encrypted.port


def test_tls_to_a_port_without_it_is_said_to_be_that(link: Link, broker: Broker):
    link.mqtt.connect(spec(broker.port, tls=True))
    reason = link.wait_for(BrokerLost).reason
    assert reason.startswith("TLS: no encrypted connection") or reason.endswith("is TLS set as this port needs it?")


def test_no_tls_to_a_port_with_it_does_not_connect(link: Link, encrypted: Broker):
    link.mqtt.connect(spec(encrypted.port))
    assert "does not answer in MQTT" in link.wait_for(BrokerLost).reason


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
        assert self._ready.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, **values: Any) -> None:
        properties = Properties(PacketTypes.PUBLISH)
        for name, value in values.items():
            setattr(properties, name, value)
        self._client.publish(topic, payload, 1, properties=properties).wait_for_publish(PATIENCE)

    def _subscribe(self) -> None:
        if self._filters:
            self._client.subscribe([(each, mqtt.SubscribeOptions(qos=1)) for each in self._filters])
        else:
            self._ready.set()
