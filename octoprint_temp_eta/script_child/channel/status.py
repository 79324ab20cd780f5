"""Watching a script's attribute `script_status`."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from ...core.rate_limit import TokenBucket
from .channel import Channel

#: The polling interval in seconds; the attribute is also read before each line.
POLL = 0.05
#: Changes sent at once, and per second after that. Beyond that the newest one is sent as soon as allowed.
BURST, RATE = 20, 4.0
#: Longer texts are cut.
MAX_TEXT = 4000


class Status:
    """Sends the script's attribute `script_status` to OctoPrint when it changes."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._script: object = None
        self._published: str | None = None
        self._bucket = TokenBucket(RATE, BURST)
        self._looking = threading.Lock()
        self._finished = threading.Event()

    def look(self) -> None:
        """Send the status if it has changed and is not None."""
        with self._looking:
            status = self._read()
            # The final status is sent regardless of the rate limit.
            if status not in (None, self._published) and (
                self._finished.is_set() or self._bucket.take(time.monotonic())
            ):
                self._published = status
                self._channel.send("status", status=status)

    @contextlib.contextmanager
    def of(self, script: object) -> Iterator[None]:
        """Watch the status of `script`, also while it computes, sleeps or waits."""
        self._script = script

        def watch() -> None:
            while not self._finished.wait(POLL):
                self.look()

        watcher = threading.Thread(target=watch, name="status", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            self._finished.set()
            watcher.join()
            self.look()

    def _read(self) -> str | None:
        # It may be a property: its errors must not end the run.
        with contextlib.suppress(Exception):
            status = getattr(self._script, "script_status", None)
            return None if status is None else str(status)[:MAX_TEXT]
        return None
