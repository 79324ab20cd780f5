"""The present connection: its broker, and what does not work on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...messages import encode
from ...settings.table import Settings
from ..outbox.outbox import Outbox
from ..outbox.send_limits import Closed
from ..protocol.inputs import BrokerConnected, BrokerRefused, Delivered
from .problems import Problems
from .read_back import ReadBack, explain
from .set_back import SetBack


class Present:
    """Follows a connection from its beginning to its end; the newest problem outlives it."""

    def __init__(self, outbox: Outbox) -> None:
        #: None without a connection.
        self.broker: BrokerConnected | None = None
        #: When it began, in Unix seconds.
        self.connected_at = 0.0
        self.problems = Problems()
        #: How often all states were published again because somebody had set them back.
        self.repairs = 0
        self._read_back = ReadBack()
        self._set_back = SetBack()
        self._outbox = outbox

    def begin(self, broker: BrokerConnected, now: Now) -> None:
        """Send what waits to this broker, and expect our own `info` back."""
        self.broker, self.connected_at = broker, now.wall
        self._outbox.limits.connected(broker)
        self._outbox.connect(broker.link, now)
        self.problems.connected()
        self._read_back.connected(now)
        self._set_back.connected()

    def end(self) -> None:
        """Note that there is no connection."""
        self._outbox.disconnect()
        self._read_back.ended()
        self.broker = None

    @property
    def shown(self) -> Mapping[str, Any] | None:
        """The broker: `host`, `port`, `protocol`, `connected_since_at`."""
        broker = self.broker
        return None if broker is None else encode.broker(broker.host, broker.port, broker.protocol, self.connected_at)

    def problem(self, discovery_prefix: str) -> str | None:
        """Return what does not work, None if all does. Response topics are their clients' matter."""
        if self.broker is None:
            return None
        if self._read_back.missing:
            return self._nothing_arrives
        refused = self.problems.refusal(f"{self._outbox.topics.base}/", f"{discovery_prefix}/")
        unsent = (why for topic, why in self.problems.unsent.items() if self._outbox.is_state(topic))
        return refused or next(iter(self._outbox.limits.closed), None) or next(unsent, None)

    def tick(self, now: Now) -> str | None:
        """Return a new problem: nothing arrives. Ask the broker for a message if none has come for long.

        Publish what somebody has set back.
        """
        if self._outbox.connected and self._set_back.repairs(now):
            self.repairs += 1
            self._outbox.resend_states()
        overdue = self._read_back.tick(now, expected=self._info_is_sent)
        if self._outbox.sends("info") and self._read_back.asks(now):
            self._outbox.republish(("info",), 0.0, now)
        return self._nothing_arrives if overdue else None

    @property
    def dead(self) -> str | None:
        """Why the connection is to be made anew, None if it works."""
        return self._read_back.dead

    def heard(self, now: Now) -> None:
        """Note that a message has arrived on one of our topics."""
        self._read_back.heard(now)
        self.problems.ended(self._nothing_arrives)

    def info_arrived(self, payload: bytes, now: Now) -> None:
        """Note that our own `info` has come back, the newest or an older one, or that it was removed."""
        self._read_back.arrived(now)
        self._set_back.arrived(payload, self._outbox.payload("info"), now)

    def delivered(self, event: Delivered, now: Now) -> None:
        """Process the broker's answer to a message; an accepted one ends the problems that it disproves."""
        closed = self._outbox.limits.closed
        topic = self._outbox.delivered(event, now)
        if topic is not None:
            self.problems.accepted(topic)
        if closed:
            self.problems.ended(*{*closed} - {*self._outbox.limits.closed})

    def is_new(self, event: BrokerRefused, settings: Settings) -> bool:
        """Note a refusal; return whether it is to be reported."""
        lost = event.too_large and not self._is_replaced(event.topic or "", settings)
        return lost or self.problems.is_new(event)

    def take_not_sent(self, settings: Settings) -> list[str]:
        """Return what was not sent because of the broker's limits since the last call, and why."""
        reports = self._outbox.limits.take_reports()
        for each in reports:
            if not isinstance(each, Closed) and self._is_replaced(each.topic, settings):
                self.problems.not_sent(each.topic, str(each))
        return list(map(str, reports))

    def _is_replaced(self, topic: str, settings: Settings) -> bool:
        """Whether the next message on `topic` replaces one that is too large.

        A reply or another event is lost, whatever is accepted there later.
        """
        return self._outbox.is_state(topic) or topic.startswith(f"{settings.ha_discovery_prefix}/")

    @property
    def _info_is_sent(self) -> bool:
        """Whether our `info` goes to the broker, so that it has to come back."""
        return self._outbox.sends("info") and not self.problems.refuses(self._outbox.topics.of("info"))

    @property
    def _nothing_arrives(self) -> str:
        return explain(self._outbox.topics.base)
