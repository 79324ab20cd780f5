"""Matches the printer's lines to the commands that they acknowledge, as OctoPrint sends them one at a time.

A command of ours is `submit`ted; `queued` reports what OctoPrint has made of it. Every command, also of others, is
reported by `sending` and `sent`. The lines between a command and its ok are its reply, without the lines that the
printer sends unasked.

Firmware may or may not acknowledge a line that is no G, M or T command, and OctoPrint does not wait for it. While such
an optional acknowledgement and an expected one are both open, received lines are kept back until it is known which ok
belongs to which command; `Fence` asks for an M105 that brings the decision. What cannot be decided fails instead of
returning another command's reply.

A printer that reports nothing for a while may work on a command, or its ok was lost. `Probe` asks it: it replies to an
M105 only when it has processed the commands before. Every command ends within `line_timeout`.
"""

from __future__ import annotations

from collections import deque
from itertools import count

from .in_flight import (
    FakeAck,
    Fence,
    InFlight,
    Outcome,
    Probe,
    belongs_to,
    reply_lines,
    reply_of,
    text_of,
)
from .printer_lines import (
    BUSY,
    HEAT_WAITS,
    NO_LINE_NUMBER,
    RESEND,
    TEMPERATURES,
    HeatingEvidence,
    dwell,
    is_ok_with_temperatures,
)
from .resend import Resend
from .submissions import Submissions
from .undecided import assign

#: Seconds without a sign of life after which the printer is asked. Some firmware is silent during long moves.
SILENCE_S = 300.0
#: The same while the run is being stopped.
HURRY_S = 10.0
#: The default time limit for a command without a sign of life other than temperatures, in seconds.
LINE_TIMEOUT_S = 3600.0
#: Seconds after which a "wait" from the printer (it is idle) means that an ok was lost.
IDLE_S = 2.5
#: Seconds in which firmware acknowledges a line that is no G, M or T command, if it does.
OPTIONAL_S = 1.0
#: How many lines OctoPrint can resend.
_REPEATABLE = 50

LOST = "its ok was lost"
UNDECIDED = "it cannot be determined which reply of the printer belongs to it"


