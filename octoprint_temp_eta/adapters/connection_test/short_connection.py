"""A connection that one thread opens, uses and closes: for the connection test, the command line and the leftovers."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ...bridge.protocol.effects import Connect, Publish
from ...bridge.protocol.inputs import Delivered, Input, MessageArrived
from ...settings.broker_address import BrokerAddress
from ..broker import diagnosis, errors, reach
from ..broker.client.client import Client, Connack, Ended, Event, Suback
from ..broker.client.paho import Limits
from ..broker.reach import StepFailed
from ..threads.inbox import now

#: The largest packet in bytes: the descriptions of devices in Home Assistant may have 100 kB and more.
LARGEST_PACKET = 1024 * 1024
#: Messages that wait to be received, at most, and the bytes of their payloads; more are dropped and counted.
CAPACITY, CAPACITY_BYTES = 10_000, 16 * LARGEST_PACKET
#: All retained messages have arrived after this many seconds without a message, or at the latest after this many
#: seconds.
QUIET_S, SETTLE_S = 1.0, 15.0
#: The reason code in a PUBACK if no client is subscribed to the topic.
NO_SUBSCRIBERS = 0x10


class ShortConnection:
    """A client of the broker at `address`. All waiting is bounded by `reach.STEP_TIMEOUT_S`."""

    def __init__(self, spec: Connect, address: BrokerAddress) -> None:
        #: Messages that were dropped.
        self.dropped = 0
        self._spec = replace(spec, largest_packet=LARGEST_PACKET)
        self._address = address
        self._client: Client | None = None
        self._events: queue.SimpleQueue[tuple[int, Event]] = queue.SimpleQueue()
        self._inputs: queue.SimpleQueue[Input] = queue.SimpleQueue()
        self._messages: deque[MessageArrived] = deque()
        #: The bytes of payloads that have come, counted by the library's thread, and those taken.
        self._come = self._gone = 0
        self._code = 0

    def open(self) -> str:
        """Connect with MQTT 5, or else with 3.1.1, and return the version.

        Raises `StepFailed`, and what `Client.open` raises.
        """
        event: Event | None = None
        for link, protocol in enumerate(("5", "3.1.1"), 1):
            self.close()
            client = self._client = Client(self._spec, self._address, protocol, Limits(), link, self._put, self._events)
            client.acknowledged = self._acknowledged
            client.open()
            event = self._event(Connack, link)
            if isinstance(event, Connack) and event.code == 0:
                client.limits = event.limits
                return protocol
            if isinstance(event, Connack) and event.code != errors.UNSUPPORTED_PROTOCOL:
                raise StepFailed(errors.connection_refused(self._address, event.code))
        closed = isinstance(event, Ended)
        certificate = self._spec.certificate_file
        raise StepFailed(f"{diagnosis.no_connack(self._address, '5 or 3.1.1', certificate, closed=closed)}.")

    @property
    def limits(self) -> Limits:
        """The broker's limits. Raises `StepFailed` without a connection."""
        return self._connected().limits

    def subscribe(self, topic: str) -> str | None:
        """Subscribe to a topic; return why that failed, or None. Raises `StepFailed` without a connection.

        The QoS is 0: with 1, mosquitto delivers the first 1020 retained messages and drops the others.
        """
        client = self._connected()
        mid = client.subscribe(topic, 0)
        event = self._event(Suback, client.link)
        if isinstance(event, Suback) and event.mid == mid:
            failures = [code for code in event.codes if code >= errors.FIRST_FAILURE]
            return errors.reason_name(failures[0]) if failures else None
        return "the broker closes the connection at it" if isinstance(event, Ended) else "no answer"

    def subscribe_all(self, topics: Iterable[str]) -> None:
        """Subscribe to all `topics`. Raises `StepFailed` for a refused one."""
        for topic in topics:
            why = self.subscribe(topic)
            if why is not None:
                raise StepFailed(errors.subscription_refused(topic, why))

    def unsubscribe(self, topic: str) -> None:
        """Send UNSUBSCRIBE, which the broker handles before what is published next."""
        self._connected().unsubscribe(topic)

    def publish(self, message: Publish) -> int:
        """Publish with QoS 1 and return the reason code of the PUBACK. Raises `StepFailed` if it is refused."""
        client = self._connected()
        self._code = 0
        client.publish(replace(message, qos=1, token=1))
        until = now().at + reach.STEP_TIMEOUT_S
        while (received := self._take(until)) is not None:
            if isinstance(received, Delivered):
                if self._code >= errors.FIRST_FAILURE:
                    raise StepFailed(errors.publish_refused(message.topic, self._code))
                return self._code
        raise StepFailed(f"The broker does not acknowledge a message on {message.topic}. See the broker's log.")

    def receive(self, until: float) -> MessageArrived | None:
        """Return the next message, None if none comes until then (monotonic s).

        Raises `StepFailed` if the connection has ended.
        """
        while not self._messages:
            if self._take(until) is None and not self._messages:
                if self._client is None or not self._client.connected:
                    raise StepFailed(f"{errors.connection_lost(self._address, None)}.")
                return None
        message = self._messages.popleft()
        self._gone += len(message.payload)
        return message

    def settled(self) -> Iterator[MessageArrived]:
        """Yield messages until none came for `QUIET_S`: then all retained messages have arrived."""
        end = now().at + SETTLE_S
        while now().at < end:
            message = self.receive(min(end, now().at + QUIET_S))
            if message is None:
                return
            yield message

    def close(self) -> None:
        """End the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connected(self) -> Client:
        if self._client is None or not self._client.connected:
            raise StepFailed(f"{errors.connection_lost(self._address, None)}.")
        return self._client

    def _put(self, event: Input) -> None:
        """Called by the library's thread."""
        if isinstance(event, MessageArrived):
            if self._inputs.qsize() >= CAPACITY or self._come - self._gone > CAPACITY_BYTES:
                self.dropped += 1
                return
            self._come += len(event.payload)
        self._inputs.put(event)

    def _acknowledged(self, _: Publish | None, code: int) -> None:
        self._code = code

    def _event(self, kind: type[Event], link: int) -> Event | None:
        """Return the next event of a type, or the end of the connection; None if neither comes in time."""
        until = now().at + reach.STEP_TIMEOUT_S
        while True:
            try:
                origin, event = self._events.get(timeout=max(0.0, until - now().at))
            except queue.Empty:
                return None
            if origin == link and isinstance(event, kind | Ended):
                return event

    def _take(self, until: float) -> Input | None:
        """Return the next input, None if none comes until then; messages are kept for `receive`."""
        try:
            received = self._inputs.get(timeout=max(0.0, until - now().at))
        except queue.Empty:
            return None
        if isinstance(received, MessageArrived):
            self._messages.append(received)
        return received


def opened(spec: Connect) -> ShortConnection:
    """Return a connection to the first broker of the list that accepts it. Raises `StepFailed`."""
    problems = []
    for address in spec.addresses:
        connection = ShortConnection(spec, address)
        try:
            connection.open()
        except Exception as error:  # the next broker of the list may work
            connection.close()
            if isinstance(error, StepFailed):
                problems.append(str(error))
            else:
                problems.append(errors.sentence(diagnosis.failure(error, address, spec)))
        else:
            return connection
    raise StepFailed(" ".join(problems))
