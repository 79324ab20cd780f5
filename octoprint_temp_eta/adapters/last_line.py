"""The newest line of a run, on its way through OctoPrint's queue to the printer."""

from __future__ import annotations

import threading


class LastLine:
    """Waits until the newest line was sent: OctoPrint sends the lines and targets in order, so all were by then."""

    def __init__(self) -> None:
        self._key: str | None = None
        self._sent = threading.Event()
        self._sent.set()

    def submit(self, key: str) -> None:
        """The line with `key` is put into OctoPrint's queue."""
        self._key = key
        self._sent.clear()

    def sent(self, key: str | None) -> None:
        """The line with `key` was sent, None for one that is not ours. An earlier one of ours says nothing."""
        if key == self._key:
            self._sent.set()

    def drop(self) -> None:
        """Wait for it no more."""
        self._sent.set()

    def wait(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds; return whether nothing is on its way any more."""
        return self._sent.wait(timeout)
