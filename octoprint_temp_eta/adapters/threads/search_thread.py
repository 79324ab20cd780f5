"""The thread of a search: one search at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable


class SearchThread:
    """Runs a search that watches `stopped`, which is set when OctoPrint shuts down."""

    def __init__(self, name: str) -> None:
        self.stopped = threading.Event()
        self._name = name
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, search: Callable[[], None]) -> bool:
        """Start `search`, without waiting; return False if another one is running, or there are no more threads."""
        with self._starting:
            if self._thread is not None and self._thread.is_alive():
                return False
            thread = threading.Thread(target=search, name=self._name, daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return False
            self._thread = thread
            return True

    def close(self, timeout: float = 0.0) -> None:
        """End the search, and wait at most `timeout` seconds for that."""
        self.stopped.set()
        if self._thread is not None:
            self._thread.join(timeout)
