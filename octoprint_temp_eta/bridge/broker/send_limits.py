"""What the broker accepts on the present connection: the size of a packet, and how many messages are under way."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..protocol.effects import Publish
from ..protocol.inputs import BrokerConnected
from .packet_size import packet_size

#: Messages under way at most; below the library's own limit of 20, behind which it would queue.
WINDOW = 16
#: Messages that are too large, kept until they are reported.
MAX_REPORTS = 32


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A message that was not sent, because the broker would end the connection; sizes in bytes."""

    topic: str
    size: int
    limit: int

    def __str__(self) -> str:
        return (
            f"The message on {self.topic} has {self.size} bytes and is not sent: the broker accepts at most "
            f"{self.limit}. Raise the broker's packet limit (mosquitto: max_packet_size)."
        )


class SendLimits:
    """Checks messages against the limits of the present connection."""

    def __init__(self) -> None:
        #: How many messages may be under way.
        self.window = WINDOW
        #: The size in bytes of the largest packet, None without a limit.
        self.maximum_packet_size: int | None = None
        #: How many messages were too large since the start.
        self.too_large = 0
        self._protocol = "5"
        self._reports: deque[TooLarge] = deque(maxlen=MAX_REPORTS)

    def connected(self, broker: BrokerConnected) -> None:
        """Use the limits of a new connection."""
        self.window = min(WINDOW, broker.window or WINDOW)
        self.maximum_packet_size = broker.maximum_packet_size
        self._protocol = broker.protocol

    def accepts(self, publish: Publish) -> bool:
        """Return whether the broker accepts `publish`; count and report it if not."""
        if self.fits(publish):
            return True
        self.too_large += 1
        size = packet_size(publish, self._protocol)
        self._reports.append(TooLarge(publish.topic, size, self.maximum_packet_size or 0))
        return False

    def fits(self, publish: Publish) -> bool:
        """Return whether `publish` is small enough."""
        limit = self.maximum_packet_size
        return limit is None or packet_size(publish, self._protocol) <= limit

    def take_reports(self) -> list[TooLarge]:
        """Return what was too large since the last call."""
        reports = list(self._reports)
        self._reports.clear()
        return reports
