"""Matches the printer's lines to the commands that they acknowledge, as OctoPrint sends them one at a time.

A command of ours is `submit`ted; `queued` reports what OctoPrint has made of it. Every command, also of others, is
reported by `sending` and `sent`. The lines between a command and its ok are its reply, without the lines that the
printer sends unasked.

Firmware may or may not acknowledge a line that is no G, M or T command, and OctoPrint does not wait for it. The ok of
a command that was given up may still arrive. While such an optional acknowledgement and an expected one are both open,
received lines are kept back until it is known which ok belongs to which command; `Fence` asks for an M105 that brings
the decision. What cannot be decided fails instead of returning another command's reply.

A printer that reports nothing for a while may work on a command, or its ok was lost. `Probe` asks it: it replies to an
M105 only when it has processed the commands before. Every command ends within `line_timeout`.
"""

from __future__ import annotations

from collections import deque
from itertools import islice

from .flight import IDLE_S, LOST, OPTIONAL_S, Flight
from .in_flight import FakeAck, Fence, InFlight, Outcome, Probe, belongs_to, given_up, reply_of, text_of
from .printer_lines import (
    HEAT_WAITS,
    LINE_ERROR,
    NO_LINE_NUMBER,
    RESEND,
    TEMPERATURES,
    dwell,
    is_ok_with_temperatures,
)
from .undecided import Assigner, Kept, echoes

#: Seconds without a sign of life after which the printer is asked. Some firmware is silent during long moves.
SILENCE_S = 300.0
#: The same while the run is being stopped.
HURRY_S = 10.0
#: The default time limit for a command without a sign of life other than temperatures, in seconds.
LINE_TIMEOUT_S = 3600.0
#: How many lines are sent at most before another fence is submitted, because the ok of the first one may be lost.
REFENCE_LINES = 8
#: How many lines OctoPrint can resend.
_REPEATABLE = 50

UNDECIDED = "it cannot be determined which reply of the printer belongs to it"


