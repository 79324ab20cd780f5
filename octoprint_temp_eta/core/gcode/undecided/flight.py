"""The commands in flight while it is undecided to which of them the next acknowledgement belongs.

Received lines are kept back until it is known. An M105 after the commands decides it: its acknowledgement is
recognizable, and the printer sends it after those of the commands before.
"""

from __future__ import annotations

from collections import deque
from itertools import islice

from ..flight import IDLE_S, LOST, Flight
from ..in_flight import OPTIONAL_S, Fence, InFlight, belongs_to, given_up, reply_of, text_of
from ..printer_lines import TEMPERATURES, is_ok_with_temperatures
from .assigner import Assigner, Kept

#: How many lines are sent at most before another fence is submitted, because the ok of the first one may be lost.
REFENCE_LINES = 8

UNDECIDED = "it cannot be determined which reply of the printer belongs to it"


class UndecidedFlight(Flight):
    """Assigns lines at once, or keeps them until it is decided to which command they belong."""

    def __init__(self, window: int, *, ok_first: bool = False) -> None:
        super().__init__(window, ok_first=ok_first)
        self._kept = Kept()
        self._assigner = Assigner()
        self._fence_wanted = False
        #: How many lines were sent, and how many of them before the newest fence was submitted.
        self._lines = self._fence_line = 0
        #: The number of the newest line that OctoPrint can send again.
        self._number = 0

    def _assign(self, line: str, at: float) -> None:
        if not self._in_flight:
            self._ahead += line.startswith("ok")
        elif self._is_undecided:
            self._keep(line, at)
        else:
            self._take(self._in_flight[0], line, at)

    @property
    def _is_undecided(self) -> bool:
        """Whether the next ok may belong to several commands."""
        optional = sum(sent.optional for sent in self._in_flight)
        if not optional:
            return self._is_followed
        asked = any(self._submissions.uses_reply(sent.key) for sent in self._in_flight)
        return len(self._in_flight) > 1 and (asked or optional < len(self._in_flight))

    @property
    def _is_followed(self) -> bool:
        """Whether OctoPrint has sent a command before the reply to one of ours: a lost ok would shift the replies."""
        if len(self._in_flight) <= self._window:
            return False
        asked = False
        for sent in self._in_flight:
            if asked and sent.command != "M105" and not sent.forced:
                return True
            asked |= self._submissions.uses_reply(sent.key)
        return False

    def _want_fence(self) -> None:
        due = not self._fence_wanted or self._lines - self._fence_line >= REFENCE_LINES
        if due and self._in_flight[-1].command != "M105":
            self._fence_wanted, self._fence_line = True, self._lines
            self._submissions.add(Fence())

    def _keep(self, line: str, at: float) -> None:
        head = self._in_flight[0]
        if line == "wait":
            if at - head.alive_at > IDLE_S:
                self._decide(list(self._in_flight), at)
                self._drop_optional(at)
                if self._in_flight:
                    self._lose(LOST, at)
            return
        if head.lines:
            self._kept.lines[:0], head.lines = head.lines, []
        if TEMPERATURES.match(line):
            self._note_temperatures(head, line, at)
        elif belongs_to(head, line):
            head.hear(at)
        if line.startswith("ok") and self._end_unknown(line, at):
            return
        self._kept.add(line, at)
        if is_ok_with_temperatures(line):
            self._marks_m105 = True
            entries = self._up_to_m105(self._kept.oks)
            if entries:
                self._decide(entries, at, fenced=True)
                return
        if self._kept.oks >= len(self._in_flight):
            self._decide(list(self._in_flight), at)

    def _up_to_m105(self, oks: int = 0) -> list[InFlight]:
        """Return the commands in flight up to the M105 to which the newest of `oks` belongs; none without an M105.

        That is the first one, unless more oks were received than it and the commands before can have.
        """
        ends = [index + 1 for index, sent in enumerate(self._in_flight) if sent.command == "M105"]
        end = next((each for each in ends if each >= oks), ends[-1] if ends else 0)
        return list(islice(self._in_flight, end))

    def _expect_again(self, lines: int, at: float) -> None:
        """Expect `lines` more oks, of lines that were sent again after their acknowledgement."""
        while self._again < lines:
            number = self._in_flight[0].number if self._in_flight else self._number + 1
            again = InFlight(None, "", at, at, number, optional=True, given_up=True, numbered=False)
            self._in_flight.appendleft(again)
            self._again += 1
        while self._again > lines:
            self._in_flight.popleft()
            self._again -= 1
        self._replay(at)

    def _replay(self, at: float) -> None:
        """Assign the kept lines if it has turned out that each ok belongs to the oldest command."""
        if self._is_undecided:
            return
        self._fence_wanted = False
        for line in self._kept.take():
            self._assign(line, at)

    def _end_unknown(self, ok: str, at: float) -> bool:
        """Whether `ok` follows the message that a command is unknown, and so belongs to this command."""
        message = self._kept.newest
        for sent in self._in_flight:
            if self._assigner.is_acknowledged_after(message, sent):
                self._kept.drop(message)
                self._in_flight.remove(sent)
                self._ahead += 1
                self._submissions.acknowledge(sent.key, text_of([message, ok]), sent.line)
                self._replay(at)
                return True
        return False

    def _drop_optional(self, at: float) -> None:
        """Expect no more acknowledgements of optional lines."""
        for sent in self._in_flight:
            if sent.optional:
                self._submissions.acknowledge(sent.key, "")
        # OctoPrint has counted these oks as those of other commands.
        self._ahead += self._kept.oks
        self._in_flight = deque(sent for sent in self._in_flight if not sent.optional)
        self._kept.take()
        self._again = 0
        self._fence_wanted = False
        self._settle(at)

    def _is_quiet(self, at: float) -> bool:
        """Whether the printer has sent all acknowledgements that are needed, and no fence will prove it."""
        expected = sum(not sent.optional for sent in self._in_flight)
        if self._kept.oks < expected or at - self._kept.at <= OPTIONAL_S:
            return False
        if self._up_to_m105():
            return not self._marks_m105 and self._kept.ends_with_temperatures
        return not self._fence_wanted

    def _decide(self, entries: list[InFlight], at: float, *, fenced: bool = False) -> None:
        """Assign the kept lines to `entries`, the oldest commands in flight; `fenced`: the last one is the last's."""
        rest = list(islice(self._in_flight, len(entries), None))
        self._fence_wanted = False
        self._again = 0
        self._in_flight.clear()
        result = self._assigner.assign(entries, self._kept.take(), rest=rest, fenced=fenced)
        for sent, reply in zip(entries, result.replies, strict=True):
            if reply is None and not sent.optional:
                if fenced:
                    self._submissions.fail(sent.key, LOST)
                else:
                    self._in_flight.append(sent)
            elif not result.certain and self._submissions.uses_reply(sent.key):
                self._submissions.fail(sent.key, UNDECIDED)
            else:
                self._submissions.acknowledge(sent.key, text_of(reply_of(sent, reply or [])), sent.line)
        if not result.certain and not fenced:
            self._in_flight += [given_up(sent) for sent in entries[result.oks :]]
        self._in_flight += rest
        self._ahead += result.surplus
        if fenced:
            self._resends.accepted(entries[-1].number)
        self._settle(at)
        if rest and self._is_undecided:
            self._want_fence()

    def _give_up_head(self, error: str) -> None:
        """Fail the oldest command, whose ok may still arrive."""
        head = self._in_flight[0]
        self._submissions.fail(head.key, error)
        self._in_flight[0] = given_up(head)
