"""Our commands, from their submission to OctoPrint until they are acknowledged or fail."""

from __future__ import annotations

from dataclasses import dataclass

from .in_flight import Acknowledged, Fence, Outcome, Unacknowledged
from .motion import MODES

#: Seconds that a queued command waits for its sending although the line is idle, before an M105 is sent after it.
SWALLOWED_S = 5.0
REMOVED = "another plugin removed it from OctoPrint's queue"
#: The lines that restore a mode.
_MODES = (MODES - {"T"}) | {f"T{number}" for number in range(32)}


@dataclass(slots=True)
class _Submitted:
    """A command of ours; plugins may have made several commands of it."""

    line: str
    #: Whether the caller needs the reply, not only the acknowledgement.
    reply: bool
    queued_at: float | None = None
    #: Since when it waits although the line was idle. OctoPrint's polls of the temperatures end neither.
    waits_since: float | None = None
    #: How many commands OctoPrint has queued for it.
    parts: int = 1
    acknowledged: int = 0
    started: bool = False
    #: When an M105 was submitted after it, None if none was.
    fenced_at: float | None = None
    text: str = ""


class Submissions:
    """Our commands by key, and the outcomes that are to be reported."""

    def __init__(self, *, ok_first: bool = False) -> None:
        #: Whether the printer acknowledges a line before it executes it. What precedes an ok is then another line's.
        self._ok_first = ok_first
        self._submitted: dict[str, _Submitted] = {}
        self._outcomes: list[Outcome] = []

    def submit(self, key: str, line: str, *, reply: bool) -> None:
        """Add a command; `reply` is whether its reply is used."""
        self._submitted[key] = _Submitted(line, reply)

    def queued(self, key: str, parts: int, at: float) -> None:
        """OctoPrint has queued `parts` commands for a submitted one so far."""
        submitted = self._submitted.get(key)
        if submitted is not None:
            submitted.parts, submitted.queued_at = max(parts, 1), at
            if submitted.acknowledged >= submitted.parts:
                self._complete(key)

    def started(self, sent: str | None) -> None:
        """A command is about to be sent.

        OctoPrint's queue keeps the order: what was submitted before it and not sent was removed by a plugin.
        """
        if sent not in self._submitted:
            return
        self._submitted[sent].started = True
        for key, submitted in list(self._submitted.items()):
            if key == sent:
                return
            if not submitted.started and submitted.queued_at is not None:
                self.fail(key, REMOVED)

    def check_queue(self, idle_since: float, at: float) -> None:
        """Send an M105 after a command that is not sent although the line is idle: it shows whether that is gone."""
        if any(submitted.fenced_at is not None for submitted in self._submitted.values()):
            return
        for submitted in self._submitted.values():
            if submitted.started or submitted.queued_at is None:
                continue
            if submitted.waits_since is None:
                submitted.waits_since = max(idle_since, submitted.queued_at)
            if at - submitted.waits_since > SWALLOWED_S:
                submitted.fenced_at = at
                self.add(Fence())
                return

    @property
    def blocked_since(self) -> float | None:
        """Since when OctoPrint sends neither a queued command nor the M105 after it, None if it sends."""
        waiting = (each.fenced_at for each in self._submitted.values() if not each.started)
        return min((at for at in waiting if at is not None), default=None)

    def uses_reply(self, key: str | None) -> bool:
        """Whether the reply to the command `key` is used."""
        return key in self._submitted and self._submitted[key].reply

    def acknowledge(self, key: str | None, text: str, line: str = "") -> None:
        """A command of `key` is acknowledged with the reply `text`; `line` is what was sent."""
        if key not in self._submitted:
            return
        submitted = self._submitted[key]
        submitted.acknowledged += 1
        if not (line in _MODES and line != submitted.line):
            # The reply to a mode that is restored before the line is not the line's.
            submitted.text += text.splitlines(keepends=True)[-1] if self._ok_first and text else text
        if submitted.acknowledged >= submitted.parts:
            self._complete(key)

    def fail(self, key: str | None, error: str) -> None:
        """The command `key` will not be acknowledged."""
        if key is not None and self._submitted.pop(key, None) is not None:
            self.add(Unacknowledged(key, error))

    def abandon(self, reason: str) -> None:
        """Fail all commands."""
        for key in list(self._submitted):
            self.fail(key, reason)

    def add(self, outcome: Outcome) -> None:
        """Report `outcome`."""
        self._outcomes.append(outcome)

    def take(self) -> list[Outcome]:
        """Return the outcomes since the last call."""
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def _complete(self, key: str) -> None:
        self.add(Acknowledged(key, self._submitted.pop(key).text))
