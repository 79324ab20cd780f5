"""The printer wants lines again: which of those that OctoPrint repeats is the one that waits for its answer.

OctoPrint repeats from the line that the printer names up to the newest one, one per ok, and does not say their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

#: s after an ok in which OctoPrint repeats the next line if there is one; it takes milliseconds.
NEXT_S = 1.0


class Repetition:
    """One wish of the printer, seen from the oldest line that it has not acknowledged."""

    def __init__(self, sent: Sequence[str]) -> None:
        """`sent` are the lines of before, oldest first, up to the one that waits for its answer."""
        self._sent = list(sent)
        self._repeated: list[str] = []
        #: The oks since; the first one belongs to the wish, unless the printer sends none with it.
        self._oks = 0
        #: The newest of them, as the printer said it.
        self.ok = "ok"
        self._begun_without_ok = False
        self._ok_at = 0.0

    def repeat(self, line: str) -> None:
        """OctoPrint has repeated `line`."""
        if not self._repeated:
            self._begun_without_ok = self._oks == 0
        self._repeated.append(line)

    def take_ok(self, ok: str, at: float) -> None:
        """The printer has said `ok`, maybe with an answer on the same line."""
        self._oks += 1
        self.ok, self._ok_at = ok, at

    @property
    def is_after_others(self) -> bool:
        """Whether the line that waits was repeated, and others before it."""
        return self._may_be_complete and len(self._repeated) > 1

    @property
    def over(self) -> bool:
        """Whether the line that waits was repeated and acknowledged; its ok may be seen before it."""
        return self._acknowledged and not self._may_go_on

    @property
    def may_be_over(self) -> bool:
        """Whether it is over unless more is repeated.

        Neighbours with the same text look alike until the next one is repeated, or none is. And OctoPrint repeats
        nothing where the printer asks for a line that is yet to come.
        """
        return self._acknowledged or (self._oks > 0 and not self._repeated)

    def over_by(self, at: float) -> bool:
        """Whether more would have been repeated by now."""
        return self.may_be_over and at - self._ok_at > NEXT_S

    @property
    def _acknowledged(self) -> bool:
        owed = len(self._repeated) + (not self._begun_without_ok)
        return self._may_be_complete and self._oks >= owed

    @property
    def _may_be_complete(self) -> bool:
        return bool(self._repeated) and self._repeated[-1] == self._sent[-1]

    @property
    def _may_go_on(self) -> bool:
        """Whether what was repeated is also found further back."""
        count = len(self._repeated)
        return any(self._sent[end - count : end] == self._repeated for end in range(count, len(self._sent)))
