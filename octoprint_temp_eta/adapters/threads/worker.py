"""The thread that owns the bridge: it handles the inputs from the inbox and performs the effects."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ...bridge.bridge import Bridge
from ...bridge.protocol.effects import Effect
from ...bridge.protocol.inputs import Input, Started, Stopping, Tick
from ...bridge.protocol.script_effects import ReplyToLine, SendLine
from ...bridge.protocol.script_inputs import (
    LineQueued,
    LineReceived,
    LineSending,
    LineSent,
    OthersLineQueued,
    ScriptLine,
)
from ...core.clock import Now
from .inbox import Inbox, now

#: s between two ticks.
TICK_S = 0.5

#: Inputs for each line of a script: up to a thousand per second, without a visible change.
LINES = (ScriptLine, LineQueued, OthersLineQueued, LineSending, LineSent, LineReceived)
LINES_ON = (SendLine, ReplyToLine)

#: Performs an effect without waiting for it.
Performer = Callable[[Any], None]


class Worker:
    """Owns the bridge from `start` to `stop`."""

    def __init__(self, bridge: Bridge, performers: Mapping[type, Performer], logger: logging.Logger) -> None:
        #: The bridge's state for REST. It is never changed, only replaced.
        self.snapshot: Mapping[str, Any] = bridge.snapshot(now())
        self._bridge = bridge
        self._performers = performers
        self._logger = logger
        self._inbox = Inbox()
        self._thread = threading.Thread(target=self._run, name="temp_eta", daemon=True)

    def start(self) -> None:
        """Start the thread and the bridge."""
        self.post(Started())
        self._thread.start()

    def post(self, event: Input) -> None:
        """Pass an input to the bridge, from any thread, without waiting."""
        self._inbox.put(event)

    def stop(self, timeout: float) -> None:
        """Stop the bridge, and wait at most `timeout` seconds for it."""
        self.post(Stopping())
        self._thread.join(timeout)

    def _run(self) -> None:
        tick_at = 0.0
        while True:
            item = self._inbox.get(tick_at - now().at)
            changed = False
            if item is not None:
                changed = self._handle(*item)
                if isinstance(item[0], Stopping):
                    return
            time = now()
            if time.at >= tick_at:
                tick_at = time.at + TICK_S
                changed = self._handle(Tick(self._inbox.high_water, self._inbox.dropped), time)
            if changed and not len(self._inbox):
                self._look(time)

    def _look(self, time: Now) -> None:
        try:
            self.snapshot = self._bridge.snapshot(time)
        except Exception:
            self._logger.exception("Failed to take a snapshot")

    def _handle(self, event: Input, time: Now) -> bool:
        """Handle one input and return whether the visible state may have changed.

        An exception is a fault of the plugin: it is logged here.
        """
        try:
            effects = self._bridge.handle(event, time)
        except Exception:
            self._logger.exception("Failed to handle %s", type(event).__name__)
            return True
        for effect in effects:
            self._perform(effect)
        return not isinstance(event, LINES) or any(not isinstance(effect, LINES_ON) for effect in effects)

    def _perform(self, effect: Effect) -> None:
        try:
            self._performers[type(effect)](effect)
        except Exception:
            self._logger.exception("Failed to perform %s", type(effect).__name__)
