"""The connection to the broker: made, kept, and made again, in a thread of its own."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from dataclasses import replace

from ...bridge.outbox.send_limits import WINDOW
from ...bridge.protocol.effects import Connect, Publish
from ...bridge.protocol.inputs import BrokerConnected, BrokerLost, BrokerRefused, Input, SubscriptionGranted
from ...core.frozen import frozen
from ...settings.broker_address import BrokerAddress
from ..threads.inbox import now
from . import diagnosis, errors
from .backoff import STEADY_S
from .client.addresses import Addresses
from .client.client import Client, Connack, Ended, Event, Events, Leave, Suback, Topics
from .client.paho import Limits
from .client.subscriptions import Subscriptions
from .protocol_version import Outcome, ProtocolVersion
from .rotation import Rotation

#: Timeout for SUBACK before anything is published: in seconds, plus this multiple of the time that CONNACK took, and at
#: most. A server of a cluster that has lost another one may need 4 s for each, and the states must not wait for that.
SUBSCRIBE_TIMEOUT_S, SUBSCRIBE_TIMEOUT_FACTOR, LONGEST_SUBSCRIBE_TIMEOUT_S = 2.0, 2.0, 7.0
#: Seconds after which a refused or unanswered subscription is tried again.
RESUBSCRIBE_S = 10.0
#: Seconds between checks of whether the client is still connected, in case its thread died without a callback.
CHECK_S = 5.0
#: Seconds that a new connection waits for the old one to end.
SUCCESSION_S = 3.0

Post = Callable[[Input], None]


@frozen
class _End:
    """How an attempt ended: why, with which reason code, and whether the broker turned the client away.

    `connected` is for how many seconds there was a connection, None without one; `at_once` whether the next attempt
    follows without a pause.
    """

    reason: str
    code: int | None = None
    refused: bool = False
    connected: float | None = None
    at_once: bool = False


class Session(threading.Thread):
    """One `Connect`, from the first attempt to the last message."""

    def __init__(self, spec: Connect, post: Post, links: itertools.count[int], after: Session | None) -> None:
        super().__init__(name="temp_eta-mqtt", daemon=True)
        self._spec = spec
        self._post = post
        self._links = links
        self._after = after
        self._rotation = Rotation(spec.addresses, now().at)
        self._addresses = Addresses()
        self._version = ProtocolVersion()
        self._limits = Limits()
        self._subscriptions = Subscriptions(spec.subscriptions, qos=_subscription_qos(spec))
        #: The topics that were reported as refused on this connection.
        self._ungranted: set[str] = set()
        self._events: Events = queue.SimpleQueue()
        #: The client that is being opened.
        self._opening: Client | None = None
        #: The client of the connection that there is.
        self._client: Client | None = None
        self._link = 0
        self._left: Leave | None = None
        #: The reasons of attempts that were followed by another one without a pause: each is reported once.
        self._reported: set[str] = set()

    @property
    def will(self) -> Publish:
        """What the broker publishes when the connection breaks."""
        return self._spec.will

    def leave(self, last_messages: tuple[Publish, ...]) -> None:
        """Send `last_messages` if there is a connection, and end."""
        self._events.put((0, Leave(last_messages)))
        opening = self._opening
        if opening is not None:  # a later CONNECT would end the next connection: it has the same client id
            opening.give_up()

    def publish(self, message: Publish) -> None:
        """Hand `message` to the client if there is a connection."""
        client = self._client
        if client is not None:
            client.publish(message)

    def subscribe(self, topics: tuple[str, ...]) -> None:
        """Subscribe to exactly `topics`, now or with the next connection."""
        self._events.put((0, Topics(topics)))

    def run(self) -> None:
        """Make attempts until `leave`."""
        if self._after is not None:
            self._after.join(SUCCESSION_S)
            self._after = None
        while self._left is None:
            self._link = next(self._links)
            try:
                end = self._attempt()
            except Exception as error:  # whatever the library raises: there is no connection, and it is tried again
                self._next(0.0, self._link)  # notes that the session was left meanwhile
                self._version.outcome(Outcome.FAILED)
                end = _End(diagnosis.failure(error, self._address, self._spec))
            if self._left is not None:
                return
            if end.at_once:
                self._report(end, 0.0)
                continue
            pause = self._rotation.pause(now().at, connected=end.connected, refused=end.refused)
            self._report(end, pause)
            if self._rotation.turn():  # what was found out belongs to the one before
                self._version, self._limits = ProtocolVersion(), Limits()
            self._next(pause, link=0)

    @property
    def _address(self) -> BrokerAddress:
        return self._rotation.address

    def _report(self, end: _End, pause: float) -> None:
        if not end.at_once or end.reason not in self._reported:
            self._post(BrokerLost(self._link, end.reason, end.code, pause, at_once=end.at_once))
        if end.at_once:
            self._reported.add(end.reason)

    def _attempt(self) -> _End:
        """Connect and stay connected; return how it ended."""
        attempt = self._version.attempt
        events, addresses = self._events, self._addresses
        client = Client(
            self._spec, self._address, attempt.protocol, self._limits, self._link, self._post, events, addresses
        )
        self._opening = client
        try:
            client.open()
        finally:
            self._opening = None
        try:
            begin = now().at
            event = self._next(attempt.timeout, self._link)
            if self._left is not None:
                return _End("left")
            seconds = now().at - begin
            end = self._judge(event, seconds)
            if end is not None:
                return end
            client.limits = self._limits
            return self._stay(client, attempt.protocol, seconds)
        finally:
            self._client = None
            if self._left is not None:
                client.send_last(self._left.last_messages)
            client.close()

    def _judge(self, event: Event | None, seconds: float) -> _End | None:
        """Return how the attempt ended with `event`, `seconds` after CONNECT; None: there is a connection."""
        version = self._version
        if isinstance(event, Connack) and event.code == 0:
            probe = version.is_probe
            at_once = version.outcome(Outcome.ACCEPTED, seconds)
            self._limits = event.limits
            return _End(f"{self._address} answers in MQTT 3.1.1, but not in 5", at_once=at_once) if probe else None
        if isinstance(event, Connack) and event.code != errors.UNSUPPORTED_PROTOCOL:
            return self._refused(event.code)
        outcome = Outcome.SILENT
        if event is not None:
            outcome = Outcome.UNSUPPORTED if isinstance(event, Connack) else Outcome.CLOSED
        protocol, closed = version.attempt.protocol, outcome is Outcome.CLOSED
        certificate = self._spec.certificate_file
        if version.outcome(outcome):
            return _End(errors.no_connack(self._address, protocol, certificate, closed=closed), at_once=True)
        return _End(diagnosis.no_connack(self._address, protocol, certificate, closed=closed))

    def _refused(self, code: int) -> _End:
        """Return how the attempt ended with a CONNACK that refuses the connection."""
        before = self._limits
        if code == errors.RETAIN_NOT_SUPPORTED:
            self._limits = replace(before, retain=False)
        elif code == errors.QOS_NOT_SUPPORTED:
            self._limits = replace(before, maximum_qos=0)
        self._version.outcome(Outcome.FAILED)
        reason = errors.connection_refused(self._address, code)
        return _End(reason, code, refused=code not in errors.TEMPORARY, at_once=before != self._limits)

    def _stay(self, client: Client, protocol: str, seconds: float) -> _End:
        """Subscribe, report the connection, and stay until it ends; return how it did.

        `seconds` is how long CONNACK took.
        """
        begin = now().at
        self._ungranted.clear()
        self._subscriptions.connected()
        timeout = SUBSCRIBE_TIMEOUT_S + SUBSCRIBE_TIMEOUT_FACTOR * seconds
        ended = self._subscribe(client, min(timeout, LONGEST_SUBSCRIBE_TIMEOUT_S))
        if ended is None and self._left is None:
            self._client = client
            self._connected(protocol)
            ended = self._watch(client)
        code = ended.code if ended is not None else None
        lasted = now().at - begin
        if lasted >= STEADY_S:
            self._subscriptions.connection_lasted()
        refused = code == errors.SESSION_TAKEN_OVER
        return _End(errors.connection_lost(self._address, code), code, refused, connected=lasted)

    def _connected(self, protocol: str) -> None:
        """Report the connection, and what does not work on it."""
        address, limits = self._address, self._limits
        window = limits.receive_maximum if limits.receive_maximum and limits.receive_maximum < WINDOW else None
        self._post(
            BrokerConnected(self._link, address.host, address.port, protocol, limits.maximum_packet_size, window)
        )
        if not limits.retain:
            self._post(BrokerRefused(errors.no_retained_messages(self._address)))
        self._report_subscriptions()

    def _subscribe(self, client: Client, timeout: float) -> Ended | None:
        """Subscribe to what is due, and wait for SUBACK; return how the connection ended, if it did."""
        subscriptions, until = self._subscriptions, now().at + timeout
        self._send_subscriptions(client)
        while not subscriptions.complete and self._left is None and now().at < until:
            event = self._next(until - now().at, self._link)
            if isinstance(event, Ended):
                if event.code not in errors.NO_SUBSCRIPTION:
                    subscriptions.connection_ended(None if event.code is None else errors.reason_name(event.code))
                return event
            if isinstance(event, Suback):
                subscriptions.answered(event.mid, event.codes)
                self._send_subscriptions(client)
        return None

    def _send_subscriptions(self, client: Client) -> None:
        for topic in self._subscriptions.next():
            qos = self._subscriptions.qos(topic)
            self._subscriptions.sent(topic, client.subscribe(topic, qos))

    def _change_topics(self, topics: tuple[str, ...]) -> None:
        gone = self._subscriptions.change(topics)
        client = self._client
        if client is not None:
            for topic in gone:
                client.unsubscribe(topic)
            self._send_subscriptions(client)

    def _granted(self, topic: str | None) -> None:
        """Report that the broker has granted `topic`, which it had refused."""
        if topic in self._ungranted:
            self._ungranted.discard(topic)
            self._post(SubscriptionGranted(topic))

    def _report_subscriptions(self, *, unanswered: bool = False) -> None:
        for topic, why in self._subscriptions.problems(unanswered=unanswered):
            self._ungranted.add(topic)
            self._post(BrokerRefused(errors.subscription_refused(topic, why), topic))

    def _watch(self, client: Client) -> Ended | None:
        """Wait until the connection ends; return the reason, None if unknown."""
        retry_at = now().at + RESUBSCRIBE_S
        while True:
            event = self._next(min(CHECK_S, max(0.0, retry_at - now().at)), self._link)
            if isinstance(event, Ended):
                return event
            if self._left is not None or not client.connected:
                return None
            if isinstance(event, Suback):
                self._granted(self._subscriptions.answered(event.mid, event.codes))
                if self._subscriptions.complete:
                    self._report_subscriptions()
            if now().at >= retry_at:
                retry_at = now().at + RESUBSCRIBE_S
                self._report_subscriptions(unanswered=True)
                if self._subscriptions.retry():
                    self._send_subscriptions(client)

    def _next(self, timeout: float, link: int) -> Event | None:
        """Return the next event of connection `link`, None if none comes in time or `leave` was called."""
        if self._left is not None:
            return None
        until = now().at + timeout
        while True:
            try:
                origin, event = self._events.get(timeout=max(0.0, until - now().at))
            except queue.Empty:
                return None
            if isinstance(event, Leave):
                self._left = event
                return None
            if isinstance(event, Topics):
                self._change_topics(event.topics)
            elif origin == link:
                return event


def _subscription_qos(spec: Connect) -> int:
    """Return the QoS of the subscriptions: 1 only for a kept session, in which the broker keeps commands.

    Otherwise QoS 1 makes no difference to what arrives. With it, mosquitto delivers nothing more once it has dropped 20
    messages that exceed our packet limit: each keeps its place among those in flight. And servers of a NATS cluster
    that have just lost one of them need seconds for each subscription with QoS 1, or refuse it.
    """
    return 0 if spec.clean_start else 1