class Acknowledgements(Flight):
    """The commands in flight and their replies so far."""

    def __init__(self, window: int = 1, line_timeout: float = LINE_TIMEOUT_S) -> None:
        super().__init__(window)
        self._line_timeout = line_timeout
        self._silence = SILENCE_S
        self._give_up = line_timeout
        self._kept = Kept()
        self._assigner = Assigner()
        self._fence_wanted = False
        #: The number of the newest line when the newest fence was submitted.
        self._fence_number = 0
        #: The number of the newest line, and the newest lines sent through OctoPrint's queue with their numbers.
        self._number = 0
        self._sent: deque[tuple[int, str]] = deque(maxlen=_REPEATABLE)
        #: The line that was reported as about to be sent, until it was sent.
        self._announced: str | None = None
        #: An error that precedes a resend request, if it was the newest line.
        self._line_error: str | None = None

    @property
    def heat_wait(self) -> bool:
        """Whether the printer waits for a temperature and processes nothing else."""
        return any(sent.command in HEAT_WAITS for sent in self._in_flight)

    def hurry(self) -> None:
        """The run is ending: ask the printer soon, and wait no longer than `SILENCE_S` for a sign of life."""
        self._silence, self._give_up = HURRY_S, SILENCE_S

    def submit(self, key: str, line: str, at: float, *, reply: bool = True) -> None:
        """Expect an acknowledgement of `line`, which is passed to OctoPrint now."""
        del at
        self._submissions.submit(key, line, reply=reply)

    def queued(self, key: str, parts: int, at: float) -> list[Outcome]:
        """OctoPrint has queued `parts` commands for a submitted one so far."""
        self._submissions.queued(key, parts, at)
        return self._submissions.take()

    def suppressed(self, key: str, error: str | None) -> list[Outcome]:
        """OctoPrint has not queued a submitted command: `error`, or None if another plugin has carried it out."""
        if error is None:
            self._submissions.acknowledge(key, "")
        else:
            self._submissions.fail(key, error)
        return self._submissions.take()

    def sending(self, key: str | None, line: str, at: float, *, acknowledged: bool) -> list[Outcome]:
        """A command is about to be sent; `acknowledged` is False if OctoPrint expects no ok."""
        self._submissions.started(key)
        if line.startswith("@"):
            self._submissions.acknowledge(key, "")
            return self._submissions.take()
        self._expect_again(self._resends.finished(self._sent) if self._again else 0, at)
        if acknowledged:
            self._make_room(at)
        self._number += 1
        self._in_flight.append(InFlight(key, line, at, at, self._number, optional=not acknowledged))
        self._sent.append((self._number, line))
        # OctoPrint reports the sending of our own lines only if they are not acknowledged.
        self._announced = line if key is None else None
        if self._is_undecided:
            self._want_fence()
        return self._submissions.take()

    def force(self, line: str, at: float) -> None:
        """A command of ours is sent outside the queue; its ok follows those of the commands in flight."""
        self._resends.forget_numbers()
        self._in_flight.append(InFlight(None, line, at, at, self._number + 1, forced=True))

    def sent(self, key: str | None, line: str, at: float, *, acknowledged: bool) -> list[Outcome]:
        """A command was sent, or sent again after a resend request (then without its key)."""
        announced, self._announced = self._announced, None
        if key is None and line != announced:
            self._ahead -= acknowledged and self._ahead > 0
            self._expect_again(self._resends.sent_again(line, self._sent, at), at)
        return self._submissions.take()

    def received(self, line: str, at: float) -> list[Outcome]:
        """The printer sent `line`."""
        line = line.rstrip("\r\n")
        error, self._line_error = self._line_error, None
        if error and not RESEND.match(line):
            self._assign(error, at)
        if LINE_ERROR.match(line) and not NO_LINE_NUMBER.match(line):
            # Belongs to no reply if a resend request follows.
            self._line_error = line
        elif line:
            self._receive(line, at)
        return self._submissions.take()

    def _receive(self, line: str, at: float) -> None:
        if self._resends.takes(line, at):
            self._ahead += 1
        elif RESEND.match(line):
            first = self._in_flight[0].number if self._in_flight else self._number + 1
            self._expect_again(self._resends.request(line, first, self._number + 1, at), at)
        else:
            self._assign(line, at)
            return
        if self._in_flight:
            self._in_flight[0].hear(at)

    def _assign(self, line: str, at: float) -> None:
        if not self._in_flight:
            self._ahead += line.startswith("ok")
        elif self._is_undecided:
            self._keep(line, at)
        else:
            self._take(self._in_flight[0], line, at)

    def tick(self, at: float) -> list[Outcome]:
        """Apply the timeouts."""
        if self._kept.lines and self._is_quiet(at):
            self._decide(list(self._in_flight), at)
        if all(sent.optional for sent in self._in_flight):
            self._submissions.check_queue(self._idle_since, at)
        if self._in_flight:
            self._check_head(self._in_flight[0], at)
        return self._submissions.take()

    def abandon(self, reason: str) -> list[Outcome]:
        """End every command without an acknowledgement."""
        self._submissions.abandon(reason)
        self._in_flight.clear()
        self._kept.take()
        self._again = 0
        return self._submissions.take()

    # Timeouts

    def _check_head(self, head: InFlight, at: float) -> None:
        if all(sent.optional for sent in self._in_flight):
            if at - max(sent.heard_at for sent in self._in_flight) > OPTIONAL_S:
                # They may still be acknowledged later, so they stay in flight without their keys.
                for sent in self._in_flight:
                    self._submissions.acknowledge(sent.key, text_of(sent.lines))
                    sent.key = None
        elif head.optional:
            if at - head.alive_at > self._silence:
                self._drop_optional(at)
        elif at - head.heard_at > self._line_timeout + dwell(head.line):
            self._give_up_head(f"the printer did not acknowledge it within {self._line_timeout:g} s")
            self._submissions.add(FakeAck())
        elif at - head.alive_at > self._give_up + dwell(head.line):
            self._give_up_head(f"the printer did not acknowledge it and sent nothing for {self._give_up:g} s")
            self._submissions.add(FakeAck())
        elif not head.probed and at - head.alive_at > self._silence + dwell(head.line):
            head.probed = True
            self._ahead += 1
            self._submissions.add(Probe())

    # Lines that cannot be assigned yet

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
        due = not self._fence_wanted or self._number - self._fence_number >= REFENCE_LINES
        if due and self._in_flight[-1].command != "M105":
            self._fence_wanted, self._fence_number = True, self._number
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
        if head.lines and not head.optional:
            self._kept.lines[:0], head.lines = head.lines, []
        if TEMPERATURES.match(line):
            self._note_temperatures(head, line, at)
        elif belongs_to(head, line):
            head.hear(at)
        unknown = next((sent for sent in self._in_flight if sent.optional and echoes(line, sent)), None)
        if unknown is not None:
            unknown.lines.append(line)
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
            self._in_flight.appendleft(InFlight(None, "", at, at, number, optional=True, given_up=True))
            self._again += 1
        while self._again > lines:
            self._in_flight.popleft()
            self._again -= 1
        if self._kept.lines and not self._is_undecided:
            for line in self._kept.take():
                self._assign(line, at)

    def _drop_optional(self, at: float) -> None:
        """Expect no more acknowledgements of optional lines."""
        for sent in self._in_flight:
            if sent.optional:
                self._submissions.acknowledge(sent.key, "")
        # OctoPrint took these oks for others.
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
        result = self._assigner.assign(entries, self._kept.take(), fenced=fenced)
        for sent, reply in zip(entries, result.replies, strict=True):
            if reply is None and not sent.optional:
                if fenced:
                    self._submissions.fail(sent.key, LOST)
                else:
                    self._in_flight.append(sent)
            elif not result.certain and self._submissions.uses_reply(sent.key):
                self._submissions.fail(sent.key, UNDECIDED)
            else:
                text = [*sent.lines * sent.optional, *reply_of(sent, reply or [])]
                self._submissions.acknowledge(sent.key, text_of(text), sent.line)
        if not result.certain and not fenced:
            self._in_flight += [given_up(sent) for sent in entries[result.oks :]]
        self._in_flight += rest
        self._ahead += result.surplus
        if fenced:
            self._resends.accepted(entries[-1].number)
        self._settle(at)
        if rest and self._is_undecided:
            self._want_fence()

    def _make_room(self, at: float) -> None:
        """OctoPrint sends another command, so it no longer waits for the ok of the oldest one."""
        if not self._in_flight and at - self._idle_since > OPTIONAL_S:
            self._ahead = 0
        if self._is_undecided:
            return
        forced = sum(sent.forced for sent in self._in_flight)
        if len(self._in_flight) >= self._window + forced + self._ahead and not self._in_flight[0].optional:
            self._give_up_head("the printer did not acknowledge it")

    def _give_up_head(self, error: str) -> None:
        """Fail the oldest command, whose ok may still arrive."""
        head = self._in_flight[0]
        self._submissions.fail(head.key, error)
        self._in_flight[0] = given_up(head)
