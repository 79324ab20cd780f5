"""Which broker of the list is tried, and when the next attempt is due."""

from __future__ import annotations

from ...settings.broker_address import BrokerAddress
from .backoff import Backoff


class Rotation:
    """Tries the addresses in turn, without a pause in between. All times are monotonic, in seconds."""

    def __init__(self, addresses: tuple[BrokerAddress, ...], at: float) -> None:
        self._addresses = addresses
        self._current = 0
        #: The attempts since the last connection, modulo the number of addresses.
        self._failed = 0
        #: When the first one of the list was tried.
        self._round_at = at
        self._backoff = Backoff()

    @property
    def address(self) -> BrokerAddress:
        """The broker to try."""
        return self._addresses[self._current]

    def turn(self) -> bool:
        """Go on to the next broker; return whether that is another one."""
        before = self.address
        self._current = (self._current + 1) % len(self._addresses)
        return self.address != before

    def pause(self, at: float, *, connected: float | None, refused: bool) -> float:
        """Return the seconds until the next attempt, after one that ended at `at`.

        `connected` is for how long there was a connection, None without one, and `refused` whether the broker turned
        the client away. The time that it takes to try all brokers of a list counts as a pause.
        """
        spent = 0.0
        if connected is not None:
            self._failed = 0
            self._backoff.connection_lasted(connected)
        else:
            self._failed = (self._failed + 1) % len(self._addresses)
            if self._failed:
                return 0.0
            spent = at - self._round_at if len(self._addresses) > 1 else 0.0
        pause = max(0.0, self._backoff.next(refused=refused) - spent)
        self._round_at = at + pause
        return pause
