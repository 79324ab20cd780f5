"""Whether somebody else has removed our device, so that it must be announced again.

So does a bridge with our printer ID and another base topic that gives the ID up: the two meet nowhere but on the topic
of the device. An empty message there shows it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ha_discovery import Announcement, Form, Message, Place, clear_message, device_topic

from ...core.clock import Now
from ..outbox.pauses import Repairs
from ..protocol.inputs import MessageArrived

#: Seconds from the first empty message until we announce again: a removal has several steps.
SETTLE_S = 20.0
#: Connections in sequence that ended within so many seconds without a message on the topic, after which we do not
#: subscribe any more: some brokers end the connection at a topic that may not be read.
MOST_BROKEN, BROKEN_S = 2, 10.0


class ClearedDevice:
    """Watches the topic on which our device is announced."""

    def __init__(self) -> None:
        #: The topic, None without one.
        self.topic: str | None = None
        self._repairs = Repairs()
        #: When the connection began, None once a message has come on the topic, and without a connection.
        self._silent_since: float | None = None
        self._broken = 0

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics to subscribe to, if the broker permits it."""
        return (self.topic,) if self.topic is not None and self._broken < MOST_BROKEN else ()

    def watch(self, announcement: Announcement | None) -> None:
        """Watch the device of `announcement`; in the single form, it has no topic of its own."""
        if announcement is None or announcement.form != Form.DEVICE:
            self.topic = None
        else:
            self.topic = device_topic(announcement.prefix, announcement.config.id)

    def connected(self, now: Now) -> None:
        """Start again: on each connection, the device is announced anyway."""
        self._repairs.cancel()
        self._silent_since = now.at

    def lost(self, now: Now) -> None:
        """Note that the connection has ended."""
        early = self._silent_since is not None and now.at - self._silent_since < BROKEN_S
        self._broken = self._broken + 1 if early and self.topics else 0
        self._silent_since = None

    def arrived(self, message: MessageArrived, now: Now, *, announced: bool) -> None:
        """Note what has arrived on the topic; `announced` is whether it comes after our announcement."""
        self._silent_since, self._broken = None, 0
        if announced and not message.payload:
            self._repairs.ask(now.at + SETTLE_S)

    def due(self, now: Now) -> bool:
        """Return whether to announce again now."""
        return self._repairs.due(now)


def clearing(prefix: str, device: str) -> Message:
    """Return the message that removes a device, by its id, that was announced in the device form."""
    return clear_message(device_topic(prefix, device))


def clearing_all(places: Iterable[Place], device: str) -> list[Message]:
    """Return the messages that remove these places of a device at once.

    The device's own topic is the last: clearing it concerns its components on single topics, and is a conflict there.
    """
    topics = {(place.form == Form.DEVICE, place.topic) for place in places if place.device_id == device}
    return [clear_message(topic) for _, topic in sorted(topics)]
