"""The one way to the worker: a bounded queue that no caller ever waits for."""

from __future__ import annotations

import threading
import time
from collections import deque

from ..bridge.inputs import Input, MessageArrived, Now, Readings

CAPACITY = 1024


def now() -> Now:
    """Read the clocks."""
    return Now(time.monotonic(), time.time())


class Inbox:
    """Inputs with the moment at which they came. When it is full, the oldest reading makes room."""

    def __init__(self) -> None:
        self.high_water = 0
        self.dropped = 0
        self._items: deque[tuple[Input, Now]] = deque()
        self._ready = threading.Condition()

    def put(self, event: Input) -> None:
        """Leave `event` for the worker; from any thread, in microseconds."""
        with self._ready:
            if len(self._items) >= CAPACITY and not self._make_room(event):
                return
            self._items.append((event, now()))
            self.high_water = max(self.high_water, len(self._items))
            self._ready.notify()

    def get(self, timeout: float) -> tuple[Input, Now] | None:
        """Return the oldest input, None where none comes for `timeout` seconds."""
        with self._ready:
            if not self._items:
                self._ready.wait(max(0.0, timeout))
            return self._items.popleft() if self._items else None

    def __len__(self) -> int:
        return len(self._items)

    def _make_room(self, event: Input) -> bool:
        """Drop a reading, else what others can send at will; what the bridge can't do without always finds a place."""
        self.dropped += 1
        for index, (item, _) in enumerate(self._items):
            if isinstance(item, Readings):
                del self._items[index]
                return True
        if isinstance(event, Readings | MessageArrived):
            return False
        self.dropped -= 1
        return True
