"""The thread that owns the bridge: it handles the inputs from the inbox and performs the effects."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ...bridge.bridge import Bridge
from ...bridge.protocol.effects import Effect
from ...bridge.protocol.inputs import Delivered, Input, Readings, SnapshotWanted, Started, Stopping, Tick
from ...core.clock import Now
from .inbox import Inbox, now

#: Seconds between two ticks, …
TICK_S = 0.5
#: … and after one without an effect, as long as nothing comes but what follows from readings: a tick costs 0.2 ms.
QUIET_TICK_S = 1.0
QUIET = (Readings, Delivered)

#: Seconds that a look waits for the worker; normally it takes milliseconds.
LOOK_S = 2.0

#: Performs an effect without waiting for it.
Performer = Callable[[Any], None]


class Worker:
    """Owns the bridge from `start` to `stop`."""

    def __init__(self, bridge: Bridge, performers: Mapping[type, Performer], logger: logging.Logger) -> None:
        self._snapshot: Mapping[str, Any] = bridge.snapshot(now())
        self._bridge = bridge
        self._performers = performers
        self._logger = logger
        self._inbox = Inbox()
        self._thread = threading.Thread(target=self._run, name="temp_eta", daemon=True)
        #: Set once the snapshot is as new as the calls that wait for it; None if no call waits.
        self._looked: threading.Event | None = None
        self._lock = threading.Lock()

    @property
    def snapshot(self) -> Mapping[str, Any]:
        """The bridge's state for REST, which the worker's thread takes now; the last one if it is late or has ended.

        It is never changed, only replaced.
        """
        with self._lock:
            if not self._thread.is_alive():
                return self._snapshot
            if self._looked is None:
                self._looked = threading.Event()
                self.post(SnapshotWanted())
            looked = self._looked
        looked.wait(LOOK_S)
        return self._snapshot

    def start(self) -> None:
        """Start the thread and the bridge."""
        self.post(Started())
        self._thread.start()

    def post(self, event: Input) -> None:
        """Pass an input to the bridge, from any thread, without waiting."""
        self._inbox.put(event)

    def offer(self, event: Input) -> bool:
        """Do as `post`; return whether the event had a place."""
        return self._inbox.put(event)

    def stop(self, timeout: float) -> None:
        """Stop the bridge, and wait at most `timeout` seconds for it."""
        self.post(Stopping())
        self._thread.join(timeout)

    def _run(self) -> None:
        ticked_at, pause = 0.0, TICK_S
        while True:
            item = self._inbox.get(ticked_at + pause - now().at)
            if item is not None:
                self._handle(*item)
                if not isinstance(item[0], QUIET):
                    pause = TICK_S
                if isinstance(item[0], SnapshotWanted):
                    self._look(item[1])
                elif isinstance(item[0], Stopping):
                    self._look(item[1])
                    return
            time = now()
            if time.at >= ticked_at + pause:
                ticked_at = time.at
                acted = self._handle(Tick(self._inbox.high_water, self._inbox.dropped), time)
                pause = TICK_S if acted else QUIET_TICK_S

    def _look(self, time: Now) -> None:
        """Take a snapshot for all calls that wait."""
        with self._lock:
            looked, self._looked = self._looked, None
        try:
            self._snapshot = self._bridge.snapshot(time)
        except Exception:
            self._logger.exception("Failed to take a snapshot")
        if looked is not None:
            looked.set()

    def _handle(self, event: Input, time: Now) -> bool:
        """Handle one input; return whether it had effects. An exception is a fault of the plugin: it is logged here."""
        acted = False
        try:
            for effects in self._bridge.steps(event, time):
                for effect in effects:
                    acted = True
                    self._perform(effect)
        except Exception:
            self._logger.exception("Failed to handle %s", type(event).__name__)
        return acted

    def _perform(self, effect: Effect) -> None:
        try:
            self._performers[type(effect)](effect)
        except Exception:
            self._logger.exception("Failed to perform %s", type(effect).__name__)
