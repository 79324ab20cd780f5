"""The demo's MQTT client. It uses only messages from the broker."""

from __future__ import annotations

import json
import queue
import time
from dataclasses import dataclass
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from octoprint_temp_eta.messages.contract.catalogue import MESSAGES
from tests.demo.options import Endpoint

CONNACK_SECONDS = 10
#: Endings of topics without retained messages.
EVENTS = tuple(message.topic.rpartition("}")[2] for message in MESSAGES.values() if not message.retain)


@dataclass(frozen=True)
class Message:
    """A received message; `at` in Unix seconds."""

    at: float
    topic: str
    payload: bytes

    @property
    def text(self) -> str:
        return self.payload.decode(errors="replace")

    @property
    def json(self) -> dict[str, Any]:
        """The payload as an object, empty if it is none."""
        try:
            content = json.loads(self.payload)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


class FeedError(RuntimeError):
    """The broker is unreachable or refuses the connection."""


class Feed:
    """The messages under `base` and their discovery messages, received inside the context."""

    def __init__(self, broker: Endpoint, base: str, discovery_prefix: str) -> None:
        self._broker = broker
        self._base = base
        self._filters = [(f"{base}/#", 0), (f"{discovery_prefix}/device/+/config", 0)]
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._connack: queue.SimpleQueue[ReasonCode] = queue.SimpleQueue()
        self._topics: set[str] = set()
        client = self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        if broker.username:
            client.username_pw_set(broker.username, broker.password)
        if broker.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_message = self._on_message

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._broker.host, self._broker.port)
        except OSError as error:
            raise FeedError(f"no broker at {self._broker}: {error}") from error
        self._client.loop_start()
        try:
            connack = self._connack.get(timeout=CONNACK_SECONDS)
        except queue.Empty:
            connack = None
        if connack is None or connack.is_failure:
            self._leave()
            raise FeedError(f"the broker at {self._broker} replies: {connack or 'nothing'}")
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def take(self) -> list[Message]:
        """Return the messages since the last call."""
        return [self._inbox.get_nowait() for _ in range(self._inbox.qsize())]

    def forget(self) -> None:
        """Clear our retained messages on the user's own broker."""
        for topic in sorted(topic for topic in self._topics if not topic.endswith(EVENTS)):
            self._client.publish(topic, b"", qos=1, retain=True).wait_for_publish(CONNACK_SECONDS)

    def _on_connect(
        self, client: mqtt.Client, userdata: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self._connack.put(reason)
        client.subscribe(self._filters)

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        # A discovery message is ours if it contains our topics; other printers have their own.
        if message.topic.startswith(f"{self._base}/") or self._base.encode() in message.payload:
            self._topics.add(message.topic)
            self._inbox.put(Message(time.time(), message.topic, bytes(message.payload)))
