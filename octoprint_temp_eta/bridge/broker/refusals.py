"""What the broker refuses on a connection that continues: reported once, and no error any more when it is accepted.

A refused message is sent again after pauses, and each time the broker refuses it again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ...messages.topics import Topics
from ...settings.table import Settings
from ..protocol.inputs import BrokerRefused

#: Topics that are remembered; there are more only with response topics that clients invent.
MOST_TOPICS = 1000


class Refusals:
    """By topic, why the broker has refused the last message on it, oldest first."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        #: By topic, why the broker has refused the subscription.
        self._subscriptions: dict[str, str] = {}

    @property
    def newest(self) -> str | None:
        """Why the broker has refused the last subscription or else message, None if it has accepted all since."""
        return self.newest_of("")

    def newest_of(self, *prefixes: str) -> str | None:
        """Return the same, of messages only those whose topic begins with one of `prefixes`."""
        messages = (why for topic, why in reversed(self._reasons.items()) if topic.startswith(prefixes))
        return next(reversed(self._subscriptions.values()), None) or next(messages, None)

    def connected(self) -> None:
        """Forget everything on a new connection."""
        self._reasons.clear()
        self._subscriptions.clear()

    def is_new(self, event: BrokerRefused) -> bool:
        """Note a refusal; return whether it is not known yet. A refused subscription is always new."""
        if event.topic is None:
            return True
        if not event.published:
            self._subscriptions[event.topic] = event.reason
            return True
        if self._reasons.get(event.topic) == event.reason:
            return False
        self._reasons.pop(event.topic, None)
        self._reasons[event.topic] = event.reason
        if len(self._reasons) > MOST_TOPICS:
            del self._reasons[next(iter(self._reasons))]
        return True

    def granted(self, topic: str, error: str | None) -> str | None:
        """Note that the broker granted the subscription to `topic`; return the error after it, `error` before."""
        return self.newest if self._subscriptions.pop(topic, None) == error else error

    def only(self, topics: Collection[str]) -> None:
        """Forget the subscriptions that are not among `topics` any more."""
        self._subscriptions = {topic: why for topic, why in self._subscriptions.items() if topic in topics}

    def accepted(self, topic: str | None, error: str | None) -> str | None:
        """Note that the broker accepted a message on `topic`; return the error after it, which was `error` before.

        If it has refused that topic, the permissions have changed: what is still refused is reported at the next try.
        Not everything is tried again, such as an event.
        """
        if topic not in self._reasons:
            return error
        ended = error in self._reasons.values()
        self._reasons.clear()
        return self.newest if ended else error


def explained(event: BrokerRefused, topics: Topics, settings: Settings) -> BrokerRefused:
    """Return the refusal with a further sentence about what it means, if it is one of a subscription."""
    consequences = {
        settings.ha_status_topic: " The bridge does not notice when Home Assistant starts.",
        topics.commands: " Commands will not arrive.",
    }
    if event.published or event.topic not in consequences:
        return event
    return replace(event, reason=event.reason + consequences[event.topic])
