"""How long the bridge waits before it sends again what the broker has refused, or somebody else has overwritten."""

from __future__ import annotations

from math import inf

from ...core.clock import Now

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


class Repairs:
    """Tells when to publish again what somebody else has overwritten.

    The pauses grow: the other one may do it again each time.
    """

    def __init__(self) -> None:
        #: When to do so, in monotonic seconds; None if nothing is to be repaired.
        self._due_at: float | None = None
        #: How often it was done without a long pause, and when last.
        self._times, self._repaired_at = 0, -inf

    def ask(self, at: float) -> None:
        """Ask for a repair, not before `at`, in monotonic seconds."""
        self._due_at = self._due_at or at

    def cancel(self) -> None:
        """Note that nothing is to be repaired."""
        self._due_at = None

    def due(self, now: Now) -> bool:
        """Return whether it is time for a repair, which is done then."""
        since = now.at - self._repaired_at
        if self._due_at is None or now.at < self._due_at or (self._times and since < pause(self._times)):
            return False
        self._times = 1 if since > 2 * LONGEST_PAUSE_S else self._times + 1
        self._repaired_at, self._due_at = now.at, None
        return True
