"""Assigns replies to commands of which some may not be acknowledged at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assignment:
    """The reply of each command, its ok last; None: not acknowledged."""

    replies: list[list[str] | None]
    #: False: the oks could also belong to other commands.
    certain: bool
    #: How many oks belong to optional commands.
    surplus: int


def assign(optional: Sequence[bool], lines: Sequence[str], *, fenced: bool = False) -> Assignment:
    """Assign `lines` to commands in the order of their sending; `optional` marks those that may get no ok.

    With one ok for each command, or one for each that needs one, the order decides. Otherwise the replies are assigned
    to the commands that need one, which is a guess. `fenced`: the last reply is known to be the last command's.
    """
    replies = _split(lines)
    if fenced:
        before = _assign(optional[:-1], replies[:-1])
        return Assignment([*before.replies, replies[-1]], before.certain, before.surplus)
    return _assign(optional, replies)


def _assign(optional: Sequence[bool], replies: Sequence[list[str]]) -> Assignment:
    expected = sum(not each for each in optional)
    if len(replies) >= len(optional):
        return Assignment(list(replies[: len(optional)]), certain=True, surplus=len(optional) - expected)
    waiting = iter(replies)
    assigned = [None if each else next(waiting, None) for each in optional]
    return Assignment(assigned, certain=len(replies) == expected, surplus=max(0, len(replies) - expected))


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
