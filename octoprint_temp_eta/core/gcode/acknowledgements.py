"""Matches the printer's lines to the commands that they acknowledge, as OctoPrint sends them one at a time.

A command of ours is `submit`ted; `queued` reports how many commands OctoPrint has made of it. Every command, also of
others, is reported by `sending` and `sent`. The lines between a command and its ok are its reply, without unsolicited
lines. Firmware that acknowledges a line before it executes it (`ok_first`) has no other replies than the ok.

Firmware may or may not acknowledge a line that is no G, M or T command, and OctoPrint does not wait for it. The ok of
a command that was given up may still arrive. While such an optional acknowledgement and an expected one are both open,
received lines are kept back until it is known which ok belongs to which command; `Fence` requests an M105 that decides
it. A command whose reply cannot be determined fails instead of returning another command's reply.

A printer that reports nothing for a while may be executing a command, or its ok was lost. `Probe` sends an M105, to
which the printer replies only when it has processed the commands before. Every command ends within `line_timeout`.
"""

from __future__ import annotations

from collections import deque

from .flight import IDLE_S
from .in_flight import LINE_TIMEOUT_S, OPTIONAL_S, FakeAck, InFlight, Outcome, Probe, text_of
from .printer_lines import BUSY, HEAT_WAITS, LINE_ERROR, NO_LINE_NUMBER, RESEND, command_of, dwell
from .undecided.flight import UndecidedFlight

#: Seconds without a sign of life after which an M105 is sent. Some firmware is silent during long moves.
SILENCE_S = 300.0
#: The same while the run is being stopped.
HURRY_S = 10.0
#: How often OctoPrint is made to continue without an ok while it sends nothing of ours, before that has failed.
MOST_FAKES = 3
#: How many lines OctoPrint can resend.
_REPEATABLE = 50


