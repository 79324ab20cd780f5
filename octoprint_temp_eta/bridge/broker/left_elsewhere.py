"""Clears the topics that are not used any more also on brokers that were not connected when they were left.

The outbox clears a topic until one broker has confirmed that. Those below a former base are cleared only on a
connection on which nobody else uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...messages.topics import base_of, stored_topics
from ..outbox.outbox import Outbox
from ..part import InputHandler, Part
from ..protocol.effects import Effect
from ..protocol.inputs import BrokerConnected
from .by_broker import ByBroker
from .former_bases import FormerBases, Use

#: The files with the topics that other brokers may still have, and with those that are still to be cleared.
LEFT_ELSEWHERE, LEFT_BEHIND = "left_elsewhere", "left_behind"
#: What is remembered of a broker at most.
MOST_TOPICS = 1000


class LeftElsewhere(Part):
    """By broker, the topics that it may still have."""

    def __init__(self, outbox: Outbox, former_bases: FormerBases, stored: object) -> None:
        self._outbox = outbox
        self._former_bases = former_bases
        self._topics: ByBroker[list[str]] = ByBroker(
            stored, "topics", [], list, lambda topics: stored_topics(topics)[-MOST_TOPICS:]
        )

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {BrokerConnected: self._connected}

    @property
    def stored(self) -> Mapping[str, Any]:
        """The topics by broker, and those that no broker has confirmed yet."""
        return {LEFT_ELSEWHERE: self._topics.as_json, LEFT_BEHIND: self._outbox.to_clear}

    def tick(self, now: Now) -> list[Effect]:
        """Note which topics are left, and what the connected broker has cleared."""
        del now
        if left := self._outbox.take_left():
            self._topics.change(lambda before: [*(each for each in before if each not in left), *left][-MOST_TOPICS:])
        if self._outbox.former:
            self._decide()
        present = self._topics.present
        if present and self._outbox.connected and set(present).isdisjoint(self._outbox.to_clear):
            self._topics.empty_present()
        return []

    def _decide(self) -> None:
        """Clear what is below bases that nobody else uses here; forget everywhere what is below those of another."""
        uses = {topic: self._former_bases.use_of(base_of(topic)) for topic in self._outbox.former}
        if self._outbox.connected:
            self._outbox.clear_former([topic for topic, use in uses.items() if use is Use.NOBODY])
        taken = {topic for topic, use in uses.items() if use is Use.ANOTHER}
        if taken:
            self._outbox.forget_former(taken)
            bases = set(map(base_of, taken))
            self._topics.change(lambda before: [topic for topic in before if base_of(topic) not in bases])

    def _connected(self, broker: BrokerConnected, now: Now) -> list[Effect]:
        self.tick(now)
        self._outbox.clear_unused(self._topics.connect(broker.address))
        return []
