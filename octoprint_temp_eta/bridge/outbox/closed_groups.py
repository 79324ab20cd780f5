"""Groups of topics that the broker does not let us publish on, where it ends the connection instead of refusing.

A group are the topics with the same first level, such as all below `homeassistant/`: users get rights for such groups.
Each of its messages would otherwise be found on a connection of its own. After some of them, and none that the broker
has accepted since, the group is closed: nothing of it is sent. After a pause one message is tried, alone.
"""

from __future__ import annotations

from collections.abc import Iterable

#: Topics of culprits after which a group is closed.
MOST_CULPRITS = 3
#: Seconds for which it is closed; doubled each time, up to the last.
PAUSE_S, LONGEST_PAUSE_S = 60.0, 86400.0


def group_of(topic: str) -> str:
    """Return the first level of a topic."""
    return topic.partition("/")[0]


class ClosedGroups:
    """By group: the topics of its culprits since the broker has accepted one, and until when it is closed."""

    def __init__(self) -> None:
        self._culprits: dict[str, set[str]] = {}
        #: Until when a group is closed, in monotonic seconds, and for how long it is closed next.
        self._closed: dict[str, float] = {}
        self._pauses: dict[str, float] = {}
        #: By group that is tried: the topic, None until there is one.
        self._tried: dict[str, str | None] = {}
        #: Whether a group was opened since the last `release`.
        self._opened = False

    @property
    def names(self) -> tuple[str, ...]:
        """The groups that are closed, or of which a message is tried."""
        return (*self._closed, *self._tried)

    def connected(self) -> None:
        """Note that there is a new connection: what is tried may not be sent any more."""
        self._tried = dict.fromkeys(self._tried)

    def culprit(self, topic: str, now: float) -> str | None:
        """Note that the connection ended at a message on `topic`; return its group if that closes it."""
        group = group_of(topic)
        culprits = self._culprits.setdefault(group, set())
        culprits.add(topic)
        if len(culprits) < MOST_CULPRITS:
            return None
        pause = self._pauses.get(group, PAUSE_S)
        self._pauses[group] = min(2 * pause, LONGEST_PAUSE_S)
        self._closed[group] = now + pause
        self._tried.pop(group, None)
        return group

    def accepted(self, topic: str) -> None:
        """Note that the broker has acknowledged a message on `topic`."""
        group = group_of(topic)
        self._opened |= group in self._tried
        for by_group in (self._culprits, self._pauses, self._closed, self._tried):
            by_group.pop(group, None)

    def tries(self, topic: str) -> bool:
        """Return whether the message on `topic` is the one that is tried, from now on if none is yet."""
        group = group_of(topic)
        if group in self._tried and self._tried[group] is None:
            self._tried[group] = topic
        return self._tried.get(group) == topic

    def __contains__(self, topic: str) -> bool:
        """Whether nothing is sent on `topic`."""
        group = group_of(topic)
        return group in self._closed or self._tried.get(group, topic) not in (None, topic)

    def release(self, now: float) -> Iterable[str] | None:
        """Try the groups whose pause is over; return them, None if neither they nor an opened one have news."""
        groups = [group for group, until in self._closed.items() if until <= now]
        for group in groups:
            del self._closed[group]
            self._tried[group] = None
        opened, self._opened = self._opened, False
        return groups if groups or opened else None
