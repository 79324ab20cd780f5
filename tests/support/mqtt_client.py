"""An MQTT client that watches: it records every message, and holds each of ours against the contract."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt

from tests.support import contract
from tests.support.broker_programs import Listener
from tests.support.waiting import TIMEOUT_S

#: What a client is made with: nothing with paho-mqtt 1.6, which has no versions of its callbacks.
VERSION: dict[str, Any] = (
    {"callback_api_version": mqtt.CallbackAPIVersion.VERSION2} if hasattr(mqtt, "CallbackAPIVersion") else {}
)

#: The default base topic and an instance.
USUAL_BASE = re.compile(r"octoprint/temp_eta/[^/]+")


@dataclass(frozen=True)
class Received:
    """A message as it came; `at` is of the monotonic clock."""

    topic: str
    payload: bytes
    retain: bool
    qos: int
    at: float = field(compare=False)

    @property
    def text(self) -> str:
        return self.payload.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.payload)


class Observer:
    """A client of `broker` from entering to leaving; it subscribes to `filters` with `qos` whenever it connects.

    Leaving raises AssertionError for the messages that broke the contract: those below `base` (base topic and
    instance) where it is given, else below the default base topic.
    """

    def __init__(
        self, broker: Listener, *, filters: Sequence[str] = ("#",), base: str | None = None, qos: int = 1
    ) -> None:
        self._broker = broker
        self._filters = filters
        self._base = base
        self._qos = qos
        self._news = threading.Condition()
        self._messages: list[Received] = []
        self._violations: list[str] = []
        self._subscribed = threading.Event()
        client = self._client = mqtt.Client(**VERSION)
        client.reconnect_delay_set(min_delay=1, max_delay=1)
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password)
        if broker.certificates is not None:
            client.tls_set(ca_certs=str(broker.certificates.authority))
        client.on_connect = self._on_connect
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = self._on_message

    def __enter__(self) -> Self:
        self._client.connect(self._broker.host, self._broker.port, keepalive=10)
        self._client.loop_start()
        if not self._subscribed.wait(TIMEOUT_S):
            self._client.loop_stop()
            raise TimeoutError("the broker did not take the observer's subscription")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        if kind is None and self._violations:
            raise AssertionError("messages broke the contract:\n" + "\n".join(self._violations[:10]))

    @property
    def messages(self) -> list[Received]:
        """All messages so far, oldest first."""
        with self._news:
            return list(self._messages)

    def on(self, topic: str) -> list[Received]:
        """Return the messages of `topic` so far, oldest first."""
        return [message for message in self.messages if message.topic == topic]

    def last(self, topic: str) -> Received:
        """Return the newest message of `topic`. Raises LookupError when there was none."""
        found = self.on(topic)
        if not found:
            raise LookupError(f"nothing on {topic}")
        return found[-1]

    def retained(self) -> dict[str, bytes]:
        """Return the newest payload of each topic, empty ones left out: what a late subscriber would get."""
        newest = {message.topic: message.payload for message in self.messages}
        return {topic: payload for topic, payload in newest.items() if payload}

    def mark(self) -> int:
        """Return the current end of the record, as `since` for `wait_for`."""
        return len(self.messages)

    def wait_for(
        self,
        topic: str,
        predicate: Callable[[Received], bool] = lambda _: True,
        timeout: float = TIMEOUT_S,
        *,
        since: int = 0,
    ) -> Received:
        """Return the first message of `topic`, from `since` on, that `predicate` accepts; wait for it if need be.

        Raises TimeoutError with what came instead.
        """
        deadline = time.monotonic() + timeout
        seen = since
        with self._news:
            while True:
                for message in self._messages[seen:]:
                    if message.topic == topic and predicate(message):
                        return message
                seen = len(self._messages)
                if not self._news.wait(deadline - time.monotonic()):
                    break
        came = [message.payload[:300] for message in self.on(topic)][-3:]
        raise TimeoutError(f"no message on {topic} within {timeout:g} s; the last there: {came}")

    def publish(self, topic: str, payload: str | bytes, *, retain: bool = False, qos: int = 1) -> None:
        """Publish and wait until the broker has it."""
        self._client.publish(topic, payload, qos, retain).wait_for_publish(TIMEOUT_S)

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe([(name, self._qos) for name in self._filters])

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        received = Received(message.topic, bytes(message.payload), message.retain, message.qos, time.monotonic())
        violation = self._judge(received)
        with self._news:
            self._messages.append(received)
            if violation:
                self._violations.append(violation)
            self._news.notify_all()

    def _judge(self, message: Received) -> str | None:
        usual = USUAL_BASE.match(message.topic)
        base = self._base or (usual[0] if usual else None)
        if base is None or not message.topic.startswith(f"{base}/"):
            return None
        try:
            contract.check(message.topic, message.payload, base)
        except Exception as error:
            return f"{message.topic}: {error}"
        return None
