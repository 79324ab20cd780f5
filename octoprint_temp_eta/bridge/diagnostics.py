"""Counters and health, for the retained `diagnostics` and for OctoPrint's log.

The log is in OctoPrint's support bundle, to which only bundled plugins can add files of their own.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from ..core.clock import Now
from ..messages import encode
from .broker.commands import Commands
from .broker.connection import Connection
from .connection_test import ConnectionTestRuns
from .heaters.heaters import Heaters
from .outbox.outbox import Outbox
from .part import InputHandler, Part
from .protocol.effects import Effect, Log
from .protocol.inputs import BrokerConnected, Tick

#: Minimum seconds between two messages, and the longest while only those change that always rise.
INTERVAL_S, LONGEST_INTERVAL_S = 60.0, 300.0
#: Seconds after the start until the first line is logged, and seconds between two lines.
FIRST_LOGGED_S, LOG_INTERVAL_S = 10.0, 3600.0
#: What other parts log when it happens.
LOGGED_ELSEWHERE = ("last_error", "clash", "warnings", "connection_test")


class Diagnostics(Part):
    """Publishes the counters of all parts, and what no other part counts."""

    def __init__(
        self,
        outbox: Outbox,
        heaters: Heaters,
        commands: Commands,
        connection: Connection,
        tests: ConnectionTestRuns,
        now: Now,
    ) -> None:
        self._outbox = outbox
        self._heaters = heaters
        self._commands = commands
        self._connection = connection
        self._tests = tests
        self._started = now
        self._inbox = Tick()
        #: When the last message was published and what it said, and when that was last looked at.
        self._published_at: float | None = None
        self._published: dict[str, Any] = {}
        self._looked_at = 0.0
        self._log_at = now.at + FIRST_LOGGED_S

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {Tick: self._ticked, BrokerConnected: self._connected}

    def tick(self, now: Now) -> list[Effect]:
        """Publish `diagnostics` on each connection, and look every `INTERVAL_S` for news; log it more rarely."""
        if self._outbox.connected and (self._published_at is None or now.at - self._looked_at >= INTERVAL_S):
            self._looked_at = now.at
            self._publish(now)
        if now.at < self._log_at:
            return []
        self._log_at = now.at + LOG_INTERVAL_S
        counters = {name: value for name, value in self._body(now).items() if name not in LOGGED_ELSEWHERE}
        return [Log(logging.INFO, f"Diagnostics: {json.dumps(counters, ensure_ascii=False)}")]

    def _publish(self, now: Now) -> None:
        """Publish the counters if they have news, or are old."""
        body = self._body(now)
        news, last = _news(body), self._published_at
        if last is None or news != self._published or now.at - last >= LONGEST_INTERVAL_S:
            self._published_at, self._published = now.at, news
            self._outbox.publish_state("diagnostics", body, now)

    def _ticked(self, tick: Tick, _: Now) -> list[Effect]:
        self._inbox = tick
        return []

    def _connected(self, _: BrokerConnected, __: Now) -> list[Effect]:
        self._published_at = None
        return []

    def _body(self, now: Now) -> dict[str, Any]:
        outbox, commands, connection = self._outbox, self._commands, self._connection
        dropped = outbox.events_dropped
        return {
            "uptime_seconds": round(now.at - self._started.at),
            "connections": connection.connections,
            "broker": connection.broker,
            "messages": {
                "sent": outbox.sent,
                "dropped": self._dropped(outbox),
                "malformed": connection.malformed,
            },
            "events_dropped": {"state_change": dropped["state_change"], "script": dropped["script_event"]},
            "commands": {"accepted": commands.accepted, "rejected": commands.rejected},
            "inbox": {"high_water": self._inbox.inbox_high_water, "dropped": self._inbox.inbox_dropped},
            "last_error": connection.last_error,
            "accuracy": {name: encode.accuracy(accuracy) for name, accuracy in self._heaters.accuracy().items()},
            "clash": connection.conflict.text,
            "warnings": [*connection.warnings, *([connection.problem] if connection.problem else [])],
            "connection_test": self._tests.result,
        }

    @staticmethod
    def _dropped(outbox: Outbox) -> int:
        """Return the number of messages that were not sent, or refused."""
        return outbox.refused + outbox.superseded + outbox.events_dropped.total() + outbox.limits.not_sent


def _news(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is worth a message: not the time that has passed, nor how much was sent meanwhile."""
    return {**body, "uptime_seconds": None, "messages": {**body["messages"], "sent": None}}
