"""Which of the printer's lines answer which command: seen through OctoPrint, which sends one command at a time.

A command of ours is `submit`ted; where OctoPrint has made more than one of it, or none, it says so (`queued`). Of every
command, also of others, it says when it goes out (`sending`, `sent`). The lines from then to its ok are its answer,
without what the printer says by itself meanwhile. Whatever gets lost on the way ends in `Unanswered`, in bounded time.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

from .resend import Repetition

#: s without a sign of life after which a command counts as lost. Long moves say nothing on some firmware.
SILENCE_S = 300.0
#: s after which a queued command that is not sent, while nothing else is, was taken out by another plugin.
SWALLOWED_S = 5.0
#: s after which a printer that says "wait" (it has nothing to do) has lost an ok.
IDLE_S = 2.5
#: Lines that OctoPrint can repeat.
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

#: Commands that report temperatures while they wait for one: these are a sign of life.
HEAT_WAITS = frozenset({"M109", "M190", "M191", "M303"})


@dataclass(frozen=True, slots=True)
class Answered:
    """The command `key` is acknowledged; `text` are the lines of its answer, each with its newline, the ok last."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The command `key` got no answer, and will get none; `error` says why."""

    key: str
    error: str


@dataclass(frozen=True, slots=True)
class FakeAck:
    """An ok was lost: OctoPrint has to go on without it, else it waits for ever."""


Outcome = Answered | Unanswered | FakeAck


@dataclass(slots=True)
class _Submitted:
    """A command of ours on its way; another plugin may have made several of it."""

    line: str
    at: float
    #: How many commands OctoPrint has made of it.
    parts: int = 1
    acknowledged: int = 0
    begun: bool = False
    text: str = ""


@dataclass(slots=True)
class _UnderWay:
    """A command that was sent and not yet acknowledged, ours or another's (`key` None)."""

    key: str | None
    line: str
    alive_at: float
    #: Sent past the queue, while another one was under way.
    forced: bool = False
    repetition: Repetition | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def command(self) -> str | None:
        return command_of(self.line)


