"""The retained topics: one record for each, with its newest message and what is still to be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...core.clock import Now
from ...messages.topics import Topics
from ..protocol.effects import Publish
from ..protocol.inputs import Answer
from .pauses import pause, pause_for_good

#: The turn of what is sent before everything else.
FIRST = 0
#: After this many connections on which the broker refused for good to clear a topic, it stays.
MOST_REFUSALS = 5


@dataclass(slots=True)
class Record:
    """A retained topic."""

    publish: Publish
    #: The body without its stamps, which is compared to detect changes, and the monotonic seconds when it was set.
    body: Any = None
    set_at: float = 0.0
    #: The message of the contract and its heater, None for topics outside it and for cleared ones.
    key: tuple[str, str | None] | None = None
    #: The body with its stamps.
    stamped: Any = None
    #: Whether the topic is to be cleared: no broker has confirmed that yet.
    clearing: bool = False
    #: How often the broker has refused the message for now.
    refusals: int = 0
    #: How often it has refused messages on the topic for good since it last accepted one.
    denials: int = 0
    #: The connections on which it refused for good to clear the topic.
    refused_on: set[int] = field(default_factory=set)


class Retained:
    """The records by topic, and the order in which topics are sent."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        #: By topic that is to be sent: its turn. In the order in which they are sent.
        self._pending: dict[str, int] = {}
        #: By topic whose message the broker refused: when it is sent again, in monotonic seconds.
        self._held: dict[str, float] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    @property
    def pending(self) -> int:
        """How many topics are to be sent."""
        return len(self._pending)

    @property
    def to_clear(self) -> list[str]:
        """The topics that are to be cleared."""
        return sorted(topic for topic, record in self._records.items() if record.clearing)

    def get(self, topic: str) -> Record | None:
        """Return the record of a topic."""
        return self._records.get(topic)

    @property
    def turn(self) -> int | None:
        """The turn of the message that is sent next, None without any."""
        return next(iter(self._pending.values()), None)

    def put(self, record: Record, turn: int) -> bool:
        """Send `record` in place of the topic's last one, in its turn; return whether that one was never sent."""
        topic = record.publish.topic
        superseded = topic in self._pending
        if (before := self._records.get(topic)) is not None:
            record.denials = before.denials
        self._records[topic] = record
        self._held.pop(topic, None)
        self._pending.setdefault(topic, turn)
        return superseded

    def answered(self, sent: Publish, answer: Answer, link: int, now: Now, *, forget: bool) -> None:
        """Note the broker's answer to a message; `forget` the topic if it is cleared. Only the newest one matters."""
        topic = sent.topic
        record = self._records.get(topic)
        if record is None or record.publish is not sent or topic in self._pending:
            return
        self._held.pop(topic, None)
        held_s = _held_s(record, answer, link)
        if held_s is not None:
            self._held[topic] = now.at + held_s
            return
        record.refusals = record.denials = 0
        if record.clearing:
            record.clearing = False
            if forget:
                del self._records[topic]

    def release(self, now: Now, turn: int) -> None:
        """Send again, in this turn, what the broker has refused, once its pause is over."""
        for topic in [topic for topic, at in self._held.items() if at <= now.at]:
            del self._held[topic]
            self._pending.setdefault(topic, turn)

    def clearing_outside(self, topics: Topics) -> list[str]:
        """Return the topics below other bases that are to be cleared."""
        return [topic for topic, each in self._records.items() if each.clearing and not topics.hold(topic)]

    def drop(self, topic: str) -> Record | None:
        """Forget a topic; return its record."""
        self._pending.pop(topic, None)
        self._held.pop(topic, None)
        return self._records.pop(topic, None)

    def drop_all(self) -> list[Record]:
        """Forget all records; return them."""
        records = list(self._records.values())
        self._records.clear()
        self._pending.clear()
        self._held.clear()
        return records

    def send(self, topics: Iterable[str]) -> None:
        """Send these topics, in this order, and nothing else before them."""
        self._pending = dict.fromkeys(topics, FIRST)
        self._held.clear()

    def next(self) -> Publish:
        """Take the next message to send; there must be one."""
        topic = next(iter(self._pending))
        del self._pending[topic]
        return self._records[topic].publish

    def put_back(self, publish: Publish) -> None:
        """Send `publish` next."""
        self._pending = {publish.topic: FIRST, **self._pending}


def _held_s(record: Record, answer: Answer, link: int) -> float | None:
    """Count a refusal; return the seconds after which the message is sent again, None if the answer is final.

    What is too large is final: the limits of the connection decide when it is tried again.
    """
    if answer is Answer.REFUSED_FOR_NOW:
        record.refusals += 1
        return pause(record.refusals)
    if answer is not Answer.REFUSED:
        return None
    if record.clearing:
        record.refused_on.add(link)
    if len(record.refused_on) >= MOST_REFUSALS:
        return None
    record.denials += 1
    return pause_for_good(record.denials)
