"""Groups of topics that the broker does not let us publish on, where it ends the connection instead of refusing.

A group is all topics below one level, such as those below `homeassistant/`, as rights are given for such groups.
Otherwise each of its messages would be found on a connection of its own. After some of them, and none that the broker
has accepted since, the group is closed: nothing of it is sent. After a pause one message is tried, alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

#: Topics of culprits after which a group is closed.
MOST_CULPRITS = 3
#: Seconds for which it is closed, and a culprit is held back; doubled each time, up to the last.
PAUSE_S, LONGEST_PAUSE_S = 60.0, 86400.0
#: Groups whose culprits are remembered.
MOST_GROUPS = 1000


def groups_of(topic: str) -> Iterator[str]:
    """Yield the groups of a topic, the largest first: `a` and `a/b` for a/b/c."""
    end = topic.find("/")
    while end >= 0:
        yield topic[:end]
        end = topic.find("/", end + 1)


class ClosedGroups:
    """By group: the topics of its culprits since the broker has accepted one, and until when it is closed."""

    def __init__(self) -> None:
        self._culprits: dict[str, set[str]] = {}
        #: Until when a group is closed, in monotonic seconds, and for how long it is closed next.
        self._closed: dict[str, float] = {}
        self._pauses: dict[str, float] = {}
        #: By group that is tried: the topic, None until there is one.
        self._tried: dict[str, str | None] = {}
        #: Since when a group is tried, in monotonic seconds: what is tried may be dropped before it is sent.
        self._tried_since: dict[str, float] = {}
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
        """Note that the connection ended at a message on `topic`; return the group that this closes, if any."""
        if len(self._culprits) >= MOST_GROUPS:
            self._culprits.clear()
        groups = list(groups_of(topic))
        for group in groups:
            self._culprits.setdefault(group, set()).add(topic)
        closed = next((group for group in groups if len(self._culprits[group]) >= MOST_CULPRITS), None)
        if closed is not None:
            pause = self._pauses.get(closed, PAUSE_S)
            self._pauses[closed] = min(2 * pause, LONGEST_PAUSE_S)
            self._closed[closed] = now + pause
            self._tried.pop(closed, None)
        return closed

    def accepted(self, topic: str) -> None:
        """Note that the broker has acknowledged a message on `topic`."""
        for group in groups_of(topic):
            self._opened |= group in self._tried
            for by_group in (self._culprits, self._pauses, self._closed, self._tried, self._tried_since):
                by_group.pop(group, None)

    def waits(self, topic: str) -> bool:
        """Return whether a group of `topic` has no message yet that is tried."""
        return bool(self._tried) and any(self._tried.get(group, topic) is None for group in groups_of(topic))

    def tries(self, topic: str) -> bool:
        """Return whether the message on `topic` is one that is tried, from now on if its group has none yet."""
        tried = False
        for group in groups_of(topic) if self._tried else ():
            if group in self._tried and self._tried[group] is None:
                self._tried[group] = topic
            tried |= self._tried.get(group) == topic
        return tried

    def __contains__(self, topic: str) -> bool:
        """Whether nothing is sent on `topic`."""
        if not self._closed and not self._tried:
            return False
        return any(
            group in self._closed or self._tried.get(group, topic) not in (None, topic) for group in groups_of(topic)
        )

    def release(self, now: float, *, all_of_them: bool = False) -> Sequence[str] | None:
        """Try the groups whose pause is over, or all, and return them; None if there are none, and none was opened."""
        groups = [group for group, until in self._closed.items() if until <= now or all_of_them]
        groups += [group for group in self._tried if now - self._tried_since[group] >= PAUSE_S]
        for group in groups:
            self._closed.pop(group, None)
            self._tried[group], self._tried_since[group] = None, now
        opened, self._opened = self._opened, False
        return groups if groups or opened else None
