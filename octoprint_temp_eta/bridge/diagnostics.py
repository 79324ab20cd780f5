"""Counters and health, for the retained `diagnostics`."""

from __future__ import annotations

from typing import Any

from ..core.clock import Now
from ..messages import encode
from .broker.commands import Commands
from .broker.identity_conflict import Clash
from .broker.outbox import Outbox
from .heaters.heaters import Heaters
from .protocol.inputs import BrokerConnected, Tick

#: s between two messages at least.
INTERVAL_S = 60.0


class Diagnostics:
    """Remembers what the counters of the other parts don't."""

    def __init__(self, started: Now) -> None:
        self.last_error: str | None = None
        self._started = started
        self._connections = 0
        self._broker: BrokerConnected | None = None
        self._connected_at = 0.0
        self._inbox = Tick()
        self._told_at: float | None = None

    def connected(self, broker: BrokerConnected, now: Now) -> None:
        """The broker was reached."""
        self._connections += 1
        self._broker, self._connected_at = broker, now.wall
        self._told_at = None

    def lost(self) -> None:
        """The broker is out of reach."""
        self._broker = None

    def tick(self, tick: Tick, now: Now) -> bool:
        """Note the inbox's counters, and return whether it is time to tell."""
        self._inbox = tick
        if self._told_at is not None and now.at - self._told_at < INTERVAL_S:
            return False
        self._told_at = now.at
        return True

    def broker(self) -> dict[str, Any] | None:
        """Return the broker that we are connected to."""
        broker = self._broker
        if broker is None:
            return None
        return {
            "host": broker.host,
            "port": broker.port,
            "protocol": broker.protocol,
            "connected_since_at": encode.instant(self._connected_at),
        }

    def body(self, outbox: Outbox, commands: Commands, heaters: Heaters, clash: Clash, now: Now) -> dict[str, Any]:
        """Return the body of `diagnostics`."""
        dropped = outbox.events_dropped
        return {
            "uptime_seconds": round(now.at - self._started.at),
            "connections": self._connections,
            "broker": self.broker(),
            "messages": {"sent": outbox.sent, "dropped": self._dropped(outbox)},
            "events_dropped": {"state_change": dropped["state_change"], "script": dropped["script_event"]},
            "commands": {"accepted": commands.accepted, "rejected": commands.rejected},
            "inbox": {"high_water": self._inbox.inbox_high_water, "dropped": self._inbox.inbox_dropped},
            "last_error": self.last_error,
            "accuracy": {name: encode.accuracy(accuracy) for name, accuracy in heaters.accuracy().items()},
            "clash": clash.text,
        }

    @staticmethod
    def _dropped(outbox: Outbox) -> int:
        """Return how many messages were not sent, for whatever reason."""
        return outbox.superseded + outbox.events_dropped.total() + outbox.limits.not_sent
