"""What does not work at the broker: the newest problem, and those of a connection that continues until they end.

The broker may refuse messages and subscriptions: each is reported once, though it is tried again after pauses. Other
messages are not sent at all, because the broker would end the connection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from ...messages.topics import Topics
from ...settings.table import Settings
from ..protocol.inputs import BrokerRefused

#: Topics that are remembered; there are more only with response topics that clients invent.
MOST_TOPICS = 1000
#: In place of a topic: what the broker refuses altogether, such as retained messages.
EVERYTHING = ""


class Problems:
    """Knows when a problem has ended. Each is a sentence for the user."""

    def __init__(self) -> None:
        #: The newest problem, None once it has ended.
        self.last_error: str | None = None
        #: By topic, why a message was refused or not sent last, oldest first.
        self._refused: dict[str, str] = {}
        self._not_sent: dict[str, str] = {}
        #: By topic, why the broker has refused the subscription.
        self._subscriptions: dict[str, str] = {}

    def refusal(self, *prefixes: str) -> str | None:
        """Return what the broker refuses on this connection, None if nothing.

        Subscriptions come first, in the order in which they are made: that of the commands before all others. Of
        messages, only those count whose topic begins with one of `prefixes`.
        """
        messages = (why for topic, why in reversed(self._refused.items()) if topic.startswith(prefixes))
        return next(iter(self._subscriptions.values()), None) or next(messages, None)

    def refuses(self, topic: str) -> bool:
        """Return whether the broker has refused the last message on `topic`."""
        return topic in self._refused

    def connected(self) -> None:
        """Forget what the broker has refused, on a new connection."""
        self._refused.clear()
        self._subscriptions.clear()

    def is_new(self, event: BrokerRefused) -> bool:
        """Note a refusal; return whether it is not known yet. A refused subscription is always new."""
        if not event.published:
            self._subscriptions[event.topic or EVERYTHING] = event.reason
            return True
        topic = event.topic or EVERYTHING
        if self._refused.get(topic) == event.reason:
            return False
        _note(self._refused, topic, event.reason)
        return True

    @property
    def unsent(self) -> Mapping[str, str]:
        """By topic, why the last message there was not sent."""
        return self._not_sent

    def not_sent(self, topic: str, reason: str) -> None:
        """Note that a message on `topic` is not sent until one is accepted there."""
        _note(self._not_sent, topic, reason)

    def ended(self, *problems: str) -> None:
        """Note that these problems have ended."""
        if self.last_error in problems:
            self.last_error = self.refusal("")

    def granted(self, topic: str) -> None:
        """Note that the broker has granted the subscription to `topic`."""
        self.ended(*_taken(self._subscriptions, topic))

    def only(self, topics: Collection[str]) -> None:
        """Forget the subscriptions that are not among `topics` any more."""
        self._subscriptions = {
            topic: why for topic, why in self._subscriptions.items() if topic in topics or topic == EVERYTHING
        }

    def accepted(self, topic: str) -> None:
        """Note that the broker has accepted a message on `topic`.

        If it has refused that topic, the permissions have changed: what is still refused is reported at the next try.
        Not everything is tried again, such as an event.
        """
        ended = [*_taken(self._not_sent, topic)]
        if topic in self._refused:
            ended += self._refused.values()
            self._refused.clear()
        self.ended(*ended)


def explained(event: BrokerRefused, topics: Topics, settings: Settings) -> BrokerRefused:
    """Return the refusal with a further sentence about what it means, if it is one of a subscription."""
    consequences = {
        settings.ha_status_topic: " The bridge does not notice when Home Assistant starts.",
        topics.commands: " Commands will not arrive.",
    }
    if event.published or event.topic not in consequences:
        return event
    return replace(event, reason=event.reason + consequences[event.topic])


def _note(reasons: dict[str, str], topic: str, reason: str) -> None:
    reasons.pop(topic, None)
    reasons[topic] = reason
    if len(reasons) > MOST_TOPICS:
        del reasons[next(iter(reasons))]


def _taken(reasons: dict[str, str], topic: str) -> Iterable[str]:
    """Remove and return the reason of `topic`, if there is one."""
    return [reasons.pop(topic)] if topic in reasons else []
