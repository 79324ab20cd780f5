"""The plugin without OctoPrint: bridge, worker and connection with the real clock and a real broker."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Self

from octoprint_temp_eta.adapters.broker.mqtt import Mqtt
from octoprint_temp_eta.adapters.threads.inbox import now
from octoprint_temp_eta.adapters.threads.worker import Performer, Worker
from octoprint_temp_eta.bridge.bridge import Bridge
from octoprint_temp_eta.bridge.protocol.effects import Connect, Disconnect, Publish, Save, Subscribe
from octoprint_temp_eta.bridge.protocol.identity import Identity
from octoprint_temp_eta.bridge.protocol.inputs import Input, PrinterChanged, Readings, SettingsChanged
from octoprint_temp_eta.settings.table import parse
from tests.support.bridge_driver import IDENTITY, PROFILE

INSTANCE = "running-bridge"
BASE = f"octoprint/temp_eta/{INSTANCE}"
STOP_SECONDS = 10.0


class RunningBridge:
    """Runs inside the context, connected to a printer; keyword arguments are settings.

    Performs only the effects for the broker, not those for pages and scripts. `save` gets what is to be stored;
    `remembered` is what was.
    """

    def __init__(
        self,
        port: int,
        *,
        save: Performer = lambda _: None,
        identity: Identity = IDENTITY,
        remembered: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self._settings = {
            "mqtt_broker_host": "127.0.0.1",
            "mqtt_broker_port": port,
            "mqtt_custom_identifier": INSTANCE,
            "mqtt_publish_interval": 0.1,
            **settings,
        }
        #: What is done with each type of effect.
        self.performers: dict[type, Performer] = defaultdict(lambda: lambda _: None)
        performers = self.performers
        self._bridge = Bridge(identity, parse(self._settings), remembered or {}, now())
        #: Seconds that the longest call took that OctoPrint's threads make.
        self.longest_call = 0.0
        self.worker = Worker(self._bridge, performers, logging.getLogger("running-bridge"))
        self.mqtt = Mqtt(self.worker.post)
        performers[Publish], performers[Subscribe] = self.mqtt.publish, self.mqtt.subscribe
        performers[Save] = save
        performers[Connect], performers[Disconnect] = self.mqtt.connect, self.mqtt.disconnect

    def __enter__(self) -> Self:
        self.worker.start()
        self.worker.post(PrinterChanged("OPERATIONAL", connected=True, printing=False, profile=PROFILE))
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.stop(STOP_SECONDS)
        self.mqtt.close(STOP_SECONDS)

    def post(self, event: Input) -> None:
        """Pass an input to the worker, as OctoPrint's threads do."""
        begin = time.monotonic()
        self.worker.post(event)
        self.longest_call = max(self.longest_call, time.monotonic() - begin)

    def read(self, **heaters: tuple[object, object]) -> None:
        """Let a reading come: `bed=(actual, target)`."""
        self.post(Readings(heaters))

    def change_settings(self, **settings: Any) -> None:
        """Save other settings."""
        self._settings |= settings
        self.post(SettingsChanged(parse(self._settings)))

    @property
    def retained(self) -> dict[str, bytes]:
        """What the broker must hold: the newest payload of each retained topic."""
        records = [record.publish for record in list(self._bridge._outbox._retained)]
        return {publish.topic: publish.payload for publish in records if publish.payload}

    @property
    def counters(self) -> dict[str, int]:
        """Counts of now: connections, what was sent, dropped and is in flight, and the inbox."""
        outbox, inbox = self._bridge._outbox, self.worker._inbox
        return {
            "connections": self._bridge._connection.connections,
            "sent": outbox.sent,
            "events_dropped": outbox.events_dropped.total(),
            "in_flight": len(outbox._in_flight),
            "inbox": len(inbox),
            "inbox_dropped": inbox.dropped,
            "inbox_high_water": inbox.high_water,
        }

    @property
    def connected(self) -> bool:
        """Whether the snapshot reports a connection."""
        return bool(self.worker.snapshot["mqtt"]["connected"])
