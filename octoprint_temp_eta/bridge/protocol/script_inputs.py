"""What can happen around a script's run: said by its process, or seen on the printer's line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...core.scripts.catalogue import Script
from ...core.scripts.settings import Settings


@dataclass(frozen=True, slots=True)
class ScriptRunning:
    """The script is loaded and its run() begins."""

    run_id: str


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """The script wants one line of G-code sent, and waits for its answer under the number `seq`."""

    run_id: str
    seq: int
    line: str


@dataclass(frozen=True, slots=True)
class ScriptStatus:
    """The script's `script_status` is another one."""

    run_id: str
    status: str


@dataclass(frozen=True, slots=True)
class ScriptLogged:
    """The script logged or printed something; `level` is debug, info, warning or error."""

    run_id: str
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class ScriptReturned:
    """run() returned: whether it succeeded, what it wants stored, and its message for the user."""

    run_id: str
    success: bool
    storage: Settings
    message: str | None = None


@dataclass(frozen=True, slots=True)
class ScriptRaised:
    """The script could not be loaded, or run() did not return as it should."""

    run_id: str
    error: str


@dataclass(frozen=True, slots=True)
class ScriptEnded:
    """The process is gone, with all that it started; `how` says it in words: "was ended by SIGSEGV".

    `exit_status` is negative for a signal and None where the process could not be started; `output` is the end of
    what was written around `print` and the logger, such as the last words of a crash.
    """

    run_id: str
    exit_status: int | None
    how: str
    output: str = ""


@dataclass(frozen=True, slots=True)
class JobsHeld:
    """OctoPrint holds its print jobs for the run and the printer is ready; or not: `refusal` says why, for people.

    `window` is how many commands OctoPrint has under way at once.
    """

    run_id: str
    refusal: str | None = None
    window: int = 1


@dataclass(frozen=True, slots=True)
class LineQueued:
    """OctoPrint has not made one but `parts` commands of the line that it got as `key`; none: it suppressed it."""

    key: str
    parts: int


@dataclass(frozen=True, slots=True)
class LineSending:
    """A command goes out to the printer, one of ours (`key`) or another's; `acknowledged`: the printer owes an ok."""

    key: str | None
    line: str
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class LineSent:
    """A command has gone out, or was repeated, which is nobody's any more."""

    key: str | None
    line: str
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class LineReceived:
    """The printer has said something."""

    line: str


@dataclass(frozen=True, slots=True)
class PrinterGone:
    """The connection is gone, or the firmware has begun anew (`reset`); `reason` is for people."""

    reason: str
    reset: bool = False


@dataclass(frozen=True, slots=True)
class EmergencyParser:
    """Whether the firmware obeys M108 while it waits for a temperature."""

    present: bool


@dataclass(frozen=True, slots=True)
class ScriptsFound:
    """What lies in the folder of scripts."""

    scripts: tuple[Script, ...]


@dataclass(frozen=True, slots=True)
class CommandsTold:
    """What a script wants sent on connect, or why it cannot tell."""

    script_id: str
    lines: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ScriptSettingsGiven:
    """Settings of a script through the REST interface: the one who waits has the `ticket`."""

    body: Mapping[str, Any]
    ticket: int


ScriptSaid = ScriptRunning | ScriptLine | ScriptStatus | ScriptLogged | ScriptReturned | ScriptRaised | ScriptEnded
LineInput = LineQueued | LineSending | LineSent | LineReceived
ScriptInput = (
    ScriptSaid
    | LineInput
    | JobsHeld
    | PrinterGone
    | EmergencyParser
    | ScriptsFound
    | CommandsTold
    | ScriptSettingsGiven
)
