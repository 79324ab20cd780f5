"""The one way to the worker: a bounded queue that no caller ever waits for."""

from __future__ import annotations

import queue
import time

from ..bridge.protocol.inputs import Input, MessageArrived, Readings
from ..core.clock import Now

CAPACITY = 1024


def now() -> Now:
    """Read the clocks."""
    return Now(time.monotonic(), time.time())


class Inbox:
    """Inputs with the moment at which they came.

    No lock of ours is held where OctoPrint's threads come by: a thread that is interrupted while it holds one would
    keep them waiting. When it is full, what comes again (readings) or what others can send at will (messages) is
    dropped; what the bridge can't do without always finds a place, and there is never much of it.
    """

    def __init__(self) -> None:
        self.high_water = 0
        self.dropped = 0
        self._items: queue.SimpleQueue[tuple[Input, Now]] = queue.SimpleQueue()

    def put(self, event: Input) -> None:
        """Leave `event` for the worker; from any thread, in microseconds."""
        if len(self) >= CAPACITY and isinstance(event, Readings | MessageArrived):
            self.dropped += 1
            return
        self._items.put((event, now()))
        self.high_water = max(self.high_water, len(self))

    def get(self, timeout: float) -> tuple[Input, Now] | None:
        """Return the oldest input, None where none comes for `timeout` seconds."""
        try:
            return self._items.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None

    def __len__(self) -> int:
        return self._items.qsize()
