"""Messages are written by the thread that publishes them, while the library's thread is busy."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from octoprint_temp_eta.adapters.broker.client.guarded import GuardedClient
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer

VERSION = {"callback_api_version": mqtt.CallbackAPIVersion.VERSION2} if hasattr(mqtt, "CallbackAPIVersion") else {}
MESSAGES = 200
PADDING = b"x" * 20_000
TIMEOUT_S = 30.0


@pytest.fixture
def busy(broker: Broker) -> Iterator[GuardedClient]:
    """Return a connected client whose thread is busy until the test ends."""
    reached, free = threading.Event(), threading.Event()

    def on_connect(*_: Any) -> None:
        reached.set()
        free.wait(TIMEOUT_S)

    client = GuardedClient(**VERSION)
    client.on_connect = on_connect
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert reached.wait(TIMEOUT_S)
    yield client
    free.set()
    client.disconnect()
    client.loop_stop()


def test_a_message_does_not_wait_for_the_librarys_thread(broker: Broker, busy: GuardedClient):
    with Observer(broker.listener, base="no message is checked") as observer:
        busy.publish("test/direct", b"now", 1)
        busy.write_now()
        observer.wait_for("test/direct", lambda message: message.text == "now", TIMEOUT_S)


def test_after_disconnect_the_librarys_thread_alone_writes(broker: Broker, busy: GuardedClient):
    with Observer(broker.listener, base="no message is checked") as observer:
        busy.publish("test/direct", b"first", 1)
        busy.disconnect()
        busy.write_now()
        assert busy.want_write()
        assert observer.on("test/direct") == []


def test_messages_keep_their_order_while_both_threads_write(broker: Broker):
    """The broker reads nothing at first, so that the socket's buffer fills and packets are written in parts."""
    with Observer(broker.listener, base="no message is checked") as observer:
        connected = threading.Event()
        client = GuardedClient(**VERSION)
        client.max_inflight_messages_set(MESSAGES)
        client.on_connect = lambda *_: connected.set()
        client.connect("127.0.0.1", broker.port)
        client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client.loop_start()
        assert connected.wait(TIMEOUT_S)
        broker.freeze()
        try:
            for number in range(MESSAGES):
                client.publish("test/order", b"%05d" % number + PADDING, 1)
                client.write_now()
            assert client.want_write(), "the buffer is full"
        finally:
            broker.resume()
        for number in range(MESSAGES, 2 * MESSAGES):
            client.publish("test/order", b"%05d" % number + PADDING, 1)
            client.write_now()
        last = b"%05d" % (2 * MESSAGES - 1)
        observer.wait_for("test/order", lambda message: message.payload.startswith(last), TIMEOUT_S)
        numbers = [int(message.payload[:5]) for message in observer.on("test/order")]
        client.disconnect()
        client.loop_stop()
    assert numbers == list(range(2 * MESSAGES))
