"""What is still to be said to the broker: the newest level of each topic, and a bounded number of edges.

Nothing waits in the library: the number of messages under way is bounded (`SendLimits`), so that a broker that stands
still costs no memory, and a level that was replaced meanwhile is never sent.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ...core.clock import Now
from ...messages.catalogue import MESSAGES
from ...messages.encode import encode
from ...messages.topics import Topics
from ..protocol.effects import Publish
from ..protocol.inputs import Delivered
from .send_limits import SendLimits

#: Edges of one kind kept at most: more than a script may log at once.
MAX_EVENTS = 256
#: s without an acknowledgement after which the connection is taken for dead.
ACK_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class _Edge:
    kind: str
    publish: Publish
    #: Monotonic seconds after which it would be a lie.
    until: float


#: Takes what the broker is told, for others who want to know it: the message, its heater, and the payload or None.
Copy = Callable[[str, str | None, Any], None]


class Outbox:
    """Levels and edges on their way to the broker."""

    def __init__(
        self,
        topics: Topics,
        boot_id: str,
        copy: Copy = lambda *_: None,
        *,
        show: Copy = lambda *_: None,
        left_behind: Iterable[str] = (),
    ) -> None:
        self.topics = topics
        self._copy = copy
        #: Shows a state on the pages, at an interval of their own.
        self.show = show
        self.limits = SendLimits()
        self.sent = 0
        self.superseded = 0
        #: By message: edges that came too late or were too many.
        self.events_dropped: Counter[str] = Counter()
        self._boot_id = boot_id
        self._seq = 0
        #: The connection that there is someone to send to on.
        self.link: int | None = None
        #: By token: an edge, which is sent again should the connection break before it has arrived; or a level.
        self._under_way: dict[int, _Edge | Publish] = {}
        self._tokens = itertools.count(1)
        self._progress_at = 0.0
        self._levels: dict[str, Publish] = {}
        self._bodies: dict[str, Any] = {}
        self._set_at: dict[str, float] = {}
        #: By message and, where it has one, heater: the newest level with its stamps.
        self.states: dict[tuple[str, str | None], Any] = {}
        self._pending: dict[str, None] = {}
        self._edges: deque[_Edge] = deque()
        #: The topics that a broker may still hold something on, of before a move or of what is no more.
        self._left_behind: set[str] = set()
        self._leave_behind(left_behind)

    @property
    def to_clear(self) -> list[str]:
        """The topics that are still to be cleared."""
        return sorted(self._left_behind)

    @property
    def connected(self) -> bool:
        """Whether there is someone to send to."""
        return self.link is not None

    def publish_state(self, message: str, body: Any, now: Now, **levels: str) -> None:
        """Set a topic's level; `body` lacks what is stamped on it (`timestamp`, `seq`, `boot_id`)."""
        topic = self.topics.of(message, **levels)
        if topic not in self._bodies or self._bodies[topic] != body:
            self._set(message, levels.get("heater"), topic, body, now)

    def republish(self, messages: Collection[str], older_than: float, now: Now) -> None:
        """Tell the levels of `messages` once more that were last set more than `older_than` seconds ago."""
        for message, heater in list(self.states):
            topic = self.topics.of(message, **({} if heater is None else {"heater": heater}))
            if message in messages and now.at - self._set_at[topic] >= older_than:
                self._set(message, heater, topic, self._bodies[topic], now)

    def _set(self, message: str, heater: str | None, topic: str, body: Any, now: Now) -> None:
        self._bodies[topic], self._set_at[topic] = body, now.at
        stamped = self.states[message, heater] = self._stamped(message, body, now)
        self._copy(message, heater, stamped)
        kind = MESSAGES[message]
        self.retain(Publish(topic, encode(stamped), kind.qos, retain=True, content_type=kind.content_type))

    def retain(self, publish: Publish) -> None:
        """Set a level whose payload is not one of ours, such as a discovery message; empty: clear the topic."""
        self.superseded += publish.topic in self._pending
        self._left_behind.discard(publish.topic)
        self._levels[publish.topic] = publish
        self._pending[publish.topic] = None

    def clear(self, message: str, **levels: str) -> None:
        """Clear a retained topic, also on brokers that are reached later."""
        topic = self.topics.of(message, **levels)
        self._bodies.pop(topic, None)
        self.states.pop((message, levels.get("heater")), None)
        self._copy(message, levels.get("heater"), None)
        if topic in self._levels:
            self.retain(Publish(topic, b"", retain=True))
            self._left_behind.add(topic)

    def move(self, topics: Topics, *, clear: bool = True) -> list[Publish]:
        """Go on below other topics, with the edges that wait; return what clears the topics so far.

        They are cleared with the next connection too: there may be none now, or one on which nothing arrives. Unless
        they are somebody else's now, and not to be cleared (`clear`).
        """
        self.disconnect()
        old = self.topics
        left = [topic for topic in self._levels if clear or not old.hold(topic)]
        self.superseded += len(self._pending)
        for memory in (self._levels, self._bodies, self._set_at, self._pending, self.states, self._left_behind):
            memory.clear()
        self.topics = topics
        self._edges = deque(replace(edge, publish=_moved(edge.publish, old, topics)) for edge in self._edges)
        return self._leave_behind(left)

    def _leave_behind(self, topics: Iterable[str]) -> list[Publish]:
        """Have `topics` cleared; return what does so."""
        cleared = [Publish(topic, b"", retain=True) for topic in topics]
        self._left_behind.update(publish.topic for publish in cleared)
        self._levels.update((publish.topic, publish) for publish in cleared)
        return cleared

    def publish_event(self, message: str, body: dict[str, Any], now: Now, *, keep_s: float, **levels: str) -> Publish:
        """Send an event once; while there is no connection it is kept for `keep_s` seconds."""
        kind = MESSAGES[message]
        stamped = self._stamped(message, body, now)
        self._copy(message, levels.get("heater"), stamped)
        publish = Publish(
            self.topics.of(message, **levels),
            encode(stamped),
            kind.qos,
            content_type=kind.content_type,
            expiry_seconds=kind.expiry_seconds,
        )
        self.send_once(message, publish, now, keep_s=keep_s)
        return publish

    def send_once(self, kind: str, publish: Publish, now: Now, *, keep_s: float) -> None:
        """Send `publish` once, as an edge of the kind `kind`."""
        same = [edge for edge in self._edges if edge.kind == kind]
        if len(same) >= MAX_EVENTS:
            self._edges.remove(same[0])
            self.events_dropped[kind] += 1
        self._edges.append(_Edge(kind, publish, now.at + keep_s))

    def connect(self, link: int, now: Now) -> None:
        """There is a new connection."""
        self.disconnect()
        self.link, self._progress_at = link, now.at
        self.resend_states()

    def resend_states(self) -> None:
        """Send every level (again), `status` last, so that online means complete, and suspects before it."""
        status = self.topics.of("status")
        topics = [topic for topic in self._levels if topic != status]
        topics.sort(key=lambda topic: self.limits.order(self._levels[topic]))
        self._pending = dict.fromkeys(topics)
        if status in self._levels:
            self._pending[status] = None

    def disconnect(self) -> None:
        """The connection is gone; whether the edges under way have arrived, nobody knows: at least once."""
        self.link = None
        self._edges.extendleft(edge for edge in reversed(self._under_way.values()) if isinstance(edge, _Edge))
        self._under_way.clear()

    def lost(self, now: Now) -> None:
        """The broker ended the connection: a message at which it did so a second time is not sent again."""
        culprits = self.limits.lost(map(_publish_of, self._under_way.values()), now)
        for token, item in list(self._under_way.items()):
            if isinstance(item, _Edge) and item.publish.topic in culprits:
                del self._under_way[token]
                self.events_dropped[item.kind] += 1
        self.disconnect()

    def delivered(self, event: Delivered, now: Now) -> None:
        """The broker has taken a message; on an earlier connection that means nothing any more."""
        if event.link == self.link:
            arrived = self._under_way.pop(event.token, None)
            self._progress_at = now.at
            if arrived is not None:
                self.limits.delivered(_publish_of(arrived))
            if isinstance(arrived, Publish) and arrived.topic in self._left_behind:
                self._left_behind.discard(arrived.topic)
                if not self.topics.hold(arrived.topic):
                    del self._levels[arrived.topic]

    def stuck(self, now: Now) -> bool:
        """Whether the broker has stopped acknowledging."""
        return self.connected and bool(self._under_way) and now.at - self._progress_at > ACK_TIMEOUT_S

    def drain(self, now: Now) -> Iterator[Publish]:
        """Yield what is to be sent now."""
        if not self.connected:
            return
        while len(self._under_way) < self.limits.window and (following := self._next(now)) is not None:
            publish = _publish_of(following)
            if not self.limits.accepts(publish, now):
                if isinstance(following, _Edge):
                    self.events_dropped[following.kind] += 1
                continue
            alone = self.limits.goes_alone(publish)
            if alone and self._under_way:
                self._put_back(following)
                return
            if not self._under_way:
                self._progress_at = now.at
            token = next(self._tokens)
            self._under_way[token] = following
            self.sent += 1
            yield replace(publish, token=token)
            if alone:
                return

    def _put_back(self, item: Publish | _Edge) -> None:
        """Send `item` next, once nothing is under way."""
        if isinstance(item, _Edge):
            self._edges.appendleft(item)
        else:
            self._pending = {item.topic: None, **self._pending}

    def _next(self, now: Now) -> Publish | _Edge | None:
        """Take the next level, or else the next edge that is still worth sending."""
        if self._pending:
            topic = next(iter(self._pending))
            del self._pending[topic]
            return self._levels[topic]
        while self._edges:
            edge = self._edges.popleft()
            if edge.until >= now.at:
                return edge
            self.events_dropped[edge.kind] += 1
        return None

    def _stamped(self, message: str, body: Any, now: Now) -> Any:
        """Return `body` with those of the common keys that the message's schema asks for."""
        if not isinstance(body, dict):
            return body
        self._seq += 1
        stamps = {"timestamp": round(now.wall, 3), "seq": self._seq, "boot_id": self._boot_id}
        wanted = MESSAGES[message].schema["properties"]
        return body | {key: value for key, value in stamps.items() if key in wanted}


def offline_message(outbox: Outbox) -> Publish:
    """Return the message that says that the bridge is gone: the will, and the good-bye."""
    kind = MESSAGES["status"]
    return Publish(outbox.topics.of("status"), encode("offline"), kind.qos, retain=True, content_type=kind.content_type)


def _publish_of(item: Publish | _Edge) -> Publish:
    return item.publish if isinstance(item, _Edge) else item


def _moved(publish: Publish, old: Topics, new: Topics) -> Publish:
    """Return `publish` on the `new` topics where it was on the `old` ones."""
    if not old.hold(publish.topic):
        return publish
    return replace(publish, topic=new.base + publish.topic.removeprefix(old.base))


def to_response_topic(publish: Publish, topic: str, correlation: bytes | None) -> Publish:
    """Return a reply once more, to the topic that an MQTT 5 request named."""
    return replace(publish, topic=topic, correlation=correlation)
