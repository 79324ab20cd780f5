"""The commands in flight, and their possible outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..frozen import frozen
from .printer_lines import ACTION, BUSY, SD_STATUS, TEMPERATURES, command_of

#: The default time limit for a command without a sign of life other than temperatures, in seconds.
LINE_TIMEOUT_S = 3600.0
#: Seconds in which firmware acknowledges a line that is no G, M or T command, if it does.
OPTIONAL_S = 1.0


@frozen
class Acknowledged:
    """The command `key` is acknowledged; `text` is its reply: lines with their newlines, the ok last."""

    key: str
    text: str


@frozen
class Unacknowledged:
    """The command `key` will not be acknowledged; `error` is the reason."""

    key: str
    error: str


@frozen
class FakeAck:
    """An ok was lost: OctoPrint must continue without it."""


@frozen
class Fence:
    """Submit an M105 through OctoPrint's queue."""


@frozen
class Probe:
    """Submit an M105 through OctoPrint's queue, and make OctoPrint send it without the ok that it waits for."""


Outcome = Acknowledged | Unacknowledged | FakeAck | Fence | Probe


@dataclass(slots=True)
class InFlight:
    """A command that was sent and is not acknowledged; `key` is None if it is not ours."""

    key: str | None
    line: str
    #: The last sign of life, and the last one other than temperatures, which count for a command that waits for one.
    alive_at: float
    heard_at: float
    #: Numbers the commands that OctoPrint can send again; others have the number of the next one.
    number: int
    #: Whether the firmware may not acknowledge it at all.
    optional: bool = False
    #: Its ok was given up, or it was sent again after its ok; another ok may arrive.
    given_up: bool = False
    #: Whether OctoPrint sends it again on request. The printer executes others even while it waits for a numbered line,
    #: so that their acknowledgements may come earlier.
    numbered: bool = True
    unordered: bool = False
    #: Sent outside the queue while another command was in flight.
    forced: bool = False
    probed: bool = False
    lines: list[str] = field(default_factory=list)
    #: The last sign of life that the printer does not send on its own: that it is busy.
    spoke_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.spoke_at = self.heard_at

    @property
    def command(self) -> str | None:
        """Its command, such as "G28"."""
        return command_of(self.line)

    def hear(self, at: float) -> None:
        """Note a sign of life."""
        self.alive_at = self.heard_at = self.spoke_at = at


def given_up(sent: InFlight) -> InFlight:
    """Return `sent` as a command whose ok is not expected any more, but may still arrive."""
    return replace(sent, key=None, optional=True, given_up=True, probed=False, lines=[])


def belongs_to(sent: InFlight, line: str) -> bool:
    """Whether `line` is part of the reply to `sent`."""
    return not ACTION.match(line) and (sent.command == "M27" or not SD_STATUS.match(line))


def reply_of(sent: InFlight, reply: list[str]) -> list[str]:
    """Return the lines of `reply`, the ok last, without those that the printer sends unasked."""
    *lines, ok = reply or [""]
    kept = [
        line
        for line in lines
        if line != "wait"
        and not BUSY.match(line)
        and (sent.command == "M105" or not TEMPERATURES.match(line))
        and belongs_to(sent, line)
    ]
    sent.lines = kept
    return [*reply_lines(sent, ok), ok] if ok else []


def reply_lines(sent: InFlight, ok: str) -> list[str]:
    """Return the lines of a reply before its ok."""
    if sent.command != "M105":
        return sent.lines
    # The reply is on the ok line or on the last line before it; earlier temperature lines were sent unasked.
    return [] if ":" in ok else sent.lines[-1:]


def text_of(lines: list[str]) -> str:
    """Return lines with their newlines."""
    return "".join(f"{line}\n" for line in lines)
