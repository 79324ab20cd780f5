"""What is to be sent to the broker: the newest message of each retained topic, and a bounded number of events.

Nothing waits in the library: the number of messages in flight is bounded (`SendLimits`), so that a frozen broker costs
no memory, and a retained message that was replaced meanwhile is never sent.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from ...core.clock import Now
from ...messages.contract.catalogue import MESSAGES
from ...messages.encode import encode
from ...messages.topics import Topics
from ..protocol.effects import Publish
from ..protocol.inputs import Answer, Delivered
from .events import Event, Events, Receipt
from .in_flight import InFlight, publish_of
from .packet_size import packet_size
from .published import Published
from .retained import FIRST, Record, Retained
from .send_limits import SendLimits
from .suspects import LASTS_S


class Outbox:
    """Retained messages and events that are to be sent."""

    def __init__(self, topics: Topics, boot_id: str, *, left_behind: Iterable[str] = ()) -> None:
        self.topics = topics
        self.limits = SendLimits()
        self.sent = 0
        self.superseded = 0
        #: How often the broker refused a retained message.
        self.refused = 0
        self._boot_id = boot_id
        self._seq = 0
        #: The number of the present connection, None without one.
        self.link: int | None = None
        self._in_flight = InFlight()
        self._tokens = itertools.count(1)
        #: The turn of what is queued now. `drain` ends it, so an event follows the states that were queued with it.
        self._turn = FIRST + 1
        #: When the present connection began, in monotonic seconds.
        self.connected_at = 0.0
        self._retained = Retained()
        self._events = Events()
        self._published: list[Published] = []
        #: Topics that are not used any more, since the last `take_left`.
        self._left: list[str] = []
        #: Topics below other bases that are to be cleared once it is known that nobody else uses them.
        self._former: dict[str, Record] = {}
        #: Topics on which an earlier start may have published what this one has not yet.
        self.earlier: Iterable[str] = ()
        self.clear_unused(left_behind)

    @property
    def events_dropped(self) -> Counter[str]:
        """By message: events that waited too long, were too many, or were refused."""
        return self._events.dropped

    @property
    def to_clear(self) -> list[str]:
        """The topics that are still to be cleared."""
        return sorted({*self._retained.to_clear, *self._former})

    @property
    def former(self) -> list[str]:
        """The topics below other bases that are still to be cleared, if nobody else uses them."""
        return [*self._former, *self._retained.clearing_outside(self.topics)]

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self.link is not None

    @property
    def largest_message(self) -> int:
        """The size in bytes of the largest message that was or will be sent, as a packet; 0 without any."""
        return max(self.limits.largest, *(packet_size(record.publish, "5") for record in self._retained), 0)

    @property
    def states(self) -> dict[tuple[str, str | None], Any]:
        """By message and, where it has one, heater: the newest retained body with its stamps."""
        return {record.key: record.stamped for record in self._retained if record.key is not None}

    def publish_state(self, message: str, body: Any, now: Now, **levels: str) -> None:
        """Publish a retained message if `body` has changed; it lacks the stamps (`timestamp`, `seq`, `boot_id`)."""
        topic = self.topics.of(message, **levels)
        record = self._retained.get(topic)
        if record is None or record.key is None or record.body != body:
            self._set(message, levels.get("heater"), topic, body, now)

    def republish(self, messages: Collection[str], older_than: float, now: Now) -> None:
        """Publish those of the retained `messages` again that are older than `older_than` seconds."""
        for record in list(self._retained):
            if record.key is not None and record.key[0] in messages and now.at - record.set_at >= older_than:
                self._set(*record.key, record.publish.topic, record.body, now)

    def is_state(self, topic: str) -> bool:
        """Return whether the newest message on `topic` replaces the ones before."""
        return self._retained.get(topic) is not None

    def payload(self, message: str) -> bytes | None:
        """Return the newest payload of a retained message, None if there is none."""
        record = self._retained.get(self.topics.of(message))
        return None if record is None else record.publish.payload

    def sends(self, message: str) -> bool:
        """Return whether a retained message is neither too large for the broker nor held back."""
        record = self._retained.get(self.topics.of(message))
        return record is not None and self.limits.sends(record.publish)

    def _set(self, message: str, heater: str | None, topic: str, body: Any, now: Now) -> None:
        kind, stamped = MESSAGES[message], self._stamped(message, body, now)
        self._published.append(Published(message, heater, stamped))
        publish = Publish(topic, encode(stamped), kind.qos, retain=True, content_type=kind.content_type)
        self._put(Record(publish, body, now.at, (message, heater), stamped))

    def _put(self, record: Record) -> None:
        self.superseded += self._retained.put(record, self._turn)

    def take_published(self) -> list[Published]:
        """Return what was published since the last call, whether or not there is a connection."""
        published, self._published = self._published, []
        return published

    def clear(self, message: str, **levels: str) -> None:
        """Clear a retained topic, also on brokers that are connected later.

        Whatever this process has published there: an earlier one may have left a message.
        """
        topic = self.topics.of(message, **levels)
        self._published.append(Published(message, levels.get("heater"), None))
        self._left.append(topic)
        self._put(Record(Publish(topic, b"", retain=True), clearing=True))

    def take_left(self) -> list[str]:
        """Return the topics that are not used any more, since the last call."""
        left, self._left = self._left, []
        return left

    def clear_unused(self, topics: Iterable[str]) -> None:
        """Clear those of the topics that are not used; those below another base only after `clear_former`."""
        for topic in topics:
            record = Record(Publish(topic, b"", retain=True), clearing=True)
            if not self.topics.hold(topic):
                self._former.setdefault(topic, record)
            elif self._retained.get(topic) is None:
                self._put(record)

    def clear_former(self, topics: Iterable[str]) -> None:
        """Clear `topics` on this connection: nobody else uses their base there."""
        for topic in [each for each in topics if each in self._former]:
            self._put(self._former.pop(topic))

    def forget_former(self, topics: Iterable[str]) -> None:
        """Leave `topics` as they are: they are another bridge's."""
        for topic in topics:
            self._former.pop(topic, None)
            self._retained.drop(topic)

    def move(self, topics: Topics, *, clear: bool = True) -> list[Publish]:
        """Continue below other topics, with the events that wait; return the messages that clear the old topics.

        The next connection clears them, too: there may be none now, or one on which nothing arrives. `clear` is False
        if another bridge uses the old topics.
        """
        self.disconnect()
        old = self.topics
        self.superseded += self._retained.pending
        records = self._retained.drop_all()
        self.topics = topics
        self._events.move(old, topics)
        left = [record.publish.topic for record in records]
        cleared = [topic for topic in left if clear or not old.hold(topic)]
        self._left += cleared
        again = [*cleared, *(self.earlier if clear else ()), *self._former]
        self.earlier, self._former = (), {}
        self.clear_unused(again)
        return [Publish(topic, b"", retain=True) for topic in cleared]

    def publish_event(self, message: str, body: dict[str, Any], now: Now, *, keep_s: float, **levels: str) -> Publish:
        """Publish an event; without a connection it is kept for `keep_s` seconds."""
        stamped = self._stamped(message, body, now)
        self._published.append(Published(message, levels.get("heater"), stamped))
        publish = self.event(message, stamped, **levels)
        self.send_event(message, publish, now, keep_s=keep_s)
        return publish

    def event(self, message: str, stamped: Any, **levels: str) -> Publish:
        """Return an event with its stamps as it would be published."""
        kind = MESSAGES[message]
        return Publish(
            self.topics.of(message, **levels),
            encode(stamped),
            kind.qos,
            content_type=kind.content_type,
            expiry_seconds=kind.expiry_seconds,
        )

    def send_event(
        self,
        kind: str,
        publish: Publish,
        now: Now,
        *,
        keep_s: float,
        resend: bool = True,
        receipt: Receipt | None = None,
    ) -> None:
        """Send `publish` as an event of the type `kind`; with `resend` again if it may not have arrived.

        With a `receipt`, it is forgotten when the connection ends: the owner of the receipt decides what is sent then.
        """
        self._events.add(Event(kind, publish, now.at + keep_s, self._turn, resend, receipt))

    def connect(self, link: int, now: Now) -> None:
        """Use a new connection."""
        self.disconnect()
        # somebody else may use them on this broker
        again = self._retained.clearing_outside(self.topics)
        self._former |= {topic: record for topic in again if (record := self._retained.drop(topic)) is not None}
        self.link = link
        self.connected_at = now.at
        self.resend_states()

    def resend_states(self) -> None:
        """Send all retained messages, suspects last but for `status`: online means complete."""
        status = self.topics.of("status")
        others = sorted(
            (record.publish for record in self._retained if record.publish.topic != status), key=self.limits.order
        )
        last = [] if self._retained.get(status) is None else [status]
        self._retained.send([*(publish.topic for publish in others), *last])

    def retry(self, now: Now, *, all_of_them: bool = False) -> None:
        """Send what was held back again if it is time, once the connection has lasted; or all of it."""
        lasts = self.connected and now.at - self.connected_at >= LASTS_S
        if (lasts or all_of_them) and self.limits.retry(now, all_of_them=all_of_them):
            self.resend_states()

    def disconnect(self) -> None:
        """Note that the connection has ended: events in flight may not have arrived, so they are sent again."""
        self.link = None
        self._events.disconnect(item for item in self._in_flight.items if isinstance(item, Event))
        self._in_flight.clear()

    def lost(self, now: Now, code: int | None = None) -> None:
        """Note that the broker ended the connection: a message at which it did so twice is held back or dropped.

        So is one that it did not acknowledge on both. `code` is the reason code in its DISCONNECT, None without one.
        """
        missing = self._in_flight.missing if self._in_flight.exhausted(self.limits.window) else ()
        culprits = self.limits.lost(missing or map(publish_of, self._in_flight.items), now, code)
        for event in self._in_flight.drop(culprits):
            self._events.drop(event)
        self.disconnect()

    def delivered(self, event: Delivered, now: Now) -> str | None:
        """Process an acknowledgement; return the topic if the message is accepted.

        One of an earlier connection is ignored.
        """
        if event.link != self.link:
            return None
        arrived = self._in_flight.take(event.token, now)
        if arrived is None:
            return None
        publish, answer = publish_of(arrived), event.answer
        self.limits.delivered(publish)
        if answer is Answer.TOO_LARGE:
            self.limits.too_large(publish, now)
        self._answered(arrived, answer, event.link, now)
        return publish.topic if answer is Answer.ACCEPTED else None

    def _answered(self, item: Publish | Event, answer: Answer, link: int, now: Now) -> None:
        if isinstance(item, Event):
            self._events.answered(item, answer, now)
            return
        self.refused += answer is not Answer.ACCEPTED
        self._retained.answered(item, answer, link, now, forget=not self.topics.hold(item.topic))

    def stuck(self, now: Now) -> str | None:
        """Return why the broker does not acknowledge enough for the connection to last, None if it does."""
        return self._in_flight.stuck(self.limits.window, now)

    def _give_up(self, link: int, now: Now) -> None:
        """Send again what the broker does not acknowledge though it acknowledges others, but no second reply."""
        for item in self._in_flight.give_up(now):
            if isinstance(item, Event) and not item.resend:
                self._events.drop(item)
            else:
                self._answered(item, Answer.REFUSED_FOR_NOW, link, now)

    def drain(self, now: Now, *, step: bool = False) -> Iterator[Publish]:
        """Yield the messages to send now; after a step of an input, no events: they follow all states of the input."""
        self._turn += not step
        if self.link is None:
            return
        self._give_up(self.link, now)
        self._retained.release(now, self._turn)
        while self.limits.allows_another(len(self._in_flight), now) and (following := self._next(now, step=step)):
            publish = publish_of(following)
            if not self.limits.accepts(publish):
                if isinstance(following, Event):
                    following.ended(None)
                continue  # the limits count it
            alone = self.limits.goes_alone(publish)
            if alone and self._in_flight.items:
                self._put_back(following)
                return
            token = next(self._tokens)
            self._in_flight.add(token, following, now)
            self.limits.pace.sent()
            self.sent += 1
            yield replace(publish, token=token)
            if alone:
                return

    def _put_back(self, item: Publish | Event) -> None:
        """Send `item` next, once nothing is in flight."""
        if isinstance(item, Event):
            self._events.put_back(item)
        else:
            self._retained.put_back(item)

    def _next(self, now: Now, *, step: bool) -> Publish | Event | None:
        """Take the retained message or the event whose turn it is; events that are too late are dropped."""
        turn, event_turn = self._retained.turn, self._events.turn(now)
        if turn is not None and (event_turn is None or turn <= event_turn):
            return self._retained.next()
        return self._events.next() if event_turn is not None and not step else None

    def _stamped(self, message: str, body: Any, now: Now) -> Any:
        """Return `body` with the common keys that the message's schema has."""
        if not isinstance(body, dict):
            return body
        self._seq += 1
        stamps = {"timestamp": round(now.wall, 3), "seq": self._seq, "boot_id": self._boot_id}
        return body | {key: stamps[key] for key in MESSAGES[message].stamps}


def offline_message(outbox: Outbox) -> Publish:
    """Return the message that reports that the bridge is offline: the will, and the last message."""
    return replace(outbox.event("status", "offline"), retain=True)
