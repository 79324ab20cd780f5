"""Effects for scripts: on their folder, their process, the printer, and OctoPrint's event bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ...core.frozen import frozen
from ...core.scripts.run import DEFAULT_FLOW, Flow
from ...core.scripts.settings import Settings


@frozen
class ScanScripts:
    """Scan the script folder; the result is the input `ScriptsFound`."""

    folder: str


@frozen
class CreateScriptFolder:
    """Create the script folder; the result is the input `ScriptFolderCreated`."""

    folder: str
    token: int
    #: Whether to copy an example script into it.
    example: bool = False


@frozen
class ReadConnectCommands:
    """Call a script's `__script_commands__`; the result is the input `ConnectCommandsRead`."""

    folder: str
    file: str
    script_id: str
    stored: Settings
    request: int = 0


@frozen
class StartScript:
    """Start the process of a run."""

    run_id: str
    folder: str
    file: str
    stored: Settings
    given: Settings
    #: Keyword arguments for run().
    arguments: Settings = field(default_factory=dict)
    flow: Flow = DEFAULT_FLOW


@frozen
class TerminateScript:
    """Ask the run's process to exit."""


@frozen
class KillScript:
    """Kill the run's process, if any."""


@frozen
class ReplyToLine:
    """Pass the printer's reply to line `seq` to the script."""

    seq: int
    text: str


@frozen
class RejectLine:
    """Fail line `seq` in the script: it was not sent, or not acknowledged."""

    seq: int
    error: str


@frozen
class HoldJobs:
    """Put OctoPrint's print jobs on hold; the result is the input `JobsHeld`.

    Until `ReleaseJobs` others may not move the printer unless `allow_motion` is set.
    """

    run_id: str
    allow_motion: bool = False


@frozen
class ReleaseJobs:
    """Stop observing the line, and release print jobs unless the hold ended with its connection."""


@frozen
class SendLine:
    """Send a line to the printer; the inputs about it carry `key`."""

    key: str
    line: str


@frozen
class SendLines:
    """Send lines to the printer without tracking them, unless a print runs."""

    lines: tuple[str, ...]


@frozen
class DropLines:
    """Send none of the script's lines that are still in OctoPrint's queue, unless others depend on them."""


@frozen
class BreakHeatWait:
    """Send M108 outside the queue, to end the firmware's wait for a temperature."""


@frozen
class FakeOk:
    """Make OctoPrint continue without the printer's ok."""


@frozen
class AwaitLines:
    """OctoPrint stops: give the run's lines more time to reach the printer, and forget the run once they were sent."""


@frozen
class FireEvent:
    """Fire an event on OctoPrint's event bus."""

    name: str
    payload: Mapping[str, Any]


ScriptEffect = (
    ScanScripts
    | CreateScriptFolder
    | ReadConnectCommands
    | StartScript
    | TerminateScript
    | KillScript
    | ReplyToLine
    | RejectLine
    | HoldJobs
    | ReleaseJobs
    | SendLine
    | SendLines
    | DropLines
    | BreakHeatWait
    | FakeOk
    | AwaitLines
    | FireEvent
)
