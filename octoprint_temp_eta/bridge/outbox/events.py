"""Events that wait to be sent: bounded in number and in time, in the order in which they are sent."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import replace

from ...core.clock import Now
from ...core.frozen import frozen
from ...messages.topics import Topics
from ..protocol.effects import Publish
from ..protocol.inputs import Answer
from .pauses import pause

#: Events of one type kept at most: more than a script may log at once.
MAX_EVENTS = 256
#: After this many refusals for now, an event is dropped.
MOST_REFUSALS = 5


class Receipt:
    """What became of messages that were sent together, until the connection ends."""

    def __init__(self) -> None:
        #: How many of them the broker has not acknowledged yet.
        self.waiting = 0
        #: The topics of those that it did not accept, or that were not sent.
        self.failed: set[str] = set()
        #: Whether the broker has refused some of these several times for now, or some for good.
        self.for_now = self.for_good = False


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
    #: Notes whether the broker accepted it. Its owner sends it again on the next connection, if it is still right.
    receipt: Receipt | None = None
    #: How often the broker has refused it for now.
    refusals: int = 0

    def ended(self, answer: Answer | None) -> None:
        """Note that it left the outbox with the broker's last answer, None if it was not sent."""
        if self.receipt is not None:
            self.receipt.waiting -= 1
            if answer is not Answer.ACCEPTED:
                self.receipt.failed.add(self.publish.topic)
                self.receipt.for_now |= self.refusals > 0
                self.receipt.for_good |= answer is Answer.REFUSED


class Events:
    """The events that wait."""

    def __init__(self) -> None:
        #: By kind: events that waited too long, were too many, or were refused.
        self.dropped: Counter[str] = Counter()
        self._waiting: deque[Event] = deque()
        #: What the broker refused for now, each with the monotonic seconds at which it is sent again.
        self._held: list[tuple[float, Event]] = []

    def add(self, event: Event) -> None:
        """Send `event` after all others; too many of its kind drop the oldest."""
        same = [each for each in self._waiting if each.kind == event.kind]
        if len(same) >= MAX_EVENTS:
            self._waiting.remove(same[0])
            self.drop(same[0])
        if event.receipt is not None:
            event.receipt.waiting += 1
        self._waiting.append(event)

    def drop(self, event: Event, answer: Answer | None = None) -> None:
        """Count an event that is not sent any more, because of the broker's `answer` if there is one."""
        self.dropped[event.kind] += 1
        event.ended(answer)

    def answered(self, event: Event, answer: Answer, now: Now) -> None:
        """Note the broker's answer to an event: refused for now, it is sent again after a pause."""
        if answer is Answer.ACCEPTED:
            event.ended(answer)
            return
        if answer is Answer.REFUSED_FOR_NOW:
            event = replace(event, refusals=event.refusals + 1)
            if event.refusals < MOST_REFUSALS and len(self._held) < MAX_EVENTS:
                self._held.append((now.at + pause(event.refusals), event))
                return
        self.drop(event, answer)

    def turn(self, now: Now) -> int | None:
        """Return the turn of the next event, None without any; those that are too late are dropped."""
        if any(at <= now.at for at, _ in self._held):
            self._waiting.extend(event for at, event in self._held if at <= now.at)
            self._held = [(at, event) for at, event in self._held if at > now.at]
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
        again = [event for event in (*(event for _, event in self._held), *in_flight) if event.resend]
        self._held.clear()
        self._waiting = deque(event for event in (*again, *self._waiting) if event.receipt is None)

    def move(self, old: Topics, new: Topics) -> None:
        """Replace the messages on the `old` topics by those on the `new` ones."""
        self._waiting = deque(replace(event, publish=_moved(event.publish, old, new)) for event in self._waiting)


def _moved(publish: Publish, old: Topics, new: Topics) -> Publish:
    """Return `publish` on the `new` topics where it was on the `old` ones."""
    if not old.hold(publish.topic):
        return publish
    return replace(publish, topic=new.base + publish.topic.removeprefix(old.base))
