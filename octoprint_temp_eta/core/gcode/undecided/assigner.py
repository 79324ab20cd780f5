"""Assigns replies to commands of which some may not be acknowledged at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...frozen import frozen
from ..in_flight import InFlight
from ..printer_lines import TEMPERATURES, UNKNOWN_COMMAND

#: The command in a message that it is unknown.
_QUOTED = re.compile(r'"(.*)"')


@dataclass(slots=True)
class Kept:
    """Received lines that cannot be assigned yet."""

    lines: list[str] = field(default_factory=list)
    #: When the newest one other than temperatures was received: some printers report those all the time.
    at: float = 0.0

    def add(self, line: str, at: float) -> None:
        """Keep `line`; of temperatures that follow each other, only the newest ones can be a reply."""
        if not TEMPERATURES.match(line):
            self.at = at
        elif self.lines and TEMPERATURES.match(self.lines[-1]):
            self.lines.pop()
        self.lines.append(line)

    def take(self) -> list[str]:
        """Return the lines and forget them."""
        lines, self.lines = self.lines, []
        return lines

    @property
    def newest(self) -> str:
        """The newest line other than temperatures, "" without one."""
        return next((line for line in reversed(self.lines) if not TEMPERATURES.match(line)), "")

    def drop(self, line: str) -> None:
        """Forget the newest `line`."""
        del self.lines[len(self.lines) - 1 - self.lines[::-1].index(line)]

    @property
    def oks(self) -> int:
        """How many acknowledgements are among the lines."""
        return sum(line.startswith("ok") for line in self.lines)

    @property
    def ends_with_temperatures(self) -> bool:
        """Whether the newest lines are temperatures and an ok, as some firmware replies to M105.

        Temperatures after the ok were sent unasked.
        """
        end = len(self.lines) - bool(self.lines and TEMPERATURES.match(self.lines[-1]))
        return end > 1 and self.lines[end - 1].startswith("ok") and bool(TEMPERATURES.match(self.lines[end - 2]))


@frozen
class Assignment:
    """The reply of each command, its ok last; None: not acknowledged."""

    replies: list[list[str] | None]
    #: False: the oks could also belong to other commands.
    certain: bool
    #: How many oks there are, and how many of them belong to optional commands.
    oks: int
    surplus: int


class Assigner:
    """Assigns replies by evidence and order, and learns whether the firmware acknowledges optional commands."""

    def __init__(self) -> None:
        self._acknowledges_optional: bool | None = None
        #: Whether an ok was assigned by a message since the last fence.
        self._used_message = False

    def is_acknowledged_after(self, message: str, sent: InFlight) -> bool:
        """Whether an ok after `message` belongs to the optional command `sent`, which is unknown to the printer."""
        if self._acknowledges_optional is False or not _is_message(message, sent):
            return False
        self._acknowledges_optional = self._used_message = True
        return True

    def assign(
        self, entries: Sequence[InFlight], lines: Sequence[str], *, rest: Sequence[InFlight] = (), fenced: bool = False
    ) -> Assignment:
        """Assign `lines` to `entries` in the order of their sending.

        With one ok for each command, the order decides. With one for each that needs one, they get the replies, unless
        an optional command seems to be acknowledged. Everything else is a guess. `fenced`: the last reply is known to
        be the last command's. A message about one of the `rest`, which were sent later, contradicts the order.
        """
        contradicts = any(_is_message(line, sent) for line in lines for sent in rest)
        replies = _split([line for line in lines if not any(_is_message(line, sent) for sent in (*entries, *rest))])
        if not fenced:
            return self._assign(entries, replies)
        before = self._assign(entries[:-1], replies[:-1])
        expected = sum(not sent.optional for sent in entries[:-1])
        if len(replies) - 1 == expected and any(sent.optional and not sent.given_up for sent in entries):
            self._acknowledges_optional = False
        elif len(replies) - 1 < expected and self._used_message:
            # Either the firmware acknowledges no unknown command, or an ok was lost.
            self._acknowledges_optional = False
        self._used_message = False
        certain = before.certain and not contradicts
        return Assignment([*before.replies, replies[-1]], certain, len(replies), before.surplus)

    def _assign(self, entries: Sequence[InFlight], replies: Sequence[list[str]]) -> Assignment:
        expected = sum(not sent.optional for sent in entries)
        optional = any(sent.optional and not sent.given_up for sent in entries)
        surplus = max(0, len(replies) - expected)
        if len(replies) >= len(entries):
            if optional:
                self._acknowledges_optional = True
            ordered = not expected or not any(sent.unordered for sent in entries)
            certain = len(replies) == len(entries) and ordered
            return Assignment(list(replies[: len(entries)]), certain, len(replies), surplus)
        waiting = iter(replies)
        assigned = [None if sent.optional else next(waiting, None) for sent in entries]
        certain = len(replies) == expected and not (optional and self._acknowledges_optional)
        return Assignment(assigned, certain, len(replies), surplus)


def _is_message(line: str, sent: InFlight) -> bool:
    """Whether `line` is the printer's message that the optional command `sent` is unknown."""
    if not (sent.optional and sent.line and UNKNOWN_COMMAND.search(line)):
        return False
    quoted = _QUOTED.search(line)
    return sent.line in line if quoted is None else sent.line == quoted[1]


def _split(lines: Sequence[str]) -> list[list[str]]:
    """Split lines after each ok; what follows the last ok belongs to no reply."""
    replies: list[list[str]] = []
    reply: list[str] = []
    for line in lines:
        reply.append(line)
        if line.startswith("ok"):
            replies.append(reply)
            reply = []
    return replies
