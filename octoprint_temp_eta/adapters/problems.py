"""Problems of this installation that a user can fix: shown on the settings page until they are gone."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Problems:
    """Sentences by key; thread-safe. `changed` is called, without arguments, when the sentences have changed."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._lock = threading.Lock()
        self._texts: dict[str, str] = {}
        self._changed = changed

    @property
    def texts(self) -> list[str]:
        """The sentences, oldest first."""
        with self._lock:
            return list(self._texts.values())

    def report(self, key: str, text: str) -> bool:
        """Add or replace the sentence of `key`; return whether it is new."""
        with self._lock:
            new = self._texts.get(key) != text
            self._texts[key] = text
        if new:
            self._changed()
        return new

    def clear(self, key: str) -> None:
        """Remove the sentence of `key`: the problem is gone."""
        with self._lock:
            known = self._texts.pop(key, None) is not None
        if known:
            self._changed()