class Acknowledgements:
    """The commands in flight and their replies so far."""

    def __init__(self, window: int = 1, line_timeout: float = LINE_TIMEOUT_S) -> None:
        #: How many commands OctoPrint sends before it waits for an ok.
        self._window = window
        self._line_timeout = line_timeout
        self._silence = SILENCE_S
        self._give_up = line_timeout
        self._submissions = Submissions()
        self._in_flight: deque[InFlight] = deque()
        #: Received lines that cannot be assigned yet.
        self._kept: list[str] = []
        self._kept_at = 0.0
        self._fence_wanted = False
        #: How many commands OctoPrint is ahead, because it got an ok that it did not wait for.
        self._ahead = 0
        #: The newest lines sent through OctoPrint's queue with their numbers, those in flight last.
        self._sent: deque[tuple[int, str]] = deque(maxlen=_REPEATABLE)
        self._numbers = count(1)
        self._idle_since = 0.0
        self._heating = HeatingEvidence()

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
        self._end_resends(at)
        if acknowledged:
            self._make_room(at)
        number = next(self._numbers)
        self._in_flight.append(InFlight(key, line, at, at, number, optional=not acknowledged))
        self._sent.append((number, line))
        if self._is_undecided:
            self._want_fence()
        return self._submissions.take()

    def force(self, line: str, at: float) -> None:
        """A command of ours is sent outside the queue; its ok follows those of the commands in flight."""
        self._in_flight.append(InFlight(None, line, at, at, next(self._numbers), forced=True))

    def sent(self, key: str | None, line: str, at: float, *, acknowledged: bool) -> list[Outcome]:
        """A command was sent, or sent again after a resend request (then without its key)."""
        head = self._in_flight[0] if self._in_flight else None
        del acknowledged
        if key is None and head is not None and head.resend is not None:
            self._repeat(head, head.resend, line, at)
        return self._submissions.take()

    def received(self, line: str, at: float) -> list[Outcome]:
        """The printer sent `line`."""
        line = line.rstrip("\r\n")
        if self._in_flight and line:
            if self._is_undecided:
                self._keep(line, at)
            else:
                self._take(self._in_flight[0], line, at)
        return self._submissions.take()

    def tick(self, at: float) -> list[Outcome]:
        """Apply the timeouts."""
        if self._kept and self._is_quiet(at):
            self._decide(at)
        if all(sent.optional for sent in self._in_flight):
            self._submissions.check_queue(self._idle_since, at)
        if self._in_flight:
            self._check_head(self._in_flight[0], at)
        return self._submissions.take()

    def abandon(self, reason: str) -> list[Outcome]:
        """End every command without an acknowledgement."""
        self._submissions.abandon(reason)
        self._in_flight.clear()
        self._kept.clear()
        return self._submissions.take()

    # Timeouts

    def _check_head(self, head: InFlight, at: float) -> None:
        if head.resend is not None and head.resend.complete_by(at):
            self._end(head, head.resend.ok, at)
        elif head.optional and len(self._in_flight) == 1:
            if at - head.heard_at > OPTIONAL_S:
                # It may still be acknowledged later, so it stays in flight without its key.
                self._submissions.acknowledge(head.key, text_of(head.lines))
                head.key = None
        elif head.optional:
            if at - head.alive_at > self._silence:
                self._drop_optional(at)
        elif at - head.heard_at > self._line_timeout + dwell(head.line):
            self._lose(f"the printer did not acknowledge it within {self._line_timeout:g} s", at)
        elif at - head.alive_at > self._give_up + dwell(head.line):
            self._lose(f"the printer did not acknowledge it and sent nothing for {self._give_up:g} s", at)
        elif not head.probed and at - head.alive_at > self._silence + dwell(head.line):
            head.probed = True
            self._ahead += 1
            self._submissions.add(Probe())

    # Lines that can be assigned

    def _take(self, head: InFlight, line: str, at: float) -> None:
        if line.startswith("ok"):
            self._take_ok(head, line, at)
        elif line == "wait":
            if at - head.alive_at > IDLE_S and not head.optional:
                self._lose(LOST, at)
        elif BUSY.match(line):
            head.hear(at)
        elif RESEND.match(line):
            # The lines so far were about the garbled line.
            head.resend = Resend(self._sent_up_to_head())
            head.hear(at)
            head.lines.clear()
        elif NO_LINE_NUMBER.match(line):
            # OctoPrint treats this line as an ok.
            self._pop(at)
            self._submissions.fail(head.key, line)
        elif TEMPERATURES.match(line):
            self._take_temperatures(head, line, at)
        elif belongs_to(head, line):
            head.hear(at)
            head.lines.append(line)

    def _take_temperatures(self, head: InFlight, line: str, at: float) -> None:
        heats = self._heating.note(line)
        if head.command in HEAT_WAITS:
            head.hear(at)
        elif heats:
            head.alive_at = at
        if head.command == "M105":
            head.lines.append(line)

    def _take_ok(self, head: InFlight, line: str, at: float) -> None:
        resend = head.resend
        if resend is not None:
            resend.take_ok(line, at)
            head.hear(at)
            if resend.complete:
                self._end(head, line, at)
            return
        if is_ok_with_temperatures(line):
            # Only an M105 is acknowledged so: the oks of the commands before it were lost.
            while self._in_flight[0].command != "M105" and any(sent.command == "M105" for sent in self._in_flight):
                self._fail_head(LOST, at)
            head = self._in_flight[0]
        elif head.command == "M105" and len(self._in_flight) > 1 and not any(map(TEMPERATURES.match, head.lines)):
            # Without temperatures this is not the reply to an M105, whose ok was lost.
            self._fail_head(LOST, at)
            lines, head = head.lines, self._in_flight[0]
            head.lines[:0] = lines
        self._end(head, line, at)

    def _repeat(self, head: InFlight, resend: Resend, line: str, at: float) -> None:
        resend.sent_again(line)
        if resend.is_after_others:
            # The lines so far belong to earlier commands.
            head.lines.clear()
        if resend.complete:
            self._end(head, resend.ok, at)

    def _sent_up_to_head(self) -> list[str]:
        head = self._in_flight[0]
        return [line for number, line in self._sent if number <= head.number]

    # Lines that cannot be assigned yet

    @property
    def _is_undecided(self) -> bool:
        """Whether the next ok may belong to several commands."""
        optional = sum(sent.optional for sent in self._in_flight)
        return 0 < optional < len(self._in_flight)

    def _want_fence(self) -> None:
        if not self._fence_wanted and self._in_flight[-1].command != "M105":
            self._fence_wanted = True
            self._submissions.add(Fence())

    def _keep(self, line: str, at: float) -> None:
        head = self._in_flight[0]
        if RESEND.match(line):
            # The oks so far belong to lines before the newest one at most, which is not acknowledged yet.
            self._decide(at, resends=True)
            self._drop_optional(at)
        elif line == "wait" and at - head.alive_at > IDLE_S:
            self._decide(at)
            self._drop_optional(at)
            if self._in_flight:
                self._lose(LOST, at)
            return
        if not self._is_undecided:
            if self._in_flight:
                self._take(self._in_flight[0], line, at)
            return
        if line == "wait":
            return
        self._kept.append(line)
        self._kept_at = at
        if TEMPERATURES.match(line):
            self._take_temperatures(head, line, at)
        elif belongs_to(head, line):
            head.hear(at)
        last = self._in_flight[-1]
        fenced = last.command == "M105" and is_ok_with_temperatures(line)
        if fenced or sum(kept.startswith("ok") for kept in self._kept) >= len(self._in_flight):
            self._decide(at, fenced=fenced)

    def _drop_optional(self, at: float) -> None:
        """Expect no more acknowledgements of optional lines."""
        for sent in self._in_flight:
            if sent.optional:
                self._submissions.acknowledge(sent.key, "")
        # OctoPrint took these oks for others.
        self._ahead += sum(kept.startswith("ok") for kept in self._kept)
        self._in_flight = deque(sent for sent in self._in_flight if not sent.optional)
        self._kept.clear()
        self._fence_wanted = False
        self._settle(at)

    def _is_quiet(self, at: float) -> bool:
        oks = sum(kept.startswith("ok") for kept in self._kept)
        expected = sum(not sent.optional for sent in self._in_flight)
        return oks >= expected and at - self._kept_at > OPTIONAL_S

    def _decide(self, at: float, *, fenced: bool = False, resends: bool = False) -> None:
        """Assign the kept lines to the commands in flight.

        `fenced`: the last line is the ok of the last command. `resends`: the last command is not acknowledged.
        """
        entries, lines, self._kept = list(self._in_flight), self._kept, []
        newest = [entries.pop()] if resends else []
        self._fence_wanted = False
        self._in_flight.clear()
        result = assign([sent.optional for sent in entries], lines, fenced=fenced)
        for sent, reply in zip(entries, result.replies, strict=True):
            if reply is None and not sent.optional:
                if fenced:
                    self._submissions.fail(sent.key, LOST)
                else:
                    self._in_flight.append(sent)
            elif not result.certain and self._submissions.uses_reply(sent.key) and not sent.optional:
                self._submissions.fail(sent.key, UNDECIDED)
            else:
                self._submissions.acknowledge(sent.key, text_of(reply_of(sent, reply or [])))
        self._in_flight += newest
        self._ahead += result.surplus
        self._settle(at)

    # Ends

    def _end(self, head: InFlight, ok: str, at: float) -> None:
        self._pop(at)
        self._submissions.acknowledge(head.key, text_of([*reply_lines(head, ok), ok]), head.line)

    def _end_resends(self, at: float) -> None:
        """OctoPrint sends a new command, so it sends no more lines again."""
        while self._in_flight:
            head = self._in_flight[0]
            if head.resend is None or not head.resend.may_be_complete:
                return
            self._end(head, head.resend.ok, at)

    def _make_room(self, at: float) -> None:
        """OctoPrint sends another command, so it no longer waits for the ok of the oldest one."""
        if self._is_undecided:
            return
        forced = sum(sent.forced for sent in self._in_flight)
        while len(self._in_flight) >= self._window + forced + self._ahead:
            head = self._in_flight[0]
            if head.optional:
                return
            forced -= head.forced
            self._fail_head("the printer did not acknowledge it", at)

    def _lose(self, error: str, at: float) -> None:
        self._fail_head(error, at)
        self._submissions.add(FakeAck())

    def _fail_head(self, error: str, at: float) -> None:
        self._submissions.fail(self._pop(at).key, error)

    def _pop(self, at: float) -> InFlight:
        popped = self._in_flight.popleft()
        self._settle(at, dwell(popped.line))
        return popped

    def _settle(self, at: float, idle_for: float = 0.0) -> None:
        """Note that the head of the commands in flight has changed."""
        if self._in_flight:
            self._in_flight[0].hear(at)
        else:
            self._ahead = 0
            self._idle_since = at + idle_for
