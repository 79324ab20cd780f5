"""Clears the topics that are not used any more also on brokers that were not connected when they were left.

The outbox clears a topic until one broker has confirmed that. There may be several: those of a list, or another one
after a change of the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ..outbox.outbox import Outbox
from ..part import InputHandler, Part
from ..protocol.effects import Effect
from ..protocol.inputs import BrokerConnected
from .connection import stored_topics

#: The file.
LEFT_ELSEWHERE = "left_elsewhere"
#: Brokers that are remembered, the last ones, and what is remembered of each.
MOST_BROKERS, MOST_TOPICS = 16, 1000


class LeftElsewhere(Part):
    """By broker, the one that was connected last at the end: the topics that it may still have."""

    def __init__(self, outbox: Outbox, stored: object) -> None:
        self._outbox = outbox
        self._topics: dict[str, list[str]] = _read(stored)
        self._broker: str | None = None

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {BrokerConnected: self._connected}

    @property
    def stored(self) -> Mapping[str, Any]:
        """The topics by broker."""
        return {LEFT_ELSEWHERE: [{"broker": broker, "topics": topics} for broker, topics in self._topics.items()]}

    def tick(self, now: Now) -> list[Effect]:
        """Note which topics are left, and what the connected broker has cleared."""
        del now
        if left := self._outbox.take_left():
            for broker, before in self._topics.items():
                self._topics[broker] = [*(each for each in before if each not in left), *left][-MOST_TOPICS:]
        topics = self._topics.get(self._broker or "")
        if topics and self._broker and self._outbox.connected and set(topics).isdisjoint(self._outbox.to_clear):
            self._topics[self._broker] = []
        return []

    def _connected(self, broker: BrokerConnected, now: Now) -> list[Effect]:
        self.tick(now)
        self._broker = name = f"{broker.host}:{broker.port}"
        self._topics[name] = self._topics.pop(name, [])
        while len(self._topics) > MOST_BROKERS:
            del self._topics[next(iter(self._topics))]
        self._outbox.clear_unused(self._topics[name])
        return []


def _read(stored: object) -> dict[str, list[str]]:
    """Return what was stored; nothing if it is damaged."""
    try:
        entries = stored[-MOST_BROKERS:] if isinstance(stored, list) else []
        return {str(entry["broker"]): stored_topics(entry["topics"])[-MOST_TOPICS:] for entry in entries}
    except (KeyError, TypeError):
        return {}
