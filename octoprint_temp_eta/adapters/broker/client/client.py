"""One client for one connection: what it sends, and what its callbacks report.

Each connection gets a fresh client: the library resends what was unacknowledged *after* the connection is up, and
would replace a new state with an old one. Nothing of a client outlives its connection; the bridge decides what to
resend.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable

from ....bridge.protocol.effects import Connect, Publish
from ....bridge.protocol.inputs import Answer, BrokerRefused, Delivered, Input
from ....core.frozen import frozen
from ....settings.broker_address import BrokerAddress
from .. import errors
from . import paho
from .addresses import Addresses
from .paho import Limits
from .receipts import Receipts

#: Seconds to wait for the acknowledgement of the last messages before disconnecting.
LAST_MESSAGES_TIMEOUT_S = 0.4

Post = Callable[[Input], None]


@frozen
class Connack:
    """The broker answered CONNECT."""

    code: int
    limits: Limits


@frozen
class Ended:
    """The connection ended; `code` is the reason code of the broker's DISCONNECT, None without one."""

    code: int | None


@frozen
class Suback:
    """The broker answered the SUBSCRIBE with this packet id."""

    mid: int
    codes: list[int]


@frozen
class Leave:
    """The bridge has ended the connection; these messages are still to be sent."""

    last_messages: tuple[Publish, ...]


@frozen
class Topics:
    """The bridge has requested exactly these subscriptions."""

    topics: tuple[str, ...]


Event = Connack | Ended | Suback | Leave | Topics
#: Events with the number of the connection that they belong to.
Events = queue.SimpleQueue[tuple[int, Event]]


class Client:
    """paho's client for the connection number `link`.

    Its callbacks run on the library's thread: they put events into `events`, and post messages and acknowledgements
    to the bridge.
    """

    def __init__(
        self,
        spec: Connect,
        address: BrokerAddress,
        protocol: str,
        limits: Limits,
        link: int,
        post: Post,
        events: Events,
        addresses: Addresses | None = None,
    ) -> None:
        self.link = link
        self.limits = limits
        self._spec = spec
        self._address = address
        self._protocol = protocol
        self._post = post
        self._receipts = Receipts()
        #: Gets each message that the broker acknowledged, with the reason code.
        self.acknowledged: Callable[[Publish | None, int], None] = lambda *_: None
        self._client = paho.make_client(spec, address, protocol, limits)
        if addresses is not None:
            self._client.addresses = addresses
        paho.listen(
            self._client,
            connected=lambda code, limits: events.put((link, Connack(code, limits))),
            ended=lambda code: events.put((link, Ended(code))),
            subscribed=lambda mid, codes: events.put((link, Suback(mid, codes))),
            delivered=self._delivered,
            message=post,
        )

    def open(self) -> None:
        """Send CONNECT; blocks until TCP and TLS are up. Raises `OSError`, and what else the library raises."""
        paho.open_connection(self._client, self._spec, self._address, self._protocol)
        self._client.loop_start()

    def give_up(self) -> None:
        """Let `open` fail, without CONNECT if it was not sent yet; from any thread."""
        self._client.give_up()

    @property
    def connected(self) -> bool:
        """Whether the library has a connection."""
        return bool(self._client.is_connected())

    def subscribe(self, topic: str, qos: int) -> int:
        """Send SUBSCRIBE and return the packet's id."""
        return paho.subscribe(self._client, topic, qos, self._protocol)

    def unsubscribe(self, topic: str) -> None:
        """Send UNSUBSCRIBE."""
        self._client.unsubscribe(topic)

    def publish(self, message: Publish) -> None:
        """Send a message; `Delivered` follows if it has a token."""
        mid = self._send(message).mid
        self._client.write_now()
        early = self._receipts.expect(mid, message) if message.token is not None else None
        if early is not None:
            self._answered(message, early)

    def send_last(self, messages: tuple[Publish, ...]) -> None:
        """Send the last messages, and wait briefly for their acknowledgement."""
        if not self.connected:
            return
        sent = [self._send(message) for message in messages]
        if sent:
            with contextlib.suppress(ValueError, RuntimeError):  # what the library raises if it could not be sent
                sent[-1].wait_for_publish(LAST_MESSAGES_TIMEOUT_S)

    def close(self) -> None:
        """End the connection."""
        self._client.disconnect()
        self._client.loop_stop()

    def _send(self, message: Publish) -> paho.MessageInfo:
        qos, retain = self.limits.fit(message)
        properties = paho.properties_of(message, self._protocol)
        return self._client.publish(message.topic, message.payload, qos, retain, properties)

    def _delivered(self, mid: int, code: int) -> None:
        message = self._receipts.arrived(mid, code)
        self.acknowledged(message, code)
        if message is not None:  # else `publish` reports it, when it has the packet's id
            self._answered(message, code)

    def _answered(self, message: Publish, code: int) -> None:
        if code >= errors.FIRST_FAILURE:
            reason, too_large = errors.publish_refused(message.topic, code), code == errors.PACKET_TOO_LARGE
            self._post(BrokerRefused(reason, message.topic, published=True, too_large=too_large))
        if message.token is not None:
            self._post(Delivered(self.link, message.token, _answer(code)))


def _answer(code: int) -> Answer:
    """Return what the reason code of a PUBACK means."""
    if code < errors.FIRST_FAILURE:
        return Answer.ACCEPTED
    if code == errors.PACKET_TOO_LARGE:
        return Answer.TOO_LARGE
    return Answer.REFUSED_FOR_NOW if code in errors.REFUSED_FOR_NOW else Answer.REFUSED
