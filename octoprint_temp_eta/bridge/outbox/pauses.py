"""How long the outbox waits before it sends again what the broker refused for now."""

from __future__ import annotations

#: Seconds before the first retry, doubled before each further one, and the longest.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 320.0


def pause(refusals: int) -> float:
    """Return the seconds to wait after the broker has refused a message `refusals` times."""
    return float(min(FIRST_PAUSE_S * 2 ** (min(refusals, 16) - 1), LONGEST_PAUSE_S))
