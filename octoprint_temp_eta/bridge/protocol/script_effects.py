"""What the bridge can ask for around scripts: of their folder, their process, the printer, and OctoPrint's events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...core.scripts.settings import Settings


@dataclass(frozen=True, slots=True)
class ScanScripts:
    """Look what lies in the folder of scripts; comes back as `ScriptsFound`."""

    folder: str


@dataclass(frozen=True, slots=True)
class AskCommands:
    """Have a script say what it wants sent on connect; comes back as `CommandsTold`."""

    folder: str
    file: str
    script_id: str
    stored: Settings


@dataclass(frozen=True, slots=True)
class StartScript:
    """Start the process of a run."""

    run_id: str
    folder: str
    file: str
    stored: Settings
    given: Settings


@dataclass(frozen=True, slots=True)
class TerminateScript:
    """Ask the run's process to end."""


@dataclass(frozen=True, slots=True)
class KillScript:
    """End the run's process, if there is one."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """Give the script the printer's answer to its line number `seq`."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class RefuseLine:
    """Tell the script that its line number `seq` was not sent, or not answered."""

    seq: int
    error: str


@dataclass(frozen=True, slots=True)
class HoldJobs:
    """Hold OctoPrint's print jobs; comes back as `JobsHeld`."""

    run_id: str


@dataclass(frozen=True, slots=True)
class ReleaseJobs:
    """The run is over for the printer; let the print jobs go on, unless their hold has gone with the connection."""

    held: bool = True


@dataclass(frozen=True, slots=True)
class SendLine:
    """Send a line to the printer, and tell what becomes of it under `key`."""

    key: str
    line: str


@dataclass(frozen=True, slots=True)
class SendLines:
    """Send lines to the printer, and ask nothing about them."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BreakHeatWait:
    """Make the firmware stop waiting for a temperature, past the queue."""


@dataclass(frozen=True, slots=True)
class FakeOk:
    """Make OctoPrint go on without the printer's ok."""


@dataclass(frozen=True, slots=True)
class FireEvent:
    """Fire an event on OctoPrint's event bus."""

    name: str
    payload: Mapping[str, Any]


ScriptEffect = (
    ScanScripts
    | AskCommands
    | StartScript
    | TerminateScript
    | KillScript
    | AnswerLine
    | RefuseLine
    | HoldJobs
    | ReleaseJobs
    | SendLine
    | SendLines
    | BreakHeatWait
    | FakeOk
    | FireEvent
)
