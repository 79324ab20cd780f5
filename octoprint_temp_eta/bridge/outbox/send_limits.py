"""The limits of the broker: packet size, messages in flight and per second, and messages after which it disconnects."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from ...core.clock import Now
from ...core.frozen import frozen
from ..protocol.effects import Publish
from ..protocol.inputs import BrokerConnected
from .pace import RATE_TOO_HIGH, Pace
from .packet_size import packet_size
from .suspects import Suspects, may_be_a_message

#: Maximum messages in flight; below the library's own limit of 20, after which it queues.
WINDOW = 16
#: Messages that are too large, kept until they are reported.
MAX_REPORTS = 32
#: From this size in bytes on, a culprit is taken as too large for the broker, and nothing of its size is sent.
LARGE = 4096
#: Seconds after which a guessed limit is tried again, as two network failures look the same; doubled each time, up to
#: the last.
RETRY_S, LONGEST_RETRY_S = 3600.0, 86400.0
#: What follows a limit that the broker has not announced.
GUESS = " The limit is a guess: the broker did not accept a larger message."


@frozen
class TooLarge:
    """A message that was not sent, because the broker would end the connection; sizes in bytes.

    The limit is a guess if the broker has not announced it, but has not accepted a larger message.
    """

    topic: str
    size: int
    limit: int
    guessed: bool = False

    def __str__(self) -> str:
        return (
            f"The message on {self.topic} has {self.size} bytes and is not sent: the broker accepts at most "
            f"{self.limit}. Raise the broker's packet limit (mosquitto: max_packet_size, message_size_limit)."
            + (GUESS if self.guessed else "")
        )


@frozen
class Culprit:
    """A message that is not sent, because the connection ended twice while it was in flight; its size in bytes."""

    topic: str
    size: int

    def __str__(self) -> str:
        return (
            f"The connection ended twice while a message of {self.size} bytes on {self.topic} was in flight: it is "
            "not sent for a minute or longer. Check the broker's log, the user's permissions (ACL), the packet limit "
            "(mosquitto: max_packet_size, message_size_limit), and the network."
        )


@frozen
class Closed:
    """Messages below the topic level `group` that are not sent, because the connection ended at some of them."""

    group: str

    def __str__(self) -> str:
        return (
            f"The connection ended at several messages below {self.group}/, of which the broker has accepted none: "
            f"nothing is sent there for a minute or longer. Allow the user to publish on {self.group}/# (ACL)."
        )


class SendLimits:
    """Checks messages against the limits of the present connection, and those that made the broker disconnect."""

    def __init__(self) -> None:
        #: The maximum number of messages in flight.
        self.window = WINDOW
        #: How many messages were not sent since the start.
        self.not_sent = 0
        #: The size in bytes of the largest message so far, sent or not.
        self.largest = 0
        #: How often culprits were allowed again.
        self.retries = 0
        self.pace = Pace()
        self._protocol = "5"
        self._suspects = Suspects()
        #: A limit that the broker seems to have, from the smallest large message that it refused or disconnected at.
        self._guess: int | None = None
        self._announced: int | None = None
        #: The size in bytes of the largest message that the broker has accepted.
        self._largest_accepted = 0
        #: When the limit was guessed, in monotonic seconds, and after how many it is tried again.
        self._guessed_at: float | None = None
        self._retry_s = RETRY_S
        self._reports: deque[TooLarge | Culprit | Closed] = deque(maxlen=MAX_REPORTS)

    @property
    def closed(self) -> tuple[str, ...]:
        """Why nothing is sent below some topic levels."""
        return tuple(str(Closed(group)) for group in self._suspects.groups.names)

    def connected(self, broker: BrokerConnected) -> None:
        """Use the limits of a new connection."""
        self.window = min(WINDOW, broker.window or WINDOW)
        self._announced = broker.maximum_packet_size
        self._protocol = broker.protocol
        self._suspects.connected()

    def size(self, publish: Publish) -> int:
        """Return the size in bytes of `publish` as a packet on the present connection."""
        return packet_size(publish, self._protocol)

    def accepts(self, publish: Publish) -> bool:
        """Return whether `publish` is sent; count it if not, and report it."""
        size = self.size(publish)
        self.largest = max(self.largest, size)
        if not self.fits(publish):
            self._reports.append(TooLarge(publish.topic, size, self.maximum_packet_size or 0, guessed=self.guessed))
        elif not self._suspects.holds_back(publish.topic, size, may_try=publish.qos > 0):
            return True
        self.not_sent += 1
        return False

    def sends(self, publish: Publish) -> bool:
        """Return whether `publish` would be sent."""
        size = self.size(publish)
        return self.fits(publish) and not self._suspects.holds_back(publish.topic, size)

    def order(self, publish: Publish) -> int:
        """Return when `publish` is sent: smaller numbers first."""
        return self._suspects.order(publish.topic)

    def goes_alone(self, publish: Publish) -> bool:
        """Return whether `publish` is sent while nothing else is in flight."""
        return publish.topic in self._suspects

    def allows_another(self, in_flight: int, now: Now) -> bool:
        """Return whether a message may be sent now while `in_flight` others are in flight."""
        return in_flight < self.window and self.pace.allows(now)

    def lost(self, under_way: Iterable[Publish], now: Now, code: int | None = None) -> set[str]:
        """Note that the broker ended the connection with this reason `code` while these messages were in flight.

        Return the topics on which they are not to be sent again; those are then reported.
        """
        if code == RATE_TOO_HIGH:
            self.pace.slow_down(now)
        if not may_be_a_message(code):
            return set()
        culprits = set()
        by_topic = {publish.topic: publish for publish in under_way}
        for publish in by_topic.values():
            size = self.size(publish)
            if not self._suspects.lost(publish.topic):
                continue
            culprits.add(publish.topic)
            if size >= LARGE and size > self._largest_accepted:
                self._guess_limit(size, now)
            elif not self._suspects.hold(publish.topic, size, now.at, alone=len(by_topic) == 1):
                continue
            self._reports.append(Culprit(publish.topic, size))
        self._reports += map(Closed, self._suspects.take_closed())
        return culprits

    def too_large(self, publish: Publish, now: Now) -> None:
        """Note that the broker refused `publish` because of its size: nothing of its size is sent."""
        size = self.size(publish)
        self._largest_accepted = min(self._largest_accepted, size - 1)
        self._guess_limit(size, now)

    def _guess_limit(self, too_large: int, now: Now) -> None:
        """Send nothing of the size `too_large`, in bytes."""
        self._guess = min(too_large - 1, self._guess or too_large)
        if self._guessed_at is None:
            self._guessed_at = now.at

    def delivered(self, publish: Publish) -> None:
        """Note that the broker acknowledged `publish`."""
        size = self.size(publish) if publish.qos else 0  # without QoS, it was sent and no more
        self._suspects.delivered(publish.topic, size)
        self._largest_accepted = max(self._largest_accepted, size)

    def forget(self) -> None:
        """Reset, such as for another broker."""
        self._suspects.forget()
        self.pace.forget()
        self._guess = self._guessed_at = None
        self._retry_s, self._largest_accepted = RETRY_S, 0

    def retry(self, now: Now, *, all_of_them: bool = False) -> bool:
        """Allow the culprits again whose time has come, or all; return whether there are any."""
        if all_of_them:
            self.pace.forget()
        retried = self._suspects.release(now.at, all_of_them=all_of_them)
        if self._guessed_at is not None and (all_of_them or now.at - self._guessed_at >= self._retry_s):
            self._guess = self._guessed_at = None
            self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
            retried = True
        self.retries += retried
        return retried

    @property
    def maximum_packet_size(self) -> int | None:
        """The size in bytes of the largest packet, None without a limit."""
        return min((limit for limit in (self._announced, self._guess) if limit is not None), default=None)

    @property
    def guessed(self) -> bool:
        """Whether the broker has not announced `maximum_packet_size`."""
        return self.maximum_packet_size != self._announced

    def fits(self, publish: Publish) -> bool:
        """Return whether `publish` is small enough."""
        limit = self.maximum_packet_size
        return limit is None or self.size(publish) <= limit

    def take_reports(self) -> list[TooLarge | Culprit | Closed]:
        """Return what was not sent, and why, since the last call."""
        reports = list(self._reports)
        self._reports.clear()
        return reports
