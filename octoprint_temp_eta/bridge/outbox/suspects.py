"""Messages at which the broker may end the connection: found, and not sent again.

A broker may close the connection at a message that it does not accept (too large for a limit that MQTT 3.1.1 cannot
announce, a forbidden topic), without a reason, and again after each reconnect. Each message that is in flight when the
connection ends is a suspect. On the next connection suspects are sent last and alone. One at which the connection ends
again, after others arrived, is the culprit. A connection on which nothing arrived proves nothing: the broker may be
frozen.
"""

from __future__ import annotations


class Suspects:
    """By topic: the suspects, and the culprits with their size."""

    def __init__(self) -> None:
        #: The suspects in the order in which they are sent.
        self._suspects: dict[str, None] = {}
        self._culprits: dict[str, int] = {}
        #: Whether anything has arrived on the present connection.
        self._broker_works = False

    def connected(self) -> None:
        """Note that there is a new connection."""
        self._broker_works = False

    def order(self, topic: str) -> int:
        """Return when a message on `topic` is sent: smaller numbers first, -1 for one that is no suspect."""
        return list(self._suspects).index(topic) if topic in self._suspects else -1

    def __contains__(self, topic: str) -> bool:
        """Whether a message on `topic` is sent alone."""
        return topic in self._suspects

    def lost(self, topic: str, size: int) -> bool:
        """Note that a message on `topic` was in flight when the connection ended; return whether it is the culprit."""
        known = topic in self._suspects
        self._suspects.pop(topic, None)
        if known and self._broker_works:
            self._culprits[topic] = size
            return True
        self._suspects[topic] = None  # last: others may prove that the broker works
        return False

    def delivered(self, topic: str) -> None:
        """Note that the broker acknowledged a message on `topic`."""
        self._suspects.pop(topic, None)
        self._broker_works = True

    def holds_back(self, topic: str, size: int) -> bool:
        """Return whether a message of `size` bytes on `topic` is not sent; a smaller one than the culprit is."""
        if size < self._culprits.get(topic, 0):
            del self._culprits[topic]
        return topic in self._culprits

    def forget(self) -> None:
        """Reset, such as for another broker."""
        self._suspects.clear()
        self._culprits.clear()
