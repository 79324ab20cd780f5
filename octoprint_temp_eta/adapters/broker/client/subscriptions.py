"""The subscriptions of one client: which are granted, refused, unanswered, or end the connection.

Each topic has a SUBSCRIBE packet of its own, so that a refused one does not hide the others. Some brokers close the
connection at a topic that the user may not read. Such a topic is found by subscribing one by one, and left out until a
connection has lasted and ended on its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import FIRST_FAILURE, reason_name


class Subscriptions:
    """The result for each topic. Belongs to the connection's thread."""

    def __init__(self, topics: Sequence[str], *, qos: int = 1) -> None:
        self._topics = tuple(topics)
        self._qos = qos
        #: Why each topic is left out: it ended the connection.
        self._left_out: dict[str, str] = {}
        self._one_by_one = False
        self._refused: dict[str, str] = {}
        #: The refused topics for which the broker gave no reason.
        self._without_reason: set[str] = set()
        #: Unanswered SUBSCRIBE packets, oldest first: topic by packet id.
        self._open: dict[int, str] = {}
        self._waiting: list[str] = []

    def change(self, topics: Sequence[str]) -> list[str]:
        """Subscribe to exactly `topics` from now on; return those to unsubscribe from. `next` yields the new ones."""
        gone = [topic for topic in self._topics if topic not in topics]
        self._waiting += [topic for topic in topics if topic not in self._topics]
        self._topics = tuple(topics)
        for topic in gone:
            self._refused.pop(topic, None)
            self._without_reason.discard(topic)
            self._left_out.pop(topic, None)
        self._waiting = [topic for topic in self._waiting if topic in topics]
        self._open = {mid: topic for mid, topic in self._open.items() if topic in topics}
        return gone

    def connected(self) -> None:
        """Reset for a new connection."""
        self._open.clear()
        self._refused.clear()
        self._without_reason.clear()
        self._waiting = [topic for topic in self._topics if topic not in self._left_out]

    def next(self) -> Iterator[str]:
        """Yield the topics to subscribe to now; `sent` must follow each."""
        while self._waiting and not (self._one_by_one and self._open):
            yield self._waiting.pop(0)

    def qos(self, topic: str) -> int:
        """Return the QoS with which to subscribe to a topic.

        It is 0 after a refusal without a reason: a NATS cluster that has lost a server refuses only QoS 1.
        """
        return 0 if topic in self._without_reason else self._qos

    def sent(self, topic: str, mid: int) -> None:
        """Note the packet id of a SUBSCRIBE."""
        self._open[mid] = topic

    def answered(self, mid: int, codes: Sequence[int]) -> str | None:
        """Note a SUBACK; return the topic if it is granted."""
        topic = self._open.pop(mid, None)
        if topic is None:
            return None
        failures = [code for code in codes if code >= FIRST_FAILURE]
        if failures:
            self._refused[topic] = reason_name(failures[0])
            if failures[0] == FIRST_FAILURE:
                self._without_reason.add(topic)
            return None
        self._refused.pop(topic, None)
        return topic

    @property
    def complete(self) -> bool:
        """Whether every topic is answered."""
        return not self._open and not self._waiting

    def retry(self) -> bool:
        """Subscribe again to what was refused or not answered; return whether there is anything."""
        again = [*self._refused, *self._open.values()]
        self._open.clear()
        self._waiting += [topic for topic in dict.fromkeys(again) if topic not in self._waiting]
        return bool(self._waiting)

    def problems(self, *, unanswered: bool = True) -> Iterator[tuple[str, str]]:
        """Yield each topic that has no subscription, and why; `unanswered`: also those that are not answered yet."""
        yield from self._refused.items()
        if unanswered:
            yield from ((topic, "no answer to the subscription") for topic in self._open.values())
        yield from self._left_out.items()

    def connection_ended(self, why: str | None) -> None:
        """Note that the connection ended while subscriptions were unanswered; `why` is the broker's reason."""
        suspect = next(iter(self._open.values()), None)
        if suspect is None:
            return
        if self._one_by_one:
            self._left_out[suspect] = "the broker closes the connection at it" + (f": {why}" if why else "")
        self._one_by_one = True

    def connection_lasted(self) -> None:
        """Try every topic again with the next connection: permissions may have changed."""
        self._left_out.clear()
        self._one_by_one = False
