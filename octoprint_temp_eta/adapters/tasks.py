"""A thread that does one thing after the other, for what may take its time. OctoPrint's end does not wait for it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable


class Tasks:
    """Tasks in the order in which they came; one that fails is logged, and stops no other."""

    def __init__(self, name: str, logger: logging.Logger) -> None:
        self._name = name
        self._logger = logger
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def put(self, task: Callable[[], None]) -> None:
        """Have `task` done, without waiting."""
        self._queue.put(task)

    def close(self) -> None:
        """Do what is left, then end; nobody waits."""
        self._queue.put(None)

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            try:
                task()
            except Exception:
                self._logger.exception("A task of %s failed", self._name)
