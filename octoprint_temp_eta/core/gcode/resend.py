"""Follows resends: which oks belong to resend requests, and which lines OctoPrint sends again.

The printer accepts numbered lines in their order and acknowledges each of them once. A resend request therefore changes
nothing about the order of acknowledgements, but most firmware sends an ok with the request itself. OctoPrint then sends
all lines from the requested one up to the newest again, one per ok, without reporting their numbers. A line whose ok
was given up can be among them, and is acknowledged then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Seconds after an ok in which OctoPrint sends the next line of a resend, if any; it takes milliseconds.
NEXT_S = 1.0
#: Seconds after a request in which its own ok arrives. OctoPrint waits 1 s for it before it sends the line again.
OWN_OK_S = 0.5
_NUMBER = re.compile(r"\d+")


class Resends:
    """The newest resend request, and what OctoPrint has sent again since."""

    def __init__(self) -> None:
        #: Whether the ok of the newest request is still expected.
        self._expects_ok = False
        #: Whether the firmware sends an ok with a request, once that is known.
        self._has_own_ok: bool | None = None
        self._requested_at = 0.0
        #: Whether the printer has sent another line between the request and its ok.
        self._interrupted = False
        #: How many more lines OctoPrint may send again because of an ok that the printer has sent.
        self._permitted = 0
        self._active_at = -NEXT_S
        #: Whether lines that are sent again may still belong to an earlier request.
        self._overlaps = False
        #: The number of the oldest unacknowledged line at the request.
        self._first = 0
        #: The newest line of which it is certain that the printer has accepted it.
        self._accepted = -1
        self._resent: list[str] = []
        #: Whether the older lines that were sent again get another ok for certain.
        self.is_certain = False
        #: The line number that was requested, and by how much such numbers exceed ours.
        self._requested: int | None = None
        self._offset: int | None = None

    def request(self, line: str, first: int, next_number: int, at: float) -> int:
        """The printer has requested a resend with `line` while our line `first` was the oldest unacknowledged one.

        Return how many of the lines that OctoPrint sends again may be older, and get another ok.
        """
        number = _NUMBER.search(line)
        self._requested = int(number[0]) if number else None
        self._overlaps = self.active(at)
        if not self._overlaps:
            self._permitted = 0
        self._expects_ok, self._interrupted, self._active_at = True, False, at
        self._first, self._requested_at, self.is_certain = first, at, False
        self._resent = []
        return 0 if self._is_unacknowledged(next_number) else min(1, next_number - first)

    def active(self, at: float) -> bool:
        """Whether a line was requested or sent again just now."""
        return at - self._active_at <= NEXT_S

    def accepted(self, number: int) -> None:
        """The printer has certainly accepted our line `number`."""
        self._accepted = number

    def forget_numbers(self) -> None:
        """A line is sent that is not one of ours."""
        self._offset = None

    def takes(self, line: str, at: float) -> bool:
        """Whether the received `line` is the ok of a request, which is an ok and nothing else."""
        if not line.startswith("ok"):
            self._interrupted |= self._expects_ok
            return False
        self._permitted += 1
        expected, self._expects_ok = self._expects_ok and line == "ok", False
        if expected and not self._interrupted and at - self._requested_at < OWN_OK_S:
            self._has_own_ok = True
        return expected and self._has_own_ok is not False

    def sent_again(self, line: str, sent: Sequence[tuple[int, str]], at: float) -> int:
        """OctoPrint has sent `line` again; `sent` holds all lines with their numbers, oldest first.

        Return how many of the lines sent again may be older than the unacknowledged ones, and get another ok.
        """
        self._active_at = at
        explained, self._permitted = self._permitted > 0, max(0, self._permitted - 1)
        unexpected = not explained and self._has_own_ok is None
        if self._expects_ok and not self._interrupted and (unexpected or at - self._requested_at > OWN_OK_S):
            # OctoPrint did not get an ok: the firmware sends none with a request.
            self._expects_ok = self._has_own_ok = False
        self._resent.append(line)
        texts, start = self._history(sent)
        count = len(self._resent)
        # A stray ok can hide at most that the line before the unacknowledged ones was not accepted.
        certain = bool(sent) and self._is_unacknowledged(sent[-1][0] + 1)
        oldest = start if certain else max(0, start - 1)
        possible = range(oldest, len(texts) - count + 1)
        starts = [begin for begin in possible if texts[begin : begin + count] == self._resent]
        if not starts:
            # An older line that was not requested is sent twice, and the printer rejects it.
            return 0 if certain else self._unexplained(texts[start:])
        if len(starts) == 1 and self._requested is not None and not self._overlaps:
            self._offset = self._requested - sent[starts[0]][0]
        again = max(min(count, max(0, start - begin)) for begin in starts)
        # Once OctoPrint has also sent an unacknowledged line again, the printer has accepted the older ones anew.
        self.is_certain = len(starts) == 1 and count > again
        return again

    def finished(self, sent: Sequence[tuple[int, str]]) -> int:
        """Return the same once OctoPrint sends new lines, so that the last line sent again was the newest."""
        texts, start = self._history(sent)
        begin = len(texts) - len(self._resent)
        if begin < 0 or texts[begin:] != self._resent:
            return self._unexplained(texts[start:])
        return max(0, start - begin)

    def _is_unacknowledged(self, next_number: int) -> bool:
        """Whether the requested line is certainly an unacknowledged one, or the next one."""
        if self._accepted + 1 >= self._first:
            return True
        if self._requested is None or self._offset is None:
            return False
        return self._first <= self._requested - self._offset <= next_number

    def _history(self, sent: Sequence[tuple[int, str]]) -> tuple[list[str], int]:
        """Return the texts of the lines, and where those begin that were unacknowledged at the request."""
        return [text for _, text in sent], sum(number < self._first for number, _ in sent)

    def _unexplained(self, newest: Sequence[str]) -> int:
        """Return how many resent lines are not among the `newest` ones: requests have overlapped."""
        return sum(line not in newest for line in self._resent)
