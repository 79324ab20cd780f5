"""How long to wait before the next attempt to connect."""

from __future__ import annotations

import random

#: s before the first retry, at most.
FIRST_RETRY_S = 1.0
#: s between two retries at most, while the broker is down or unreachable: short, so that everything is up to date
#: within some 10 s of the broker's return.
LONGEST_RETRY_S = 5.0
#: The same for a broker that refuses the client: it needs a person, and nothing is gained by hammering it.
LONGEST_REFUSED_RETRY_S = 30.0
#: s that a connection must have lasted for the waiting time to start again at `FIRST_RETRY_S`. Two machines that take
#: a session from each other, or a broker that hangs up at once, are not answered with an attempt every second.
STEADY_S = 10.0


class Backoff:
    """Waiting times that double, with jitter, up to a limit; without an end."""

    def __init__(self) -> None:
        self._pause = FIRST_RETRY_S

    def connection_lasted(self, seconds: float) -> None:
        """Start again with a short wait if the connection lasted long enough."""
        if seconds >= STEADY_S:
            self._pause = FIRST_RETRY_S

    def next(self, *, refused: bool = False) -> float:
        """Return the seconds to wait now; `refused` is whether the broker answered and turned the client away."""
        limit = LONGEST_REFUSED_RETRY_S if refused else LONGEST_RETRY_S
        pause = min(self._pause, limit)
        self._pause = min(2 * self._pause, limit)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
