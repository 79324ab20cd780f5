"""Assigns replies to commands of which some may not be acknowledged at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .in_flight import InFlight
from .printer_lines import TEMPERATURES, UNKNOWN_COMMAND


@dataclass(slots=True)
class Kept:
    """Received lines that cannot be assigned yet."""

    lines: list[str] = field(default_factory=list)
    #: When the newest one was received.
    at: float = 0.0

    def add(self, line: str, at: float) -> None:
        """Keep `line`."""
        self.lines.append(line)
        self.at = at

    def take(self) -> list[str]:
        """Return the lines and forget them."""
        lines, self.lines = self.lines, []
        return lines

    @property
    def oks(self) -> int:
        """How many acknowledgements are among the lines."""
        return sum(line.startswith("ok") for line in self.lines)

    @property
    def ends_with_temperatures(self) -> bool:
        """Whether the newest lines are temperatures and an ok, as some firmware replies to M105."""
        return len(self.lines) > 1 and self.lines[-1].startswith("ok") and bool(TEMPERATURES.match(self.lines[-2]))


@dataclass(frozen=True, slots=True)
class Assignment:
    """The reply of each command, its ok last; None: not acknowledged."""

    replies: list[list[str] | None]
    #: False: the oks could also belong to other commands.
    certain: bool
    #: How many oks there are, and how many of them belong to optional commands.
    oks: int
    surplus: int


class Assigner:
    """Assigns replies by their order, and learns whether the firmware acknowledges optional commands."""

    def __init__(self) -> None:
        self._acknowledges_optional: bool | None = None

    def assign(self, entries: Sequence[InFlight], lines: Sequence[str], *, fenced: bool = False) -> Assignment:
        """Assign `lines` to `entries` in the order of their sending.

        With one ok for each command, the order decides. With one for each that needs one, they get the replies, unless
        an optional command seems to be acknowledged. Everything else is a guess. `fenced`: the last reply is known to
        be the last command's.
        """
        replies = _split(lines)
        if not fenced:
            return self._assign(entries, replies, fenced=False)
        before = self._assign(entries[:-1], replies[:-1], fenced=True)
        return Assignment([*before.replies, replies[-1]], before.certain, len(replies), before.surplus)

    def _assign(self, entries: Sequence[InFlight], replies: Sequence[list[str]], *, fenced: bool) -> Assignment:
        expected = sum(not sent.optional for sent in entries)
        optional = [sent for sent in entries if sent.optional and not sent.given_up]
        if len(replies) >= len(entries):
            if optional:
                self._acknowledges_optional = True
            assigned: list[list[str] | None] = list(replies[: len(entries)])
            return Assignment(assigned, len(replies) == len(entries), len(replies), len(replies) - expected)
        waiting = iter(replies)
        assigned = [None if sent.optional else next(waiting, None) for sent in entries]
        certain = len(replies) == expected and not self._seems_acknowledged(optional)
        if optional and fenced and len(replies) == expected:
            self._acknowledges_optional = False
        return Assignment(assigned, certain, len(replies), max(0, len(replies) - expected))

    def _seems_acknowledged(self, optional: Sequence[InFlight]) -> bool:
        """Whether one of the `optional` commands should have an ok, so that one of another command was lost."""
        if self._acknowledges_optional is None:
            return any(sent.lines for sent in optional)
        return self._acknowledges_optional and bool(optional)


def echoes(line: str, sent: InFlight) -> bool:
    """Whether `line` is the printer's message that the command `sent` is unknown to it."""
    return UNKNOWN_COMMAND.search(line) is not None and bool(sent.line) and sent.line in line


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
