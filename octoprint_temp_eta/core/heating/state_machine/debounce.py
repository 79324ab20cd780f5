"""A condition that must hold for some time."""

from __future__ import annotations


class Debounce:
    """Requires a condition to hold without a break for some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None

    def update(self, at: float, holds: bool) -> bool:
        """Record whether the condition `holds` at `at`; return whether it has held for long enough."""
        if not holds:
            self._since = None
        elif self._since is None:
            self._since = at
        return self._since is not None and at - self._since >= self._seconds

    def restart(self) -> None:
        """Start counting again."""
        self._since = None
