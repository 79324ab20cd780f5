"""What the broker refuses on a connection that continues: reported once, and no error any more when it is accepted.

A refused message is sent again after pauses, and each time the broker refuses it again.
"""

from __future__ import annotations

from ...messages.topics import Topics
from ...settings.table import Settings
from ..protocol.inputs import BrokerRefused

#: Topics that are remembered; there are more only with response topics that clients invent.
MOST_TOPICS = 1000


class Refusals:
    """By topic, why the broker has refused the last message on it, oldest first."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    @property
    def newest(self) -> str | None:
        """Why the broker has refused what it refused last, None if it has accepted everything since."""
        return next(reversed(self._reasons.values()), None)

    def connected(self) -> None:
        """Forget everything on a new connection."""
        self._reasons.clear()

    def is_new(self, event: BrokerRefused) -> bool:
        """Note a refusal; return whether it is not known yet. A refused subscription is always new."""
        if event.topic is None or not event.published:
            return True
        if self._reasons.get(event.topic) == event.reason:
            return False
        self._reasons.pop(event.topic, None)
        self._reasons[event.topic] = event.reason
        if len(self._reasons) > MOST_TOPICS:
            del self._reasons[next(iter(self._reasons))]
        return True

    def accepted(self, topic: str | None, error: str | None) -> str | None:
        """Note that the broker accepted a message on `topic`; return the error after it, which was `error` before.

        If it has refused that topic, the permissions have changed: what is still refused is reported at the next try.
        Not everything is tried again, such as an event.
        """
        if topic not in self._reasons:
            return error
        ended = error in self._reasons.values()
        self._reasons.clear()
        return None if ended else error


def consequence(topic: str | None, topics: Topics, settings: Settings) -> str:
    """Return what a refused subscription to `topic` means, as a further sentence; empty for others."""
    if topic == topics.commands:
        return " Commands will not arrive."
    if topic == settings.ha_status_topic:
        return " The bridge does not notice when Home Assistant starts."
    return ""
