"""How long the bridge waits before it sends again what the broker has refused."""

from __future__ import annotations

#: Seconds before the first retry, doubled before each further one, and the longest.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 320.0
#: The same if the broker has refused it for good: somebody may correct the user's permissions meanwhile.
FIRST_FOR_GOOD_S, LONGEST_FOR_GOOD_S = 60.0, 600.0


def pause(refusals: int) -> float:
    """Return the seconds to wait after the broker has refused a message for now, `refusals` times."""
    return _doubled(refusals, FIRST_PAUSE_S, LONGEST_PAUSE_S)


def pause_for_good(refusals: int) -> float:
    """Return the seconds to wait after the broker has refused a message for good, `refusals` times."""
    return _doubled(refusals, FIRST_FOR_GOOD_S, LONGEST_FOR_GOOD_S)


def _doubled(refusals: int, first: float, longest: float) -> float:
    return float(min(first * 2 ** (min(refusals, 16) - 1), longest))