class Acknowledgements(UndecidedFlight):
    """The commands in flight and their replies so far."""

    def __init__(self, window: int = 1, line_timeout: float = LINE_TIMEOUT_S, *, ok_first: bool = False) -> None:
        super().__init__(window, ok_first=ok_first)
        self._line_timeout = line_timeout
        self._hurries = False
        self._silence = SILENCE_S
        self._give_up = line_timeout
        #: The newest lines that OctoPrint can send again, with their numbers.
        self._sent: deque[tuple[int, str]] = deque(maxlen=_REPEATABLE)
        #: Whether OctoPrint also numbers lines that are no G, M or T command.
        self._numbers_all = False
        #: The line that was reported as about to be sent, until it was sent.
        self._announced: str | None = None
        #: When OctoPrint was made to continue while it sent nothing, or the printer was busy; and how often the former.
        self._unblocked_at, self._fakes = 0.0, 0
        #: An error that precedes a resend request, if it was the newest line.
        self._line_error: str | None = None

    @property
    def heat_wait(self) -> bool:
        """Whether the printer waits for a temperature and processes nothing else; not once that has been ended."""
        waits = any(sent.command in HEAT_WAITS for sent in self._in_flight)
        return waits and not any(sent.forced for sent in self._in_flight)

    def hurry(self) -> None:
        """The run is ending: send an M105 soon, and wait at most `SILENCE_S` for a sign of life.

        Only a busy printer puts the question off: its ok may be lost though it reports temperatures or its position.
        """
        self._hurries = True
        self._silence, self._give_up = HURRY_S, SILENCE_S

    def expect_late_ok(self, at: float) -> None:
        """Expect that the printer may still acknowledge a line that was sent before the first one here."""
        self._in_flight.append(InFlight(None, "", at, at, 0, optional=True, given_up=True, numbered=False))
        self._ahead += 1

    def submit(self, key: str, line: str, *, reply: bool = True) -> None:
        """Expect an acknowledgement of `line`, which is passed to OctoPrint now."""
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
            self._make_room(line, at)
        self._add(InFlight(key, line, at, at, self._number + 1, optional=not acknowledged))
        # OctoPrint reports the sending of our own lines only if they are not acknowledged.
        self._announced = line if key is None else None
        if self._is_undecided:
            self._want_fence()
        return self._submissions.take()

    def _add(self, sent: InFlight) -> None:
        sent.numbered = self._numbers_all or sent.command is not None
        self._lines += 1
        if sent.numbered:
            self._number += 1
            self._sent.append((self._number, sent.line))
        else:
            sent.unordered = self._resends.active(sent.alive_at) and any(each.numbered for each in self._in_flight)
        self._in_flight.append(sent)

    def force(self, line: str, at: float) -> None:
        """A command of ours is sent outside the queue; its ok follows those of the commands in flight."""
        self._resends.forget_numbers()
        self._in_flight.append(InFlight(None, line, at, at, self._number + 1, forced=True))

    def sent(self, key: str | None, line: str, at: float, *, acknowledged: bool) -> list[Outcome]:
        """A command was sent, or sent again after a resend request (then without its key)."""
        announced, self._announced = self._announced, None
        if key is None and line != announced:
            self._ahead -= acknowledged and self._ahead > 0
            self._send_again(line, at)
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
        if BUSY.match(line):
            self._unblocked_at = at
        return self._submissions.take()

    def _receive(self, line: str, at: float) -> None:
        if self._resends.takes(line, at):
            self._ahead += 1
        elif RESEND.match(line):
            self._request(line, at)
        else:
            self._assign(line, at)
            return
        if self._in_flight:
            self._in_flight[0].hear(at)

    def _send_again(self, line: str, at: float) -> None:
        if command_of(line) is None and not self._numbers_all:
            # OctoPrint also numbers such lines. Those so far are not among the numbered ones.
            self._numbers_all = True
            for sent in self._in_flight:
                sent.unordered = False
            return
        self._expect_again(self._resends.sent_again(line, self._sent, at), at)
        if self._resends.is_certain:
            for sent in list(self._in_flight)[: self._again]:
                sent.optional = False
            self._replay(at)

    def _request(self, line: str, at: float) -> None:
        first = next((sent.number for sent in self._in_flight if sent.numbered), self._number + 1)
        again = self._resends.request(line, first, self._number + 1, at)
        after_numbered = False
        for sent in self._in_flight:
            sent.unordered |= after_numbered and not sent.numbered
            after_numbered |= sent.numbered
        self._expect_again(again, at)

    def tick(self, at: float) -> list[Outcome]:
        """Apply the timeouts."""
        if self._kept.lines and self._is_quiet(at):
            self._decide(list(self._in_flight), at)
        if all(sent.optional for sent in self._in_flight):
            self._submissions.check_queue(self._idle_since, at)
            self._check_blocked(at)
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

    def _check_blocked(self, at: float) -> None:
        """OctoPrint may wait for the ok of a line that was sent before the first one here, and is lost."""
        since = self._submissions.blocked_since
        if since is None:
            self._fakes = 0
        elif at - max(since, self._unblocked_at) <= self._silence:
            return
        elif self._fakes < MOST_FAKES:
            self._fakes, self._unblocked_at = self._fakes + 1, at
            self._submissions.add(FakeAck())
            self.expect_late_ok(at)
        else:
            self._submissions.abandon("OctoPrint does not send it")

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
        elif not head.probed and at - (head.spoke_at if self._hurries else head.alive_at) > self._silence + dwell(
            head.line
        ):
            head.probed = True
            self._ahead += 1
            self._submissions.add(Probe())

    def _make_room(self, line: str, at: float) -> None:
        """OctoPrint sends another command, so it no longer waits for the ok of the oldest one.

        It does so after some time without any line, also while the printer is at work. An M105 shows whether the ok is
        lost.
        """
        if not self._in_flight and at - self._idle_since > OPTIONAL_S:
            self._ahead = 0
        if self._is_undecided:
            return
        forced = sum(sent.forced for sent in self._in_flight)
        if len(self._in_flight) < self._window + forced + self._ahead or self._in_flight[0].optional:
            return
        if command_of(line) == "M105" and at - self._in_flight[0].alive_at > IDLE_S:
            self._ahead += 1
        else:
            self._give_up_head("the printer did not acknowledge it")
