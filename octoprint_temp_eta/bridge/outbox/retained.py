"""The retained topics: one record for each, with its newest message and what is still to be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..protocol.effects import Publish

#: The turn of what is sent before everything else.
FIRST = 0


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


class Retained:
    """The records by topic, and the order in which topics are sent."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        #: By topic that is to be sent: its turn. In the order in which they are sent.
        self._pending: dict[str, int] = {}

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
        self._records[topic] = record
        self._pending.setdefault(topic, turn)
        return superseded

    def clear(self, topics: Iterable[str]) -> list[Publish]:
        """Clear `topics` when there is a connection; return the messages that do so."""
        cleared = [Publish(topic, b"", retain=True) for topic in topics]
        for publish in cleared:
            self._records[publish.topic] = Record(publish, clearing=True)
        return cleared

    def delivered(self, topic: str, *, forget: bool) -> None:
        """Note that the broker has the newest message on `topic`; `forget` the topic if it is cleared."""
        record = self._records.get(topic)
        if record is None or not record.clearing or topic in self._pending:
            return
        record.clearing = False
        if forget:
            del self._records[topic]

    def drop_all(self) -> list[Record]:
        """Forget all records; return them."""
        records = list(self._records.values())
        self._records.clear()
        self._pending.clear()
        return records

    def send(self, topics: Iterable[str]) -> None:
        """Send these topics, in this order, and nothing else before them."""
        self._pending = dict.fromkeys(topics, FIRST)

    def next(self) -> Publish:
        """Take the next message to send; there must be one."""
        topic = next(iter(self._pending))
        del self._pending[topic]
        return self._records[topic].publish

    def put_back(self, publish: Publish) -> None:
        """Send `publish` next."""
        self._pending = {publish.topic: FIRST, **self._pending}
