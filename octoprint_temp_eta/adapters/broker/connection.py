"""The connection to the broker: made, kept, and made again, in a thread of its own.

Each connection gets a fresh client: the library resends what was unacknowledged *after* the connection is up, and
would put an old level over a new one. So nothing of a client outlives its connection, and what is to be said again is
the bridge's to know.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as mqtt

from ...bridge.protocol.effects import Connect, Disconnect, Publish
from ...bridge.protocol.inputs import BrokerConnected, BrokerLost, BrokerRefused, Delivered, Input, MessageArrived
from ..inbox import now
from . import paho
from .errors import explain

#: s until a broker that accepted the TCP connection must have answered CONNECT.
CONNACK_S = 5.0
#: s until the first retry at most, and the longest wait between two: short enough that all is right again some 10 s
#: after the broker is back.
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 5.0
#: s that a connection must have lasted for the next try not to wait longer than the one before: two machines that
#: take an identity from each other, or a broker that hangs up at once, are not fought every second.
STEADY_S = 10.0
#: s after which a refused subscription is tried again.
RESUBSCRIBE_S = 10.0
#: s between looks at whether the client still lives, should its thread have died without a word.
WATCH_S = 5.0
#: s that a good-bye waits for its acknowledgement (it arrives also without), and that a new connection waits for the
#: old one to be gone.
FAREWELL_S, SUCCESSION_S = 0.4, 3.0

Post = Callable[[Input], None]


@dataclass(frozen=True, slots=True)
class _Accepted:
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class _Ended:
    pass


@dataclass(frozen=True, slots=True)
class _Subscribed:
    codes: list[int]


@dataclass(frozen=True, slots=True)
class _Leave:
    farewell: tuple[Publish, ...]


_News = _Accepted | _Ended | _Subscribed | _Leave


class Mqtt:
    """The one connection that the worker wants. Called by the worker only; never blocks but in `close`."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._session: _Session | None = None
        self._last: _Session | None = None
        self._links = itertools.count(1)

    def connect(self, spec: Connect) -> None:
        """Reach the broker and stay with it; leaves an earlier one."""
        self.disconnect(Disconnect())
        self._session = self._last = _Session(spec, self._post, self._links, after=self._last)
        self._session.start()

    def disconnect(self, effect: Disconnect) -> None:
        """Leave the broker, and stay away."""
        if self._session is not None:
            self._session.leave(effect.farewell)
            self._session = None

    def publish(self, message: Publish) -> None:
        """Hand a message to the library; the bridge knows how many may be under way."""
        if self._session is not None:
            self._session.publish(message)

    def close(self, timeout: float) -> None:
        """Wait at most `timeout` seconds until the broker is left; says good-bye where the worker was too busy to."""
        if self._session is not None:
            self.disconnect(Disconnect((self._session.will,)))
        if self._last is not None:
            self._last.join(timeout)


class _Receipts:
    """From the library's message ids to our tokens. It may say that a message has arrived before it names its id.

    Both sides leave their note first and take the token then: taking is atomic, so exactly one of them gets it, and no
    lock is held where the library calls back.
    """

    def __init__(self) -> None:
        self._tokens: dict[int, int] = {}
        self._early: set[int] = set()

    def expect(self, mid: int, token: int) -> bool:
        """Note a message that was sent; return whether it has arrived already."""
        self._tokens[mid] = token
        if mid not in self._early:
            return False
        self._early.discard(mid)
        return self._tokens.pop(mid, None) is not None

    def arrived(self, mid: int) -> int | None:
        """Note a message that has arrived; return its token, None where it was not named yet."""
        self._early.add(mid)
        token = self._tokens.pop(mid, None)
        if token is not None:
            self._early.discard(mid)
        return token


