"""The steps of the connection test that need a connection: what the user may publish and read."""

from __future__ import annotations

import json
import queue
import secrets
from dataclasses import dataclass, replace

from ...bridge.protocol.effects import Connect, Publish
from ...bridge.protocol.inputs import BrokerRefused, Delivered, Input, MessageArrived
from ...settings.broker_address import BrokerAddress
from ..inbox import now
from . import errors, reach
from .client import Client, Connack, Ended, Event, Suback
from .paho import Limits
from .reach import STEP_TIMEOUT_S, StepFailed, StepSkipped

#: s to wait for retained messages after the subscription.
RETAINED_S = 1.0


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """A connection to test, and what the bridge needs on it.

    `base` is base topic and instance; `machine` this machine's id as in `info`; `status_topic` Home Assistant's, empty
    if discovery is off; `largest_message` in bytes.
    """

    connect: Connect
    base: str
    machine: str = ""
    status_topic: str = ""
    largest_message: int = 0


class Probe:
    """A client that connects, subscribes, publishes and reads back. `close` ends it."""

    def __init__(self, test: ConnectionTest, address: BrokerAddress) -> None:
        self._test = test
        self._address = address
        self._topic = f"{test.base}/probe"
        self._info = f"{test.base}/info"
        self._secret = secrets.token_hex(8).encode()
        self._client: Client | None = None
        self._events: queue.SimpleQueue[tuple[int, Event]] = queue.SimpleQueue()
        self._inputs: queue.SimpleQueue[Input] = queue.SimpleQueue()
        self._messages: list[MessageArrived] = []
        self._readable: set[str] = set()
        self._published = False

    def connect(self) -> str:
        """Connect with MQTT 5, or else with 3.1.1."""
        # With a client ID of its own the test does not take over the session of the connection that may be up.
        client_id = f"{self._test.connect.client_id}_test"
        spec = replace(self._test.connect, client_id=client_id, will=Publish(self._topic, b"", 0), clean_start=True)
        event: Event | None = None
        for link, protocol in enumerate(("5", "3.1.1"), 1):
            self.close()
            client = self._client = Client(
                spec, self._address, protocol, Limits(), link, self._inputs.put, self._events
            )
            client.open()
            event = self._event(Connack, link)
            if isinstance(event, Connack) and event.code == 0:
                client.limits = event.limits
                return f"The broker accepts the connection with MQTT {protocol}."
            if isinstance(event, Connack) and event.code != errors.UNSUPPORTED_PROTOCOL:
                raise StepFailed(errors.connection_refused(self._address, event.code))
        if not self._address.tls and reach.expects_tls(self._address):
            raise StepFailed(f"{self._address} expects TLS. Turn on Use TLS.")
        raise StepFailed(f"{errors.no_connack(self._address, '5 or 3.1.1', closed=isinstance(event, Ended))}.")

    def subscribe(self) -> str:
        """Subscribe to each topic that the bridge needs, and to its own probe."""
        test = self._test
        wanted = [f"{test.base}/command/#", self._info, self._topic, *filter(None, [test.status_topic])]
        refused = []
        for topic in wanted:
            why = self._subscribe(topic)
            if why is None:
                self._readable.add(topic)
            else:
                refused.append(errors.subscription_refused(topic, why))
        if refused:
            raise StepFailed(" ".join(refused))
        return f"The broker grants the subscriptions to {', '.join(wanted)}."

    def publish(self) -> str:
        """Publish the probe, and wait for the acknowledgement."""
        client = self._connected()
        client.publish(Publish(self._topic, self._secret, 1, content_type="text/plain", expiry_seconds=60, token=1))
        until = now().at + STEP_TIMEOUT_S
        refusal = None
        while (received := self._input(until)) is not None:
            if isinstance(received, BrokerRefused):
                refusal = received.reason
            elif isinstance(received, Delivered):
                if refusal is not None:
                    raise StepFailed(refusal)
                self._published = True
                return f"The broker acknowledges a message on {self._topic}."
        raise StepFailed(f"The broker does not acknowledge a message on {self._topic}.")

    def read_back(self) -> str:
        """Wait until the probe comes back."""
        if not self._published or self._topic not in self._readable:
            raise StepSkipped("The probe was not published, or the user may not read it.")
        until = now().at + STEP_TIMEOUT_S
        while not any(message.payload == self._secret for message in self._messages):
            if self._input(until) is None:
                raise StepFailed(
                    f"A message on {self._topic} does not come back, though the broker accepts it. States do not "
                    f"arrive on the broker, or commands will not arrive here. "
                    f"Allow the user to read and write {self._test.base}/# (ACL)."
                )
        return "The message came back."

    def packet_limit(self) -> str:
        """Compare the broker's packet limit with the largest message."""
        limit, largest = self._connected().limits.maximum_packet_size, self._test.largest_message
        if limit is None:
            raise StepSkipped("The broker announces no packet limit.")
        if largest > limit:
            raise StepFailed(
                f"The broker accepts packets of up to {limit} bytes, and the largest message has {largest}. "
                f"{errors.remedy(errors.PACKET_TOO_LARGE)}."
            )
        return f"The broker accepts packets of up to {limit} bytes; the largest message has {largest}."

    def identity(self) -> str:
        """Look whether another machine publishes with the same base topic and instance."""
        if self._info not in self._readable:
            raise StepSkipped(f"The user may not read {self._info}.")
        until = now().at + RETAINED_S
        while self._input(until) is not None:
            pass
        payloads = [message.payload for message in self._messages if message.topic == self._info and message.payload]
        others = [host for machine, host in map(_machine_and_host, payloads) if machine not in ("", self._test.machine)]
        if others:
            raise StepFailed(
                f"{self._info} was published by another machine, {others[-1]!r}. If that printer still exists, set "
                "another printer ID here; if it does not, this printer takes the topic over."
            )
        return f"No other machine publishes on {self._test.base}."

    def close(self) -> None:
        """End the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _subscribe(self, topic: str) -> str | None:
        """Subscribe to one topic; return why that failed."""
        client = self._connected()
        mid = client.subscribe(topic)
        event = self._event(Suback, client.link)
        if isinstance(event, Suback) and event.mid == mid:
            failures = [code for code in event.codes if code >= errors.FIRST_FAILURE]
            return errors.reason_name(failures[0]) if failures else None
        return "the broker closes the connection at it" if isinstance(event, Ended) else "no answer"

    def _connected(self) -> Client:
        if self._client is None or not self._client.connected:
            raise StepFailed(f"{errors.connection_lost(self._address, None)}.")
        return self._client

    def _event(self, kind: type[Event], link: int) -> Event | None:
        """Return the next event of a kind, or the end of the connection; None if neither comes in time."""
        until = now().at + STEP_TIMEOUT_S
        while True:
            try:
                origin, event = self._events.get(timeout=max(0.0, until - now().at))
            except queue.Empty:
                return None
            if origin == link and isinstance(event, kind | Ended):
                return event

    def _input(self, until: float) -> Input | None:
        """Return the next input, None if none comes until then; messages are kept."""
        try:
            received = self._inputs.get(timeout=max(0.0, until - now().at))
        except queue.Empty:
            return None
        if isinstance(received, MessageArrived):
            self._messages.append(received)
        return received


def _machine_and_host(payload: bytes) -> tuple[str, str]:
    """Return the machine's id and host name in an `info`, empty where it is none."""
    try:
        info = json.loads(payload)
        return str(info["machine"]), str(info["host"])[:64]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", ""
