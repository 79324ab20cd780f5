"""The worker's input queue: bounded, and no caller ever waits."""

from __future__ import annotations

import queue
import time

from ...bridge.protocol.inputs import Input, MessageArrived, PluginPublish, Readings
from ...core.clock import Now

CAPACITY = 1024


def now() -> Now:
    """Read the clocks."""
    return Now(time.monotonic(), time.time())


class Inbox:
    """Inputs with their time of arrival.

    OctoPrint's threads take no lock of ours here: a thread that is interrupted while it holds a lock would delay them.
    When the inbox is full, readings (which come again) and messages (which others can send at will, other plugins too)
    are dropped. All
    other inputs are always accepted; there are never many of them.
    """

    def __init__(self) -> None:
        self.high_water = 0
        self.dropped = 0
        self._items: queue.SimpleQueue[tuple[Input, Now]] = queue.SimpleQueue()

    def put(self, event: Input) -> None:
        """Add `event` for the worker, from any thread, within microseconds."""
        if len(self) >= CAPACITY and isinstance(event, Readings | MessageArrived | PluginPublish):
            self.dropped += 1
            return
        self._items.put((event, now()))
        self.high_water = max(self.high_water, len(self))

    def get(self, timeout: float) -> tuple[Input, Now] | None:
        """Return the oldest input, None if there is none within `timeout` seconds."""
        try:
            return self._items.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None

    def __len__(self) -> int:
        return self._items.qsize()
