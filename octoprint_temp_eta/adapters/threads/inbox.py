"""The worker's input queue: bounded, and no caller ever waits."""

from __future__ import annotations

import queue
import time

from ...bridge.broker.command_limits import URGENT
from ...bridge.protocol.inputs import Input, MessageArrived, PluginPublish, Readings
from ...core.clock import Now

CAPACITY = 1024
#: Places beyond `CAPACITY` for urgent commands: a flood of other messages must not hold off an emergency stop.
RESERVE = 256
_URGENT = tuple(f"/command/{name}" for name in URGENT)


def now() -> Now:
    """Read the clocks. The monotonic one goes on while the computer sleeps, where the system has such a clock."""
    at = time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
    return Now(at, time.time())


class Inbox:
    """Inputs with their time of arrival.

    OctoPrint's threads take no lock of ours here: a thread that is interrupted while it holds a lock would delay them.
    When the inbox is full, readings (which come again) and messages (which others can send at will, other plugins too)
    are dropped; urgent commands only when they fill a reserve, too. All other inputs are always accepted; there are
    never many of them.
    """

    def __init__(self) -> None:
        self.high_water = 0
        self.dropped = 0
        self._items: queue.SimpleQueue[tuple[Input, Now]] = queue.SimpleQueue()

    def put(self, event: Input) -> bool:
        """Add `event` for the worker, from any thread, within microseconds; return whether there was a place."""
        waiting = len(self)
        if waiting >= CAPACITY and _dropped(event, waiting):
            self.dropped += 1
            return False
        self._items.put((event, now()))
        self.high_water = max(self.high_water, len(self))
        return True

    def get(self, timeout: float) -> tuple[Input, Now] | None:
        """Return the oldest input, None if there is none within `timeout` seconds."""
        try:
            return self._items.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None

    def __len__(self) -> int:
        return self._items.qsize()


def _dropped(event: Input, waiting: int) -> bool:
    """Whether `event` is dropped, as so many inputs wait that the inbox is full."""
    if isinstance(event, MessageArrived) and event.topic.endswith(_URGENT):
        return waiting >= CAPACITY + RESERVE
    return isinstance(event, Readings | MessageArrived | PluginPublish)
