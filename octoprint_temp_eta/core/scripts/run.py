"""A script's run, from the command to start it until the printer has acknowledged its end. One at a time.

The legal moves are the rows of `MOVES`: what happens in a phase leads to the next one, and what has no row in a phase
changes nothing in it. `runner.Runner` makes the moves, and says what is to be done at each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .settings import Settings


class State(StrEnum):
    """What the runner is doing, as it is told."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    CANCELLING = "cancelling"


class Phase(StrEnum):
    """What the runner waits for."""

    IDLE = "a start"
    HOLDING = "the print jobs to be held"
    ABORTING = "the print jobs to be held, to let them go again"
    LOADING = "the script to be loaded"
    RUNNING = "run() to return"
    CLOSING = "the process to end, which has said all"
    STOPPING = "the process to end, which was told to"
    SETTLING = "the printer to acknowledge the G90 after the run"


class Event(StrEnum):
    """What can happen to a run."""

    STARTED = "a start is accepted"
    HELD = "the print jobs are held"
    NOT_HELD = "they are not: the printer is not ready"
    RUNS = "run() begins"
    TOLD_RESULT = "run() returned"
    TOLD_ERROR = "the script went wrong"
    STOPPED = "it is cancelled, or takes too long"
    LINK_LOST = "the printer is gone"
    ENDED = "the process is gone"
    ENDED_ALONE = "the process is gone, and so is the printer"
    SETTLED = "the printer has acknowledged the G90"
    SHUT_DOWN = "OctoPrint shuts down"


_STOPS = {Event.STOPPED: Phase.STOPPING, Event.LINK_LOST: Phase.STOPPING, Event.ENDED: Phase.SETTLING}
_ENDS = {Event.ENDED: Phase.SETTLING, Event.ENDED_ALONE: Phase.IDLE}
_SHUTS_DOWN = {Event.SHUT_DOWN: Phase.IDLE}
MOVES: Mapping[Phase, Mapping[Event, Phase]] = {
    Phase.IDLE: {Event.STARTED: Phase.HOLDING},
    Phase.HOLDING: {
        Event.HELD: Phase.LOADING,
        Event.NOT_HELD: Phase.IDLE,
        Event.STOPPED: Phase.ABORTING,
        Event.LINK_LOST: Phase.ABORTING,
        **_SHUTS_DOWN,
    },
    Phase.ABORTING: {Event.HELD: Phase.IDLE, Event.NOT_HELD: Phase.IDLE, **_SHUTS_DOWN},
    Phase.LOADING: {Event.RUNS: Phase.RUNNING, Event.TOLD_ERROR: Phase.CLOSING, **_STOPS, **_SHUTS_DOWN},
    Phase.RUNNING: {Event.TOLD_RESULT: Phase.CLOSING, Event.TOLD_ERROR: Phase.CLOSING, **_STOPS, **_SHUTS_DOWN},
    Phase.CLOSING: {**_ENDS, **_SHUTS_DOWN},
    Phase.STOPPING: {**_ENDS, **_SHUTS_DOWN},
    Phase.SETTLING: {Event.SETTLED: Phase.IDLE, Event.LINK_LOST: Phase.IDLE, **_SHUTS_DOWN},
}

#: A phase, as it is told.
TOLD: Mapping[Phase, State] = {
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
    """Why a run did not finish, as the contract's errors name it."""

    FAILED = "script_failed"
    ERROR = "script_error"
    NOT_READY = "printer_not_ready"
    GONE = "printer_gone"
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"


class HeatersAfter(StrEnum):
    """What becomes of the targets that a run has changed which did not finish well."""

    RESTORED = "restored"
    OFF = "off"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what was started, and when (`started_at` in Unix seconds)."""

    run_id: str
    script_id: str
    title: str
    started_at: float
    #: The targets in °C before it, by heater.
    targets: Mapping[str, float] = field(default_factory=dict)
    #: s, None: as long as it likes.
    time_limit: float | None = None
    heaters_after: HeatersAfter = HeatersAfter.RESTORED


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a run: `result` are the settings that it returned, `message` its own words for the user.

    `code` is the reason for programs, where there is an `error`.
    """

    outcome: Outcome
    result: Settings | None = None
    error: str | None = None
    code: Code | None = None
    message: str | None = None

    @classmethod
    def of_error(cls, error: str, code: Code) -> Verdict:
        """Return the verdict on a run that could not end as it wanted."""
        return cls(Outcome.ERROR, error=error, code=code)


@dataclass(frozen=True, slots=True)
class Past:
    """A run that has ended, at `ended_at` in Unix seconds."""

    run: Run
    verdict: Verdict
    ended_at: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold the print jobs, and say whether the printer is ready."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Start the script's process."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """Ask the process to end."""


@dataclass(frozen=True, slots=True)
class Kill:
    """End the process."""


@dataclass(frozen=True, slots=True)
class Settle:
    """Set these targets (°C by heater), then send G90, and say when the printer has acknowledged it."""

    targets: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Release:
    """Leave the printer to others; `jobs` is False where the hold on print jobs has gone with the connection."""

    jobs: bool = True


@dataclass(frozen=True, slots=True)
class Begun:
    """run() has begun."""

    run: Run


@dataclass(frozen=True, slots=True)
class Over:
    """The run has ended, which is to be told."""

    past: Past


Decision = Hold | Launch | Terminate | Kill | Settle | Release | Begun | Over
