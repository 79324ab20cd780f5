"""Inputs about scripts: messages from a run's process, and traffic on the serial line."""

from __future__ import annotations

from ...core.frozen import frozen
from ...core.gcode.motion import Modes
from ...core.gcode.targets import Asked
from ...core.scripts.catalogue import FolderState, Script
from ...core.scripts.settings import Settings


@frozen
class ScriptRunning:
    """The script is loaded and its run() starts."""

    run_id: str


@frozen
class ScriptLine:
    """The script sends one line of G-code and waits for its acknowledgement under the number `seq`.

    `reply` is whether it also uses the printer's reply.
    """

    run_id: str
    seq: int
    line: str
    reply: bool = True


@frozen
class ScriptStatus:
    """The script's `script_status` has changed."""

    run_id: str
    status: str


@frozen
class ScriptLogged:
    """The script logged or printed something; `level` is debug, info, warning or error."""

    run_id: str
    level: str
    message: str


@frozen
class ScriptReturned:
    """run() returned: success, settings to store, and a message for the user."""

    run_id: str
    success: bool
    storage: Settings
    message: str | None = None


@frozen
class ScriptRaised:
    """The script could not be loaded, or run() raised or returned an invalid value."""

    run_id: str
    error: str


@frozen
class ScriptEnded:
    """The process and its children have ended; `how` describes the exit: "was ended by SIGSEGV".

    `exit_status` is negative for a signal and None if the process could not be started. `output` is the end of the
    raw output to stdout and stderr, such as the message of a crash.
    """

    run_id: str
    exit_status: int | None
    how: str
    output: str = ""


@frozen
class JobsHeld:
    """Print jobs are on hold and the printer is ready; otherwise `refusal` is the reason.

    `window` is the number of commands that OctoPrint sends before it waits for an ok. `late_ok` is whether the printer
    may still acknowledge a line whose ok OctoPrint has not waited for, `ok_first` whether it acknowledges lines before
    it executes them. `ignores_errors` is whether OctoPrint ignores errors of the firmware. `modes` are those of the
    lines before. `targets` were asked for before, oldest first, and the printer may not have reported them yet.
    """

    run_id: str
    refusal: str | None = None
    window: int = 1
    late_ok: bool = False
    ok_first: bool = False
    ignores_errors: bool = False
    modes: Modes = Modes()
    targets: tuple[Asked, ...] = ()


@frozen
class LineQueued:
    """OctoPrint has queued `parts` commands for the line `key` so far: plugins may have added some."""

    key: str
    parts: int


@frozen
class LineSuppressed:
    """OctoPrint has not queued the line `key`: `error`, or None if a plugin has carried it out instead."""

    key: str
    error: str | None


@frozen
class OthersLineQueued:
    """OctoPrint has queued a command of someone else, which may be sent much later."""

    line: str


@frozen
class LineSending:
    """A command is about to be sent. `key` marks one of ours; `acknowledged`: an ok is expected."""

    key: str | None
    line: str
    acknowledged: bool


@frozen
class LineSent:
    """A command was sent, or sent again after a resend request (then without its key)."""

    key: str | None
    line: str
    acknowledged: bool


@frozen
class MotionRefused:
    """A line of others was not sent because it would have moved the printer while a script runs."""

    line: str


@frozen
class LineReceived:
    """The printer sent a line."""

    line: str


@frozen
class PrinterGone:
    """The connection is lost, because of an error (`failed`) or not, or the firmware was reset (`reset`).

    `reason` is for the user.
    """

    reason: str
    reset: bool = False
    failed: bool = False


@frozen
class StorageReported:
    """The printer has reported whether it prints a file from its storage (SD card)."""

    printing: bool


@frozen
class EmergencyParser:
    """Whether the firmware handles M108 while it waits for a temperature."""

    present: bool


#: A folder without problems.
SOUND = FolderState()


@frozen
class ScriptsFound:
    """The scripts found in the folder at `path`; `complete` is False while files are still being inspected.

    If the `folder` has an error, which of them there are is unknown.
    """

    path: str
    scripts: tuple[Script, ...]
    folder: FolderState = SOUND
    complete: bool = True


@frozen
class ScriptFolderCreated:
    """The result of the `CreateScriptFolder` with this `token`; `error` is the reason why there is no folder."""

    token: int
    error: str | None = None


@frozen
class ConnectCommandsRead:
    """The lines of a script to send on connect, or the error of `__script_commands__`; `request` is the effect's."""

    script_id: str
    lines: tuple[str, ...] = ()
    error: str | None = None
    request: int = 0


ScriptMessage = ScriptRunning | ScriptLine | ScriptStatus | ScriptLogged | ScriptReturned | ScriptRaised | ScriptEnded
LineInput = LineQueued | OthersLineQueued | LineSuppressed | LineSending | LineSent | LineReceived | MotionRefused
ScriptInput = (
    ScriptMessage
    | LineInput
    | JobsHeld
    | PrinterGone
    | StorageReported
    | EmergencyParser
    | ScriptsFound
    | ConnectCommandsRead
    | ScriptFolderCreated
)
