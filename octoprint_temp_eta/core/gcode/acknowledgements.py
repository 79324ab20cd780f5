"""Matches the printer's lines to the commands that they acknowledge, as OctoPrint sends them one at a time.

A command of ours is `submit`ted; `queued` reports when OctoPrint makes several commands of it, or none. Every command,
also of others, is reported by `sending` and `sent`. The lines between a command and its ok are its reply, without the
lines that the printer sends unasked. A lost ok ends in `Unacknowledged` in bounded time.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

from .resend import Resend

#: Seconds without a sign of life after which an ok counts as lost. Some firmware is silent during long moves.
SILENCE_S = 300.0
#: Seconds after which a queued command that is not sent, while the line is idle, counts as removed by a plugin.
SWALLOWED_S = 5.0
#: Seconds after which a "wait" from the printer (it is idle) means that an ok was lost.
IDLE_S = 2.5
#: How many lines OctoPrint can resend.
_REPEATABLE = 50

_TEMPERATURES = re.compile(r"\s*(?:T\d*|B|C)\s*:\s*-?\d+(?:\.\d+)?(?:\s|/|$)")
_SD_STATUS = re.compile(r"(?:SD printing byte|Not (?:currently |SD )printing)", re.IGNORECASE)
_BUSY = re.compile(r"(?:echo:\s*)?busy:", re.IGNORECASE)
_RESEND = re.compile(r"(?:resend|rs)\b", re.IGNORECASE)
_ACTION = re.compile(r"//\s*action:", re.IGNORECASE)
_NO_LINE_NUMBER = re.compile(r"error:\s*no line number with checksum", re.IGNORECASE)
_COMMAND = re.compile(r"\s*([GMT]\d+)")
_DWELL = re.compile(r"([PS])(\d+(?:\.\d+)?)")
_DWELL_UNITS = {"P": 0.001, "S": 1.0}

#: Commands that report temperatures while they wait for one: the reports are a sign of life.
HEAT_WAITS = frozenset({"M109", "M190", "M191", "M303"})


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The command `key` is acknowledged; `text` is its reply: lines with their newlines, the ok last."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """The command `key` will not be acknowledged; `error` is the reason."""

    key: str
    error: str


@dataclass(frozen=True, slots=True)
class FakeAck:
    """An ok was lost: OctoPrint must continue without it."""


Outcome = Acknowledged | Unacknowledged | FakeAck


@dataclass(slots=True)
class _Submitted:
    """A command of ours; plugins may have made several commands of it."""

    line: str
    at: float
    #: How many commands OctoPrint has queued for it.
    parts: int = 1
    acknowledged: int = 0
    started: bool = False
    text: str = ""


@dataclass(slots=True)
class _InFlight:
    """A command that was sent and is not acknowledged; `key` is None if it is not ours."""

    key: str | None
    line: str
    alive_at: float
    #: Sent outside the queue while another command was in flight.
    forced: bool = False
    resend: Resend | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def command(self) -> str | None:
        return command_of(self.line)


class Acknowledgements:
    """The commands in flight and their replies so far."""

    def __init__(self, window: int = 1) -> None:
        #: How many commands OctoPrint sends before it waits for an ok.
        self._window = window
        self._submitted: dict[str, _Submitted] = {}
        self._in_flight: deque[_InFlight] = deque()
        #: The newest lines sent through OctoPrint's queue, those in flight last.
        self._sent: deque[str] = deque(maxlen=_REPEATABLE)
        self._idle_since = 0.0
        self._outcomes: list[Outcome] = []

    @property
    def heat_wait(self) -> bool:
        """Whether the printer waits for a temperature and processes nothing else."""
        return any(sent.command in HEAT_WAITS for sent in self._in_flight)

    def submit(self, key: str, line: str, at: float) -> None:
        """Expect an acknowledgement of `line`, which is passed to OctoPrint now."""
        self._submitted[key] = _Submitted(line, at)

    def queued(self, key: str, parts: int) -> list[Outcome]:
        """OctoPrint has queued `parts` commands for a submitted one; 0 means that it was suppressed."""
        submitted = self._submitted.get(key)
        if submitted is not None:
            submitted.parts = parts
            if parts == 0:
                self._fail(key, "OctoPrint did not send it: it is a blocked command, or a plugin suppressed it")
        return self._take_outcomes()

    def sending(self, key: str | None, line: str, at: float, *, acknowledged: bool) -> list[Outcome]:
        """A command is about to be sent; `acknowledged` is False if no ok is expected."""
        if key in self._submitted:
            self._submitted[key].started = True
        if line.startswith("@"):
            self._acknowledge(key, "")
        elif acknowledged:
            self._make_room(at)
            self._in_flight.append(_InFlight(key, line, at))
            self._sent.append(line)
        return self._take_outcomes()

    def force(self, line: str, at: float) -> None:
        """A command of ours is sent outside the queue; its ok follows those of the commands in flight."""
        self._in_flight.append(_InFlight(None, line, at, forced=True))

    def sent(self, key: str | None, line: str, at: float, *, acknowledged: bool) -> list[Outcome]:
        """A command was sent, or sent again after a resend request (then without its key)."""
        if not acknowledged:
            self._acknowledge(key, "")
            self._idle_since = at
        elif key is None and self._in_flight and self._in_flight[0].resend is not None:
            self._repeat(self._in_flight[0], self._in_flight[0].resend, line, at)
        return self._take_outcomes()

    def received(self, line: str, at: float) -> list[Outcome]:
        """The printer sent `line`."""
        line = line.rstrip("\r\n")
        if self._in_flight and line:
            self._take(self._in_flight[0], line, at)
        return self._take_outcomes()

    def tick(self, at: float) -> list[Outcome]:
        """Apply the timeouts."""
        if self._in_flight:
            head = self._in_flight[0]
            if head.resend is not None and head.resend.complete_by(at):
                self._end(head, head.resend.ok, at)
            elif at - head.alive_at > SILENCE_S + dwell(head.line):
                self._lose(f"the printer did not acknowledge it and sent nothing for {SILENCE_S:.0f} s", at)
        else:
            for key, submitted in list(self._submitted.items()):
                waits_since = max(self._idle_since, submitted.at)
                if not submitted.started and at - waits_since > SWALLOWED_S:
                    self._fail(key, "another plugin removed it from OctoPrint's queue")
        return self._take_outcomes()

    def abandon(self, reason: str) -> list[Outcome]:
        """End every command without an acknowledgement."""
        for key in list(self._submitted):
            self._fail(key, reason)
        self._in_flight.clear()
        return self._take_outcomes()

    def _take(self, head: _InFlight, line: str, at: float) -> None:
        if line.startswith("ok"):
            self._take_ok(head, line, at)
        elif line == "wait":
            if at - head.alive_at > IDLE_S:
                self._lose("its ok was lost", at)
        elif _BUSY.match(line):
            head.alive_at = at
        elif _RESEND.match(line):
            # The lines so far were about the garbled line.
            head.resend, head.alive_at = Resend(self._sent_up_to_head()), at
            head.lines.clear()
        elif _NO_LINE_NUMBER.match(line):
            # OctoPrint treats this line as an ok.
            self._pop(at)
            if head.key is not None:
                self._fail(head.key, line)
        elif _TEMPERATURES.match(line):
            if head.command in HEAT_WAITS:
                head.alive_at = at
            elif head.command == "M105":
                head.lines.append(line)
        elif not _ACTION.match(line) and (head.command == "M27" or not _SD_STATUS.match(line)):
            head.alive_at = at
            head.lines.append(line)

    def _take_ok(self, head: _InFlight, line: str, at: float) -> None:
        resend = head.resend
        if resend is not None:
            resend.take_ok(line, at)
            head.alive_at = at
        if resend is None or resend.complete:
            self._end(head, line, at)

    def _repeat(self, head: _InFlight, resend: Resend, line: str, at: float) -> None:
        resend.sent_again(line)
        if resend.is_after_others:
            # The lines so far belong to earlier commands.
            head.lines.clear()
        if resend.complete:
            self._end(head, resend.ok, at)

    def _sent_up_to_head(self) -> list[str]:
        later = sum(not sent.forced for sent in self._in_flight) - 1
        return list(self._sent)[: len(self._sent) - later]

    def _end(self, head: _InFlight, ok: str, at: float) -> None:
        self._pop(at)
        if head.command == "M105":
            # The reply is on the ok line or on the last line before it; earlier temperature lines were sent unasked.
            head.lines = [] if ":" in ok else head.lines[-1:]
        self._acknowledge(head.key, "".join(f"{each}\n" for each in [*head.lines, ok]))

    def _acknowledge(self, key: str | None, text: str) -> None:
        if key in self._submitted:
            submitted = self._submitted[key]
            submitted.acknowledged += 1
            submitted.text += text
            self._complete(key)

    def _complete(self, key: str) -> None:
        submitted = self._submitted[key]
        if submitted.acknowledged >= submitted.parts:
            del self._submitted[key]
            self._outcomes.append(Acknowledged(key, submitted.text))

    def _make_room(self, at: float) -> None:
        """OctoPrint sends another command, so it no longer waits for the ok of the oldest one."""
        forced = sum(sent.forced for sent in self._in_flight)
        while len(self._in_flight) >= self._window + forced:
            head = self._in_flight[0]
            forced -= head.forced
            if head.resend is not None and head.resend.may_be_complete:
                self._end(head, head.resend.ok, at)
                continue
            self._pop(at)
            if head.key is not None:
                self._fail(head.key, "the printer did not acknowledge it")

    def _lose(self, error: str, at: float) -> None:
        lost = self._pop(at)
        if lost.key is not None:
            self._fail(lost.key, error)
        self._outcomes.append(FakeAck())

    def _pop(self, at: float) -> _InFlight:
        popped = self._in_flight.popleft()
        if self._in_flight:
            self._in_flight[0].alive_at = at
        else:
            self._idle_since = at + dwell(popped.line)
        return popped

    def _fail(self, key: str, error: str) -> None:
        if self._submitted.pop(key, None) is not None:
            self._outcomes.append(Unacknowledged(key, error))

    def _take_outcomes(self) -> list[Outcome]:
        told, self._outcomes = self._outcomes, []
        return told


def command_of(line: str) -> str | None:
    """Return the command at the start of `line`, such as "G28" or "T0", or None."""
    match = _COMMAND.match(line)
    return match[1] if match else None


def dwell(line: str) -> float:
    """Return the duration of a dwell command in seconds, 0 for other commands."""
    if command_of(line) not in ("G4", "G04"):
        return 0.0
    return max((float(value) * _DWELL_UNITS[unit] for unit, value in _DWELL.findall(line)), default=0.0)
