"""Events that wait to be sent: bounded in number and in time, in the order in which they are sent."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import replace

from ...core.clock import Now
from ...core.frozen import frozen
from ..protocol.effects import Publish

#: Events of one type kept at most: more than a script may log at once.
MAX_EVENTS = 256


class Receipt:
    """What became of messages that were sent together, until the connection ends."""

    def __init__(self) -> None:
        #: How many of them the broker has not acknowledged yet.
        self.waiting = 0
        #: The topics of those that it did not accept, or that were not sent.
        self.failed: set[str] = set()


@frozen
class Event:
    """A message that is sent once, and not kept for later connections."""

    kind: str
    publish: Publish
    #: Monotonic seconds after which it is not sent any more.
    until: float
    #: Its turn: it is sent after the states with this turn, before those with a later one.
    turn: int
    #: Whether it is sent again if the connection ends before it was acknowledged.
    resend: bool = True
    #: Told what becomes of it. Its owner sends it again on the next connection, if it is still right.
    receipt: Receipt | None = None

    def ended(self, *, arrived: bool) -> None:
        """Note that it left the outbox."""
        if self.receipt is not None:
            self.receipt.waiting -= 1
            if not arrived:
                self.receipt.failed.add(self.publish.topic)


class Events:
    """The events that wait."""

    def __init__(self) -> None:
        #: By kind: events that waited too long or were too many.
        self.dropped: Counter[str] = Counter()
        self._waiting: deque[Event] = deque()

    def add(self, event: Event) -> None:
        """Send `event` after all others; too many of its kind drop the oldest."""
        same = [each for each in self._waiting if each.kind == event.kind]
        if len(same) >= MAX_EVENTS:
            self._waiting.remove(same[0])
            self.drop(same[0])
        if event.receipt is not None:
            event.receipt.waiting += 1
        self._waiting.append(event)

    def drop(self, event: Event) -> None:
        """Count an event that is not sent any more."""
        self.dropped[event.kind] += 1
        event.ended(arrived=False)

    def turn(self, now: Now) -> int | None:
        """Return the turn of the next event, None without any; those that are too late are dropped."""
        while self._waiting and self._waiting[0].until < now.at:
            self.drop(self._waiting.popleft())
        return self._waiting[0].turn if self._waiting else None

    def next(self) -> Event:
        """Take the next event; there must be one."""
        return self._waiting.popleft()

    def put_back(self, event: Event) -> None:
        """Send `event` next."""
        self._waiting.appendleft(event)

    def disconnect(self, in_flight: Iterable[Event]) -> None:
        """Keep for the next connection what waits or may not have arrived, except where the owner sends it again."""
        again = [event for event in in_flight if event.resend]
        self._waiting = deque(event for event in (*again, *self._waiting) if event.receipt is None)

    def move(self, moved: Callable[[Publish], Publish]) -> None:
        """Replace the messages by those on other topics."""
        self._waiting = deque(replace(event, publish=moved(event.publish)) for event in self._waiting)
