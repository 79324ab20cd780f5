"""What can happen around a script's run: said by its process, or seen on the printer's line."""

from __future__ import annotations

from dataclasses import dataclass

from octoprint_temp_eta.core.script_settings import Settings


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
    """The process is gone, with all that it started.

    `exit_status` is negative for a signal and None where the process could not be started; `output` is the end of
    what was written around `print` and the logger, such as the last words of a crash.
    """

    run_id: str
    exit_status: int | None
    output: str = ""


ScriptSaid = ScriptRunning | ScriptLine | ScriptStatus | ScriptLogged | ScriptReturned | ScriptRaised | ScriptEnded
