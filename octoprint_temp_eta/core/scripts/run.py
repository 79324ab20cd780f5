"""The state table of a script's run, from the start command until the printer acknowledges the last line.

Only one run exists at a time. `MOVES` holds every legal transition; an event without a row leaves the phase unchanged
and is logged at debug level. `runner.Runner` applies the table and returns the decisions of each transition.

Couplings beside the table: the runner turns PROCESS_ENDED into PROCESS_ENDED_OFFLINE when the connection is lost, and
it retries the last line before it applies SETTLED.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field, replace
from enum import StrEnum

from ..frozen import frozen
from .settings import Settings


class State(StrEnum):
    """The runner's published state."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    CANCELLING = "cancelling"


class Phase(StrEnum):
    """The runner's internal phase; the value names what it waits for."""

    IDLE = "a start command"
    HOLDING = "print jobs on hold"
    ABORTING = "print jobs on hold, to release them again"
    LOADING = "the script to load"
    RUNNING = "run() to return"
    CLOSING = "the process to exit after its result"
    STOPPING = "the process to exit after SIGTERM"
    SETTLING = "the printer to acknowledge the last line"


class Event(StrEnum):
    """What can happen to a run."""

    START_ACCEPTED = "start accepted"
    JOBS_HELD = "print jobs on hold"
    JOBS_NOT_HELD = "printer not ready"
    RUN_STARTED = "run() started"
    RETURNED = "run() returned"
    RAISED = "script raised"
    STOPPED = "cancelled or timed out"
    LINK_LOST = "printer disconnected"
    PROCESS_ENDED = "process ended"
    PROCESS_ENDED_OFFLINE = "process ended, printer disconnected"
    SETTLED = "last line acknowledged"
    SHUT_DOWN = "OctoPrint shuts down"


_STOPS = {Event.STOPPED: Phase.STOPPING, Event.LINK_LOST: Phase.STOPPING, Event.PROCESS_ENDED: Phase.SETTLING}
_ENDS = {Event.PROCESS_ENDED: Phase.SETTLING, Event.PROCESS_ENDED_OFFLINE: Phase.IDLE}
_SHUTS_DOWN = {Event.SHUT_DOWN: Phase.IDLE}
MOVES: Mapping[Phase, Mapping[Event, Phase]] = {
    Phase.IDLE: {Event.START_ACCEPTED: Phase.HOLDING},
    Phase.HOLDING: {
        Event.JOBS_HELD: Phase.LOADING,
        Event.JOBS_NOT_HELD: Phase.IDLE,
        Event.STOPPED: Phase.ABORTING,
        Event.LINK_LOST: Phase.ABORTING,
        **_SHUTS_DOWN,
    },
    Phase.ABORTING: {Event.JOBS_HELD: Phase.IDLE, Event.JOBS_NOT_HELD: Phase.IDLE, **_SHUTS_DOWN},
    Phase.LOADING: {Event.RUN_STARTED: Phase.RUNNING, Event.RAISED: Phase.CLOSING, **_STOPS, **_SHUTS_DOWN},
    Phase.RUNNING: {Event.RETURNED: Phase.CLOSING, Event.RAISED: Phase.CLOSING, **_STOPS, **_SHUTS_DOWN},
    Phase.CLOSING: {**_ENDS, **_SHUTS_DOWN},
    Phase.STOPPING: {**_ENDS, **_SHUTS_DOWN},
    Phase.SETTLING: {Event.SETTLED: Phase.IDLE, Event.LINK_LOST: Phase.IDLE, **_SHUTS_DOWN},
}

#: The published state of each phase.
STATES: Mapping[Phase, State] = {
    Phase.IDLE: State.IDLE,
    Phase.HOLDING: State.STARTING,
    Phase.ABORTING: State.CANCELLING,
    Phase.LOADING: State.STARTING,
    Phase.RUNNING: State.RUNNING,
    Phase.CLOSING: State.RUNNING,
    Phase.STOPPING: State.CANCELLING,
    Phase.SETTLING: State.CANCELLING,
}


class Outcome(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    FAILED = "failed"
    ERROR = "error"
    CANCELLED = "cancelled"


class Code(StrEnum):
    """The error code of a run that did not finish, as in the contract."""

    FAILED = "script_failed"
    ERROR = "script_error"
    NOT_READY = "printer_not_ready"
    GONE = "printer_gone"
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"


class HeatersAfter(StrEnum):
    """What happens to heater targets that an unfinished run has changed."""

    RESTORED = "restored"
    OFF = "off"
    LEFT = "left"


@frozen
class Flow:
    """How much mecode extrudes per mm of movement while `g.extrude` is set; all in mm.

    The defaults are those of OctoPrint-Automation-Scripts.
    """

    layer_height: float = 0.19
    extrusion_width: float = 0.4
    filament_diameter: float = 1.75


#: The flow of OctoPrint-Automation-Scripts.
DEFAULT_FLOW = Flow()


@frozen
class Run:
    """One run of a script; `started_at` is in Unix seconds."""

    run_id: str
    script_id: str
    title: str
    started_at: float
    #: Heater targets in °C before the run.
    targets: Mapping[str, float] = field(default_factory=dict)
    #: In seconds; None disables the limit.
    time_limit: float | None = None
    heaters_after: HeatersAfter = HeatersAfter.RESTORED
    #: The names of the settings that the script declares.
    declared: Collection[str] = ()
    #: Whether one nozzle, which a changer feeds, is the heater of all tools.
    shared_nozzle: bool = False

    def shifted(self, seconds: float) -> Run:
        """Return this run with its time moved by `seconds`."""
        return replace(self, started_at=self.started_at + seconds)


@frozen
class RunResult:
    """How a run ended.

    `storage` holds the settings that the script returned, `message` its text for the user. `code` classifies `error`.
    """

    outcome: Outcome
    storage: Settings | None = None
    error: str | None = None
    code: Code | None = None
    message: str | None = None

    @classmethod
    def from_error(cls, error: str, code: Code) -> RunResult:
        """Return the result of a run that ended with an error."""
        return cls(Outcome.ERROR, error=error, code=code)


@frozen
class CompletedRun:
    """A run with its result; `ended_at` is in Unix seconds."""

    run: Run
    result: RunResult
    ended_at: float


@frozen
class Hold:
    """Put print jobs on hold and check that the printer is ready."""


@frozen
class Launch:
    """Start the script's process."""


@frozen
class Terminate:
    """Ask the process to exit (SIGTERM)."""


@frozen
class Kill:
    """Kill the process (SIGKILL)."""


@frozen
class Settle:
    """Set `targets` (°C by heater), then send the last line and wait for its acknowledgement.

    With `ask`, the printer is asked for its temperatures and targets before the last line. Of an `unfinished` run, a
    wait for a temperature is ended, and its spindle or laser is switched off.
    """

    targets: Mapping[str, float]
    ask: bool = True
    unfinished: bool = True


@frozen
class Release:
    """Release the printer, and the hold on print jobs unless it ended with its connection."""


@frozen
class StillOn:
    """Report the heaters whose targets could not be set back."""

    run_id: str
    heaters: tuple[str, ...]


@frozen
class UserAwaited:
    """Report that the printer waits for its user, and that the run does not end until then."""

    run_id: str


@frozen
class RunStarted:
    """Publish that run() has started."""

    run: Run


@frozen
class RunEnded:
    """Publish the result of the run."""

    completed: CompletedRun


Decision = Hold | Launch | Terminate | Kill | Settle | StillOn | UserAwaited | Release | RunStarted | RunEnded
