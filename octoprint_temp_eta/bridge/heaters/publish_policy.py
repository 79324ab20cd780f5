"""When a changed level may go out: changes that matter at once, numbers no more often than the user wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: How far a number must have moved to be worth a message; keys that are not here, nor urgent, never are.
DEADBANDS: Mapping[str, float] = {"actual": 0.5, "rate": 0.05, "eta_seconds": 1.0, "cooldown_target": 0.5}
#: Whose change matters: the rest waits for one of them, or for a number.
URGENT = ("state", "extrapolated", "target", "eta_kind", "connected", "printing", "waiting_for")
PATIENT = ("ready_at", "cool_at")


class Gate:
    """The gate of one topic."""

    def __init__(self) -> None:
        self._last: Mapping[str, Any] | None = None
        self._last_at = 0.0

    def passes(self, body: Mapping[str, Any], at: float, interval: float) -> bool:
        """Whether `body` goes out at `at` (monotonic seconds); numbers wait for `interval` seconds since the last."""
        last = self._last
        if last is None or any(body.get(key) != last.get(key) for key in URGENT):
            return self._opened(body, at)
        if at - self._last_at < interval:
            return False
        moved = any(body.get(key) != last.get(key) for key in PATIENT) or any(
            _moved(last.get(key), body.get(key), band) for key, band in DEADBANDS.items()
        )
        return moved and self._opened(body, at)

    def _opened(self, body: Mapping[str, Any], at: float) -> bool:
        self._last, self._last_at = body, at
        return True


def _moved(before: float | None, after: float | None, band: float) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) >= band
