"""Messages at which the broker may end the connection: found, and held back.

A broker may close the connection at a message that it does not accept (too large for a limit that MQTT 3.1.1 cannot
announce, a forbidden topic), without a reason, and again after each reconnect. Each message that is in flight when the
connection ends is a suspect. On the next connection suspects are sent last and alone. One at which the connection ends
again, after others arrived, is the culprit. A connection on which nothing arrived proves nothing: the broker may be
frozen.

A network that keeps breaking looks the same. So a culprit is held back only until a connection has lasted: then it is
sent again, alone, and held back longer if that connection ends at it, too. Whole groups of topics may be closed.
"""

from __future__ import annotations

from ...core.frozen import frozen
from .closed_groups import LONGEST_PAUSE_S, PAUSE_S, ClosedGroups, groups_of

#: The reason codes of a DISCONNECT that are about a message, besides those below FIRST_FAILURE, which give no reason.
#: With others, such as a broker that shuts down or gives our session to another client, no message is to blame.
FIRST_FAILURE = 0x80
ABOUT_MESSAGES = frozenset({0x80, 0x81, 0x82, 0x83, 0x87, 0x90, 0x93, 0x94, 0x95, 0x97, 0x99, 0x9A, 0x9B})
#: Seconds after which a connection has lasted. What the broker has accepted before is held back only until then: that
#: is no culprit yet.
LASTS_S = 10.0
#: A size is another one from this factor on: the messages on a topic have never quite the same.
FACTOR = 2
#: The number of topics for which it is known what the broker has accepted: there are any number of response topics.
MOST_ACCEPTED = 1024


def may_be_a_message(code: int | None) -> bool:
    """Return whether the broker may have ended the connection because of a message; None: it gave no reason code."""
    return code is None or code < FIRST_FAILURE or code in ABOUT_MESSAGES


@frozen
class Held:
    """What is not sent on a topic until the monotonic seconds `until`: messages of about `size` bytes or more."""

    size: int
    until: float


class Suspects:
    """By topic: the suspects, what is held back, and what the broker has accepted."""

    def __init__(self) -> None:
        #: The suspects in the order in which they are sent.
        self._suspects: dict[str, None] = {}
        self._held: dict[str, Held] = {}
        #: By topic that was held back, and has not arrived since: the seconds for which it is held back next.
        self._pauses: dict[str, float] = {}
        #: By topic: the size in bytes of the largest message that the broker has accepted.
        self._accepted: dict[str, int] = {}
        self.groups = ClosedGroups()
        #: The groups that were closed since the last `take_closed`.
        self._closed: list[str] = []
        #: Whether anything has arrived on the present connection.
        self._broker_works = False

    def connected(self) -> None:
        """Note that there is a new connection."""
        self._broker_works = False
        self.groups.connected()

    def order(self, topic: str) -> int:
        """Return when a message on `topic` is sent: smaller numbers first, -1 for one that is no suspect."""
        return list(self._suspects).index(topic) if topic in self._suspects else -1

    def __contains__(self, topic: str) -> bool:
        """Whether a message on `topic` is sent alone."""
        return topic in self._suspects

    def lost(self, topic: str) -> bool:
        """Note that a message on `topic` was in flight when the connection ended; return whether it is the culprit."""
        known = topic in self._suspects
        self._suspects.pop(topic, None)
        if known and self._broker_works:
            return True
        self._suspects[topic] = None  # last: others may prove that the broker works
        return False

    def hold(self, topic: str, size: int, now: float, *, alone: bool = True) -> bool:
        """Hold a culprit of `size` bytes back; return whether for longer than until a connection has lasted.

        `alone`: nothing else was in flight, so that it is the reason.
        """
        accepted = size < FACTOR * self._accepted.get(topic, 0)
        pause = self._pauses.get(topic, LASTS_S if accepted else PAUSE_S)
        self._pauses[topic] = min(max(2 * pause, PAUSE_S), LONGEST_PAUSE_S)
        self._held[topic] = Held(size, now + pause)
        closed = self.groups.culprit(topic, now) if alone else None
        if closed is not None:
            self._closed.append(closed)
        return pause >= PAUSE_S

    def take_closed(self) -> list[str]:
        """Return the groups of topics on which nothing is sent any more, since the last call."""
        closed, self._closed = self._closed, []
        return closed

    def release(self, now: float, *, all_of_them: bool = False) -> bool:
        """Allow what was held back for long enough, or all of it, as suspects; return whether there is any."""
        groups = self.groups.release(now, all_of_them=all_of_them)
        tried = groups or ()
        topics = [
            topic
            for topic, held in self._held.items()
            if all_of_them or held.until <= now or any(group in tried for group in groups_of(topic))
        ]
        for topic in topics:
            self._release(topic)
        return bool(topics) or groups is not None

    def _release(self, topic: str) -> None:
        del self._held[topic]
        self._suspects[topic] = None

    def delivered(self, topic: str, size: int) -> None:
        """Note that the broker acknowledged a message of `size` bytes on `topic`; 0: it was sent without QoS."""
        self._suspects.pop(topic, None)
        self._pauses.pop(topic, None)
        if size:
            self._broker_works = True
            self.groups.accepted(topic)
        self._accepted[topic] = max(size, self._accepted.pop(topic, 0))  # the newest is last
        if len(self._accepted) > MOST_ACCEPTED:
            del self._accepted[next(iter(self._accepted))]

    def holds_back(self, topic: str, size: int, *, may_try: bool = False) -> bool:
        """Return whether a message of `size` bytes on `topic` is not sent; a much smaller one than the culprit is.

        `may_try`: it is sent now, with QoS 1, so a closed group may be tried with it.
        """
        held = self._held.get(topic)
        if held is not None and FACTOR * size <= held.size:
            self._release(topic)
        if topic in self._held or topic in self.groups or (self.groups.waits(topic) and not may_try):
            return True
        if self.groups.tries(topic):
            self._suspects.setdefault(topic)
        return False

    def forget(self) -> None:
        """Reset, such as for another broker."""
        self.groups = ClosedGroups()
        self._closed.clear()
        self._suspects.clear()
        self._held.clear()
        self._pauses.clear()
        self._accepted.clear()
