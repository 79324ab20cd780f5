"""The thread that owns the bridge: takes inputs from the inbox, has the effects done."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ..bridge.bridge import Bridge
from ..bridge.protocol.effects import Effect
from ..bridge.protocol.inputs import Input, Started, Stopping, Tick
from ..bridge.protocol.script_effects import ReplyToLine, SendLine
from ..bridge.protocol.script_inputs import LineQueued, LineReceived, LineSending, LineSent, ScriptLine
from ..core.clock import Now
from .inbox import Inbox, now

#: s between two ticks.
TICK_S = 0.5

#: What comes and goes with each line of a script: a thousand times a second, and nothing of it is to be seen.
LINES = (ScriptLine, LineQueued, LineSending, LineSent, LineReceived)
LINES_ON = (SendLine, ReplyToLine)

#: Has an effect done without waiting for it.
Performer = Callable[[Any], None]


class Worker:
    """Owns the bridge from `start` to `stop`."""

    def __init__(self, bridge: Bridge, performers: Mapping[type, Performer], logger: logging.Logger) -> None:
        #: What the bridge knows, as REST shows it: never changed, only replaced.
        self.snapshot: Mapping[str, Any] = bridge.snapshot(now())
        self._bridge = bridge
        self._performers = performers
        self._logger = logger
        self._inbox = Inbox()
        self._thread = threading.Thread(target=self._run, name="temp_eta", daemon=True)

    def start(self) -> None:
        """Begin; the bridge learns that it has started."""
        self.post(Started())
        self._thread.start()

    def post(self, event: Input) -> None:
        """Tell the bridge what happened; from any thread, without waiting."""
        self._inbox.put(event)

    def stop(self, timeout: float) -> None:
        """Let the bridge say good-bye, and wait at most `timeout` seconds for it."""
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
            moment = now()
            if moment.at >= tick_at:
                tick_at = moment.at + TICK_S
                changed = self._handle(Tick(self._inbox.high_water, self._inbox.dropped), moment)
            if changed and not len(self._inbox):
                self._look(moment)

    def _look(self, moment: Now) -> None:
        try:
            self.snapshot = self._bridge.snapshot(moment)
        except Exception:
            self._logger.exception("Failed to take a snapshot")

    def _handle(self, event: Input, moment: Now) -> bool:
        """Handle one input and return whether anything to be seen may have changed.

        A failure is ours: it is logged and ends here.
        """
        try:
            effects = self._bridge.handle(event, moment)
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
