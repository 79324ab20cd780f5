"""How long to wait before the next attempt to connect."""

from __future__ import annotations

import random

#: Maximum delay of the first retry, in seconds.
FIRST_RETRY_S = 1.0
#: Maximum delay in seconds while the broker is down or unreachable: short, so that all states are current about 10 s
#: after the broker is back.
LONGEST_RETRY_S = 5.0
#: The same for a broker that refuses the client: a person has to act, so frequent retries gain nothing.
LONGEST_REFUSED_RETRY_S = 30.0
#: Seconds after which a connection counts as successful and the delay is reset. A broker that closes each connection at
#: once, or two machines that take a session from each other, would otherwise cause an attempt every second.
STEADY_S = 10.0


class Backoff:
    """Delays that double, with jitter, up to a limit. The number of retries is unlimited."""

    def __init__(self) -> None:
        self._pause = FIRST_RETRY_S

    def connection_lasted(self, seconds: float) -> None:
        """Start again with a short wait if the connection lasted long enough."""
        if seconds >= STEADY_S:
            self._pause = FIRST_RETRY_S

    def next(self, *, refused: bool = False) -> float:
        """Return the seconds to wait now; `refused` is whether the broker refused the client."""
        limit = LONGEST_REFUSED_RETRY_S if refused else LONGEST_RETRY_S
        pause = min(self._pause, limit)
        self._pause = min(2 * self._pause, limit)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
