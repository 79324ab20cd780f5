"""Follows a resend: which of the resent lines is the one that waits for its acknowledgement.

After a resend request OctoPrint sends all lines from the requested one up to the newest, one per ok, without reporting
their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

#: Seconds after an ok in which OctoPrint sends the next line of a resend, if any; it takes milliseconds.
NEXT_S = 1.0


class Resend:
    """One resend request, seen from the oldest unacknowledged line."""

    def __init__(self, sent: Sequence[str]) -> None:
        """`sent` holds the lines sent so far, oldest first, up to the one that waits for its acknowledgement."""
        self._sent = list(sent)
        self._resent: list[str] = []
        #: The oks since the request. The first one belongs to the request, unless the printer sends none with it.
        self._oks = 0
        #: The newest ok line.
        self.ok = "ok"
        self._started_without_ok = False
        self._ok_at = 0.0

    def sent_again(self, line: str) -> None:
        """OctoPrint has sent `line` again."""
        if not self._resent:
            self._started_without_ok = self._oks == 0
        self._resent.append(line)

    def take_ok(self, ok: str, at: float) -> None:
        """The printer has sent `ok`, possibly with a reply on the same line."""
        self._oks += 1
        self.ok, self._ok_at = ok, at

    @property
    def is_after_others(self) -> bool:
        """Whether the waiting line was sent again after other lines."""
        return self._last_line_resent and len(self._resent) > 1

    @property
    def complete(self) -> bool:
        """Whether the waiting line was sent again and acknowledged; its ok may be seen first."""
        return self._acknowledged and not self._may_go_on

    @property
    def may_be_complete(self) -> bool:
        """Whether the resend is complete unless another line is sent again.

        Consecutive lines with equal text cannot be distinguished until the next one is sent, or none is. OctoPrint
        resends nothing when the printer requests a line that was not sent yet.
        """
        return self._acknowledged or (self._oks > 0 and not self._resent)

    def complete_by(self, at: float) -> bool:
        """Whether the resend is complete at `at`: another line would have been sent by now."""
        return self.may_be_complete and at - self._ok_at > NEXT_S

    @property
    def _acknowledged(self) -> bool:
        owed = len(self._resent) + (not self._started_without_ok)
        return self._last_line_resent and self._oks >= owed

    @property
    def _last_line_resent(self) -> bool:
        return bool(self._resent) and self._resent[-1] == self._sent[-1]

    @property
    def _may_go_on(self) -> bool:
        """Whether the resent lines also occur earlier, so that more may follow."""
        count = len(self._resent)
        return any(self._sent[end - count : end] == self._resent for end in range(count, len(self._sent)))
