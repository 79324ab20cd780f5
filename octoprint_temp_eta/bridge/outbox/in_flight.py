"""What was sent and not yet acknowledged, and acknowledgements that do not come.

A broker acknowledges messages in the order in which it got them (MQTT 5, 4.6). If later ones have overtaken one for a
while, the broker has lost or throttled it: it is sent again, as a new message. On a slow link nothing is overtaken,
however long it takes.

For the broker, such a message is still in flight, and counts for its Receive Maximum, until the connection ends. So too
many of them end the connection, and so does one topic on which no acknowledgement comes again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from ...core.clock import Now
from ..protocol.effects import Publish
from .events import Event

#: Seconds without an acknowledgement after which the connection counts as lost, besides those that the next message to
#: be acknowledged takes on the slowest link that is to work, in bytes per second.
ACK_TIMEOUT_S, SLOWEST = 20.0, 1000
#: Seconds after which an acknowledgement that later ones have overtaken does not come any more.
OVERTAKEN_S = 60.0
#: The part of the window, as a divisor, that messages without an acknowledgement may take.
MOST_OF_WINDOW = 4
#: How often none may come on a topic, without one in between.
MOST_ON_TOPIC = 2


class InFlight:
    """By token, in the order in which they were sent."""

    def __init__(self) -> None:
        self._items: dict[int, Publish | Event] = {}
        #: By token: when a later message was acknowledged, in monotonic seconds.
        self._overtaken: dict[int, float] = {}
        #: By token: the messages that are not waited for any more.
        self._given_up: dict[int, Publish] = {}
        #: By topic: how many of these there were since the last acknowledgement on it.
        self._missing: Counter[str] = Counter()
        #: When the broker acknowledged something, or something was sent while nothing was in flight, in monotonic s.
        self._progress_at = 0.0

    def __len__(self) -> int:
        """How many messages the broker has not acknowledged."""
        return len(self._items) + len(self._given_up)

    @property
    def items(self) -> Collection[Publish | Event]:
        """What is waited for."""
        return self._items.values()

    def add(self, token: int, item: Publish | Event, now: Now) -> None:
        """Note that `item` is sent."""
        if not self._items:
            self._progress_at = now.at
        self._items[token] = item

    def take(self, token: int, now: Now) -> Publish | Event | None:
        """Note an acknowledgement; return what was waited for, None if nothing was."""
        self._progress_at = now.at
        late = self._given_up.pop(token, None)
        if late is not None:
            del self._missing[late.topic]
        item = self._items.pop(token, None)
        if item is None:
            return None
        self._overtaken.pop(token, None)
        publish = publish_of(item)
        if publish.qos:  # without QoS, it was sent and no more
            del self._missing[publish.topic]
            for earlier in self._items:
                if earlier < token:
                    self._overtaken.setdefault(earlier, now.at)
        return item

    def give_up(self, now: Now) -> list[Publish | Event]:
        """Return what is not waited for any more from now on."""
        items = []
        for token in [token for token, at in self._overtaken.items() if now.at - at > OVERTAKEN_S]:
            del self._overtaken[token]
            item = self._items.pop(token)
            items.append(item)
            publish = self._given_up[token] = publish_of(item)
            self._missing[publish.topic] += 1
        return items

    def exhausted(self, window: int) -> bool:
        """Return whether the connection is to end because of what is missing; `window`: how many may be in flight."""
        return MOST_OF_WINDOW * len(self._given_up) > window or max(self._missing.values(), default=0) >= MOST_ON_TOPIC

    def stuck(self, window: int, now: Now) -> str | None:
        """Return why the broker does not acknowledge enough for the connection to last, None if it does."""
        if self.exhausted(window):
            last = next(reversed(self._given_up.values()))
            return f"The broker does not acknowledge messages on {last.topic}: connecting anew"
        size = next((len(publish_of(item).payload) for item in self.items), 0)
        if self._items and now.at - self._progress_at > ACK_TIMEOUT_S + size / SLOWEST:
            return "The broker has stopped acknowledging: connecting anew"
        return None

    @property
    def missing(self) -> list[Publish]:
        """The messages without an acknowledgement on whose topics none has come since."""
        return [publish for publish in self._given_up.values() if self._missing[publish.topic]]

    def drop(self, topics: Collection[str]) -> list[Event]:
        """Forget the events on `topics`; return them."""
        dropped = {
            token: item
            for token, item in self._items.items()
            if isinstance(item, Event) and item.publish.topic in topics
        }
        self._items = {token: item for token, item in self._items.items() if token not in dropped}
        return list(dropped.values())

    def clear(self) -> None:
        """Forget everything: the connection has ended."""
        self._items.clear()
        self._overtaken.clear()
        self._given_up.clear()
        self._missing.clear()


def publish_of(item: Publish | Event) -> Publish:
    """Return the message of an event, or of a retained topic."""
    return item.publish if isinstance(item, Event) else item
