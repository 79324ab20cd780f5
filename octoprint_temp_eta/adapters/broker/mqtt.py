"""What the worker calls: one connection to the broker at a time, and the order of those that follow each other."""

from __future__ import annotations

import itertools

from ...bridge.protocol.effects import Connect, Disconnect, Publish, Subscribe
from ...bridge.protocol.inputs import BrokerLost
from .connection import Post, Session

#: Seconds until another attempt if there was no thread for the connection.
RESTART_S = 30.0


class Mqtt:
    """The connection that the worker has requested. Called by the worker only; never blocks except in `close`."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._session: Session | None = None
        self._last: Session | None = None
        self._links = itertools.count(1)

    def connect(self, spec: Connect) -> None:
        """Connect to the broker and stay connected; ends an earlier connection."""
        self.disconnect(Disconnect())
        session = Session(spec, self._post, self._links, after=self._last)
        try:
            session.start()
        except RuntimeError as error:  # the system has no more threads
            reason = f"The connection could not be started: {error}"
            self._post(BrokerLost(next(self._links), reason, pause=RESTART_S, given_up=True))
        else:
            self._session = self._last = session

    def disconnect(self, effect: Disconnect) -> None:
        """Disconnect, and stay disconnected."""
        if self._session is not None:
            self._session.leave(effect.last_messages)
            self._session = None

    def subscribe(self, effect: Subscribe) -> None:
        """Subscribe to exactly the topics of `effect`."""
        if self._session is not None:
            self._session.subscribe(effect.topics)

    def publish(self, message: Publish) -> None:
        """Pass a message to the library; the bridge limits the messages in flight."""
        if self._session is not None:
            self._session.publish(message)

    def close(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for the end; publishes `offline` if the worker was too busy to."""
        if self._session is not None:
            self.disconnect(Disconnect((self._session.will,)))
        if self._last is not None:
            self._last.join(timeout)