class Answers:
    """The commands on their way and their answers so far."""

    def __init__(self, window: int = 1) -> None:
        #: How many commands OctoPrint has under way at once.
        self._window = window
        self._submitted: dict[str, _Submitted] = {}
        self._under_way: deque[_UnderWay] = deque()
        #: The newest lines that went out through OctoPrint's queue, those under way last.
        self._sent: deque[str] = deque(maxlen=_REPEATABLE)
        self._idle_since = 0.0
        self._outcomes: list[Outcome] = []

    @property
    def heat_wait(self) -> bool:
        """Whether the printer waits for a temperature and answers nothing else."""
        return any(sent.command in HEAT_WAITS for sent in self._under_way)

    def submit(self, key: str, line: str, at: float) -> None:
        """Expect an answer to `line`, which is given to OctoPrint now."""
        self._submitted[key] = _Submitted(line, at)

    def queued(self, key: str, parts: int) -> list[Outcome]:
        """OctoPrint has not made one but `parts` commands of a submitted one; none: it was suppressed."""
        submitted = self._submitted.get(key)
        if submitted is not None:
            submitted.parts = parts
            if parts == 0:
                self._fail(key, "OctoPrint did not send it: it is blocked, or was suppressed by a plugin")
        return self._told()

    def sending(self, key: str | None, line: str, at: float, *, acknowledged: bool) -> list[Outcome]:
        """A command goes out now; `acknowledged` is False where the printer owes no ok for it."""
        if key in self._submitted:
            self._submitted[key].begun = True
        if line.startswith("@"):
            self._acknowledge(key, "")
        elif acknowledged:
            self._make_room(at)
            self._under_way.append(_UnderWay(key, line, at))
            self._sent.append(line)
        return self._told()

    def force(self, line: str, at: float) -> None:
        """A command of ours goes out past the queue; its ok comes after those that are due before it."""
        self._under_way.append(_UnderWay(None, line, at, forced=True))

    def sent(self, key: str | None, line: str, at: float, *, acknowledged: bool) -> list[Outcome]:
        """A command has gone out, or was repeated: then OctoPrint no longer knows whose it was."""
        if not acknowledged:
            self._acknowledge(key, "")
            self._idle_since = at
        elif key is None and self._under_way and self._under_way[0].repetition is not None:
            self._repeat(self._under_way[0], self._under_way[0].repetition, line, at)
        return self._told()

    def received(self, line: str, at: float) -> list[Outcome]:
        """The printer said `line`."""
        line = line.rstrip("\r\n")
        if self._under_way and line:
            self._take(self._under_way[0], line, at)
        return self._told()

    def tick(self, at: float) -> list[Outcome]:
        """Give up what has waited for too long."""
        if self._under_way:
            head = self._under_way[0]
            if head.repetition is not None and head.repetition.over_by(at):
                self._end(head, head.repetition.ok, at)
            elif at - head.alive_at > SILENCE_S + dwell(head.line):
                self._lose(f"the printer has not acknowledged it, and said nothing for {SILENCE_S:.0f} s", at)
        else:
            for key, submitted in list(self._submitted.items()):
                waits_since = max(self._idle_since, submitted.at)
                if not submitted.begun and at - waits_since > SWALLOWED_S:
                    self._fail(key, "another plugin has taken it out of OctoPrint's queue")
        return self._told()

    def abandon(self, reason: str) -> list[Outcome]:
        """Nothing more is to be expected: every command ends without an answer."""
        for key in list(self._submitted):
            self._fail(key, reason)
        self._under_way.clear()
        return self._told()

    def _take(self, head: _UnderWay, line: str, at: float) -> None:
        if line.startswith("ok"):
            self._take_ok(head, line, at)
        elif line == "wait":
            if at - head.alive_at > IDLE_S:
                self._lose("its ok got lost", at)
        elif _BUSY.match(line):
            head.alive_at = at
        elif _RESEND.match(line):
            # What was said so far was about the garbled line.
            head.repetition, head.alive_at = Repetition(self._sent_up_to_head()), at
            head.lines.clear()
        elif _NO_LINE_NUMBER.match(line):
            # OctoPrint goes on as if this were an ok.
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

    def _take_ok(self, head: _UnderWay, line: str, at: float) -> None:
        repetition = head.repetition
        if repetition is not None:
            repetition.take_ok(line, at)
            head.alive_at = at
        if repetition is None or repetition.over:
            self._end(head, line, at)

    def _repeat(self, head: _UnderWay, repetition: Repetition, line: str, at: float) -> None:
        repetition.repeat(line)
        if repetition.is_after_others:
            # The lines so far answer the ones before.
            head.lines.clear()
        if repetition.over:
            self._end(head, repetition.ok, at)

    def _sent_up_to_head(self) -> list[str]:
        later = sum(not sent.forced for sent in self._under_way) - 1
        return list(self._sent)[: len(self._sent) - later]

    def _end(self, head: _UnderWay, ok: str, at: float) -> None:
        self._pop(at)
        if head.command == "M105":
            # The answer is on the line of the ok, or it is the last one before: the others came by themselves.
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
            self._outcomes.append(Answered(key, submitted.text))

    def _make_room(self, at: float) -> None:
        """OctoPrint sends another command: it has stopped waiting for the ok of the oldest one, and so do we."""
        forced = sum(sent.forced for sent in self._under_way)
        while len(self._under_way) >= self._window + forced:
            head = self._under_way[0]
            forced -= head.forced
            if head.repetition is not None and head.repetition.may_be_over:
                self._end(head, head.repetition.ok, at)
                continue
            self._pop(at)
            if head.key is not None:
                self._fail(head.key, "the printer has not acknowledged it")

    def _lose(self, error: str, at: float) -> None:
        lost = self._pop(at)
        if lost.key is not None:
            self._fail(lost.key, error)
        self._outcomes.append(FakeAck())

    def _pop(self, at: float) -> _UnderWay:
        popped = self._under_way.popleft()
        if self._under_way:
            self._under_way[0].alive_at = at
        else:
            self._idle_since = at + dwell(popped.line)
        return popped

    def _fail(self, key: str, error: str) -> None:
        if self._submitted.pop(key, None) is not None:
            self._outcomes.append(Unanswered(key, error))

    def _told(self) -> list[Outcome]:
        told, self._outcomes = self._outcomes, []
        return told


def command_of(line: str) -> str | None:
    """Return the command at the beginning of `line`, such as "G28" or "T0"; None where there is none."""
    match = _COMMAND.match(line)
    return match[1] if match else None


def dwell(line: str) -> float:
    """Return for how many seconds `line` asks the printer to do nothing."""
    if command_of(line) not in ("G4", "G04"):
        return 0.0
    return max((float(value) * _DWELL_UNITS[unit] for unit, value in _DWELL.findall(line)), default=0.0)