class _Session(threading.Thread):
    """One `Connect`, from the first try to the good-bye."""

    def __init__(self, spec: Connect, post: Post, links: itertools.count[int], after: _Session | None) -> None:
        super().__init__(name="temp_eta-mqtt", daemon=True)
        self._spec = spec
        self._post = post
        self._links = links
        self._after = after
        self._protocol = "5"
        self._client: mqtt.Client | None = None
        self._news: queue.SimpleQueue[tuple[int, _News]] = queue.SimpleQueue()
        self._link = 0
        self._left: _Leave | None = None
        self._receipts = _Receipts()

    @property
    def will(self) -> Publish:
        """What the broker says of us when we vanish."""
        return self._spec.will

    def leave(self, farewell: tuple[Publish, ...]) -> None:
        """Send `farewell` where there is a connection, and end."""
        self._news.put((0, _Leave(farewell)))

    def publish(self, message: Publish) -> None:
        """Hand `message` to the client, where there is one with a connection."""
        client, link = self._client, self._link
        if client is not None:
            info = self._send(client, message)
            if message.token is not None and self._receipts.expect(info.mid, message.token):
                self._post(Delivered(link, message.token))

    def run(self) -> None:
        """Try until told to leave."""
        if self._after is not None:
            self._after.join(SUCCESSION_S)
            self._after = None
        pause = FIRST_RETRY_S
        while self._left is None:
            self._link = next(self._links)
            was, connected, begun_at = self._protocol, False, now().at
            try:
                connected, reason = self._attempt()
            except Exception as error:  # whatever the library raises: there is no connection, and it is tried again
                reason = explain(error, self._spec.host, self._spec.port)
            if self._left is not None:
                return
            self._post(BrokerLost(self._link, reason))
            if connected and now().at - begun_at >= STEADY_S:
                pause = FIRST_RETRY_S
            fell_back = was != self._protocol and not connected and was == "5"
            if not fell_back:
                self._next(pause * random.uniform(0.5, 1.0), link=0)  # noqa: S311 - jitter, not a secret
                pause = min(2 * pause, LONGEST_RETRY_S)

    def _attempt(self) -> tuple[bool, str]:
        """Connect and stay connected; return whether there was a connection, and why there is none any more."""
        client = paho.make_client(self._spec, self._protocol)
        self._listen(client, self._link)
        paho.open_connection(client, self._spec, self._protocol)
        client.loop_start()
        try:
            refused = self._handshake(client)
            return (False, refused) if refused else (True, self._stay(client))
        finally:
            self._client = None
            if self._left is not None:
                self._say_good_bye(client, self._left.farewell)
            client.disconnect()
            client.loop_stop()

    def _handshake(self, client: mqtt.Client) -> str | None:
        """Wait for CONNACK, subscribe; return why that failed."""
        spec, where = self._spec, f"{self._spec.host}:{self._spec.port}"
        news = self._next(CONNACK_S, self._link)
        if isinstance(news, _Accepted) and news.code == 0:
            paho.subscribe(client, spec.subscriptions, self._protocol)
            self._client = client
            self._post(BrokerConnected(self._link, spec.host, spec.port, self._protocol))
            return None
        if isinstance(news, _Accepted) and news.code not in paho.UNSUPPORTED_PROTOCOL:
            return f"CONNACK: {where} refuses the connection: {news.text}"
        if self._left is not None:
            return "left"
        tried, self._protocol = self._protocol, "3.1.1" if self._protocol == "5" else "5"
        return f"CONNACK: {where} does not answer in MQTT {tried}"

    def _stay(self, client: mqtt.Client) -> str:
        """Stay until the connection ends; return why it did."""
        pause = WATCH_S
        refused = False
        while True:
            news = self._next(pause, self._link)
            if isinstance(news, _Ended) or self._left is not None or not client.is_connected():
                return f"The connection to {self._spec.host}:{self._spec.port} is lost"
            if isinstance(news, _Subscribed):
                refused = any(code >= paho.FAILURE for code in news.codes)
                if refused:
                    self._post(BrokerRefused("Not permitted to subscribe to all of our topics: commands may not come"))
                pause = RESUBSCRIBE_S if refused else WATCH_S
            elif refused:
                paho.subscribe(client, self._spec.subscriptions, self._protocol)

    def _say_good_bye(self, client: mqtt.Client, farewell: tuple[Publish, ...]) -> None:
        """Send the last messages, and give the broker a moment to take them."""
        if not client.is_connected():
            return
        last = [self._send(client, message) for message in farewell]
        if last:
            with contextlib.suppress(ValueError, RuntimeError):  # what the library raises where it could not be sent
                last[-1].wait_for_publish(FAREWELL_S)

    def _send(self, client: mqtt.Client, message: Publish) -> mqtt.MQTTMessageInfo:
        properties = paho.properties_of(message, self._protocol)
        return client.publish(message.topic, message.payload, message.qos, message.retain, properties)

    def _next(self, timeout: float, link: int) -> _News | None:
        """Return the next news of connection `link`, None where none comes in time, or we are to leave."""
        if self._left is not None:
            return None
        while True:
            try:
                origin, news = self._news.get(timeout=timeout)
            except queue.Empty:
                return None
            if isinstance(news, _Leave):
                self._left = news
                return None
            if origin == link:
                return news

    def _listen(self, client: mqtt.Client, link: int) -> None:
        """Turn the library's callbacks into inputs for the bridge, or into news for this thread."""

        def message(arrived: MessageArrived) -> None:
            self._post(arrived)

        receipts = self._receipts = _Receipts()

        def delivered(mid: int, refusal: str | None) -> None:
            if refusal:
                self._post(BrokerRefused(f"Not permitted to publish: {refusal}"))
            token = receipts.arrived(mid)
            if token is not None:
                self._post(Delivered(link, token))

        paho.listen(
            client,
            connected=lambda code, text: self._news.put((link, _Accepted(code, text))),
            ended=lambda: self._news.put((link, _Ended())),
            subscribed=lambda codes: self._news.put((link, _Subscribed(codes))),
            delivered=delivered,
            message=message,
        )
