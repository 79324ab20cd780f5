"""Clears the topics that are not used any more also on brokers that were not connected when they were left.

The outbox clears a topic until one broker has confirmed that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...messages.topics import stored_topics
from ..outbox.outbox import Outbox
from ..part import InputHandler, Part
from ..protocol.effects import Effect
from ..protocol.inputs import BrokerConnected
from .by_broker import ByBroker

#: The file.
LEFT_ELSEWHERE = "left_elsewhere"
#: What is remembered of a broker at most.
MOST_TOPICS = 1000


class LeftElsewhere(Part):
    """By broker, the topics that it may still have."""

    def __init__(self, outbox: Outbox, stored: object) -> None:
        self._outbox = outbox
        self._topics: ByBroker[list[str]] = ByBroker(
            stored, "topics", [], list, lambda topics: stored_topics(topics)[-MOST_TOPICS:]
        )

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {BrokerConnected: self._connected}

    @property
    def stored(self) -> Mapping[str, Any]:
        """The topics by broker."""
        return {LEFT_ELSEWHERE: self._topics.as_json}

    def tick(self, now: Now) -> list[Effect]:
        """Note which topics are left, and what the connected broker has cleared."""
        del now
        if left := self._outbox.take_left():
            self._topics.change(lambda before: [*(each for each in before if each not in left), *left][-MOST_TOPICS:])
        present = self._topics.present
        if present and self._outbox.connected and set(present).isdisjoint(self._outbox.to_clear):
            self._topics.empty_present()
        return []

    def _connected(self, broker: BrokerConnected, now: Now) -> list[Effect]:
        self.tick(now)
        self._outbox.clear_unused(self._topics.connect(broker.address))
        return []
