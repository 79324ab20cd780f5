"""How many commands of MQTT are accepted, and which of them get through a flood."""

from __future__ import annotations

import json
from collections.abc import Container

from ...core.rate_limit import TokenBucket

#: Commands per second on average, and at once.
RATE, BURST = 10.0, 20.0
#: The same for each urgent command once the common allowance is used up.
URGENT_RATE, URGENT_BURST = 1.0, 3.0
URGENT = ("script/cancel", "target", "job/pause", "job/cancel", "printer/emergency_stop")
#: The longest payload of an urgent command in bytes: in a flood, nothing longer is decoded.
LONGEST_URGENT = 1024


class RateLimit:
    """The rate limit of all commands, and the further allowances of those that must get through a flood.

    Stopping a script, a print or the printer, and switching a heater off, are *urgent*: once the common allowance is
    used up, each of them has one of its own, which only commands that succeed use up.
    """

    def __init__(self) -> None:
        self._common = TokenBucket(RATE, BURST)
        self._urgent: dict[str, TokenBucket] = {}
        self._refused = 0
        self._reported_at = 0.0

    def take(self, at: float) -> bool:
        """Use the common allowance; return False if it is used up."""
        return self._common.take(at)

    def urgent(self, command: str, payload: bytes, heaters: Container[str], at: float) -> TokenBucket | None:
        """Return the allowance of an urgent command, None if it has none or has used it up.

        A command that fails does not use it up. Only existing heaters have one: otherwise a flood with invented heaters
        would have an unlimited number of allowances.
        """
        if command not in URGENT or len(payload) > LONGEST_URGENT:
            return None
        if command == "target":
            heater = _target_zero(payload)
            if heater is None or heater not in heaters:
                return None
            command = f"target {heater}"
        bucket = self._urgent.setdefault(command, TokenBucket(URGENT_RATE, URGENT_BURST))
        return bucket if bucket.has(at) else None

    def refuse(self) -> None:
        """Count a command that was refused."""
        self._refused += 1

    def report(self, at: float) -> int:
        """Return how many commands were refused since the last report; 0 within a second of it."""
        if not self._refused or at - self._reported_at < 1.0:
            return 0
        refused, self._refused, self._reported_at = self._refused, 0, at
        return refused


def _target_zero(payload: bytes) -> str | None:
    """Return the heater that a command `target` switches off, None if it does not; costs far less than decoding it."""
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    heater = body.get("heater") if isinstance(body, dict) and body.get("target") == 0 else None
    return heater if isinstance(heater, str) else None
