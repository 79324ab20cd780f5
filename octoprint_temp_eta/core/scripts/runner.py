"""The runner: applies the state table of `run.py` and returns what to do at each transition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..gcode.printer_lines import starts_storage_print
from ..gcode.targets import Asked
from .heaters import HeaterTargets
from .run import (
    MOVES,
    STATES,
    Code,
    CompletedRun,
    Decision,
    Event,
    Hold,
    Kill,
    Launch,
    Outcome,
    Phase,
    Release,
    Run,
    RunEnded,
    RunResult,
    RunStarted,
    Settle,
    State,
    StillOn,
    Terminate,
    UserAwaited,
)
from .settings import Settings

#: Seconds between SIGTERM and SIGKILL.
GRACE_S = 2.0
#: Seconds that a script may take to load.
LOADING_S = 30.0
#: How often the last line is sent when it is not acknowledged.
SETTLE_ATTEMPTS = 3


@dataclass(slots=True)
class _Progress:
    """The runner's state that belongs to one run."""

    result: RunResult | None = None
    reported: bool = False
    linked: bool = True
    heaters: HeaterTargets = field(default_factory=HeaterTargets)
    deadline: float | None = None
    kill_at: float | None = None
    attempts: int = 0
    user_awaited: bool = False
    #: Whether a print from the printer's storage goes on that the script has started; None if it has started none.
    own_print: bool | None = None


class Runner:
    """The current run and the last completed one. `at` is monotonic time, `wall` Unix time, both in seconds."""

    def __init__(self) -> None:
        self.phase = Phase.IDLE
        self.run: Run | None = None
        self.last: CompletedRun | None = None
        self._progress = _Progress()
        self._ignored: list[str] = []

    def take_ignored(self) -> list[str]:
        """Return the events since the last call that have no row in `MOVES`, as text for the log."""
        ignored, self._ignored = self._ignored, []
        return ignored

    @property
    def state(self) -> State:
        """The published state: a run counts as running until its result is published."""
        unreported = self.phase is Phase.SETTLING and not self._progress.reported
        return State.RUNNING if unreported else STATES[self.phase]

    @property
    def accepts_lines(self) -> bool:
        """Whether the script may send lines now."""
        return self.phase in (Phase.LOADING, Phase.RUNNING)

    @property
    def can_be_stopped(self) -> bool:
        """Whether a run exists that is neither ended nor ending."""
        return Event.STOPPED in MOVES[self.phase]

    @property
    def is_reported(self) -> bool:
        """Whether the end of the present run is reported, while the printer still finishes."""
        return self._progress.reported

    @property
    def set_back(self) -> tuple[str, ...]:
        """The heaters whose targets are being set back after the present or last run, or have been."""
        return self._progress.heaters.taken

    def clock_set(self, shift: float) -> None:
        """Move the times of the runs by `shift` seconds."""
        self.run = None if self.run is None else self.run.shifted(shift)
        if self.last is not None:
            self.last = replace(self.last, run=self.last.run.shifted(shift), ended_at=self.last.ended_at + shift)

    def start(self, run: Run) -> list[Decision]:
        """Start `run`; do nothing while another run exists."""
        if not self._move(Event.START_ACCEPTED):
            return []
        self._progress = _Progress(heaters=HeaterTargets(run.shared_nozzle))
        self.run = run
        self.reported(run.targets)
        return [Hold()]

    def held(self, refusal: str | None, at: float, wall: float) -> list[Decision]:
        """Continue once print jobs are on hold; `refusal` is the reason when the printer is not ready."""
        if refusal is not None:
            self._set_result(RunResult.from_error(refusal, Code.NOT_READY))
        if not self._move(Event.JOBS_HELD if refusal is None else Event.JOBS_NOT_HELD):
            return []
        if self.phase is Phase.LOADING:
            self._progress.deadline = at + LOADING_S
            return [Launch()]
        return self._finish(wall, held=refusal is None)

    def run_started(self, at: float) -> list[Decision]:
        """The script is loaded and run() starts."""
        if self.run is None or not self._move(Event.RUN_STARTED):
            return []
        limit = self.run.time_limit
        self._progress.deadline = None if limit is None else at + limit
        return [RunStarted(self.run)]

    def begins_with(self, tool: str, targets: Iterable[Asked] = ()) -> None:
        """Note the tool in use at the start of the run, such as T1.

        `targets` were asked for before, and the printer may not have reported them yet.
        """
        self._progress.heaters.begin(tool, targets)

    def script_sent(self, line: str) -> None:
        """Note a line that the script sends."""
        self._progress.heaters.script_sent(line)
        if starts_storage_print(line):
            self._progress.own_print = True

    def script_sending(self, line: str) -> None:
        """Note that OctoPrint sends a line of the script now."""
        self._progress.heaters.script_sending(line)

    def others_queued(self, line: str) -> None:
        """Note a line that someone else has queued, such as a user who sets a temperature."""
        self._progress.heaters.others_queued(line)

    def reported(self, targets: Mapping[str, float]) -> None:
        """Note the targets (°C, by heater) that the printer has reported last."""
        self._progress.heaters.reported(targets)

    def returned(self, success: bool, storage: Settings, message: str | None, at: float) -> list[Decision]:
        """run() returned."""
        if success:
            result = RunResult(Outcome.FINISHED, storage, message=message)
        else:
            error = message or "the script reported no success"
            result = RunResult(Outcome.FAILED, storage, error, Code.FAILED, message)
        return self._close(Event.RETURNED, result, at)

    def raised(self, error: str, at: float) -> list[Decision]:
        """The script could not be loaded, or raised."""
        return self._close(Event.RAISED, RunResult.from_error(error, Code.ERROR), at)

    def cancel(self, at: float) -> list[Decision]:
        """Cancel the run."""
        return self._stop(Event.STOPPED, RunResult(Outcome.CANCELLED), at)

    def lose_printer(self, reason: str, at: float, wall: float, targets: Mapping[str, float]) -> list[Decision]:
        """End the run because the printer is disconnected; `targets` are the last ones in °C by heater."""
        linked, self._progress.linked = self._progress.linked, False
        changed = self._changed(targets)
        left_on = self._still_on(() if self._finished else changed)
        if self.phase is Phase.SETTLING:
            self._move(Event.LINK_LOST)
            return [*left_on, *self._finish(wall, held=True)]
        if self.phase in (Phase.CLOSING, Phase.STOPPING):  # it has its result
            return left_on if linked else []
        if changed:
            heaters = ", ".join(changed)
            reason = f"{reason.rstrip('.')}. Heaters that were set during the run may still be on: {heaters}"
        return self._stop(Event.LINK_LOST, RunResult.from_error(reason, Code.GONE), at)

    def reset_printer(self, reason: str, at: float) -> list[Decision]:
        """End the run because the firmware was reset: no heater is heated again."""
        self._progress.heaters.reset = True
        return self._stop(Event.STOPPED, RunResult.from_error(reason, Code.GONE), at)

    def shut_down(self, wall: float, targets: Mapping[str, float]) -> list[Decision]:
        """End the run because OctoPrint shuts down; lines sent now may still reach the printer.

        `targets` are the current ones in °C by heater.
        """
        runs = self.phase in (Phase.LOADING, Phase.RUNNING, Phase.CLOSING, Phase.STOPPING)
        if not self._move(Event.SHUT_DOWN):
            return []
        result = RunResult.from_error("OctoPrint shuts down", Code.SHUTDOWN)
        self._set_result(result)
        end: list[Decision] = [Kill()]
        if runs and self._may_send:
            settle = Settle(self._targets_after(targets), ask=False, unfinished=not self._finished)
            end = [*([] if self._finished else [Terminate()]), Kill(), settle]
        if self.set_back and self._progress.result is result:
            heaters = ", ".join(self.set_back)
            named = f"OctoPrint shuts down. If the printer is too busy to follow, heaters stay on: {heaters}"
            self._progress.result = replace(result, error=named)
        return [*end, *self._finish(wall, held=False)]

    def process_ended(self, how: str, wall: float, targets: Mapping[str, float]) -> list[Decision]:
        """The process has ended; `how` describes the exit, `targets` are the current ones in °C by heater."""
        if not self._move(Event.PROCESS_ENDED if self._may_send else Event.PROCESS_ENDED_OFFLINE):
            return []
        self._progress.deadline = self._progress.kill_at = None
        self._set_result(RunResult.from_error(f"its process {how}", Code.ERROR))
        if self.phase is Phase.IDLE:
            left = self._changed(targets) if self._progress.own_print and not self._finished else ()
            return [*self._still_on(left), *self._finish(wall, held=True)]
        unfinished, result = not self._finished, self._progress.result
        settle = Settle(self._targets_after(targets), ask=unfinished, unfinished=unfinished)
        # The printer may acknowledge late, while it waits for a heater. The result is published without waiting.
        unfinished = result is not None and result.outcome in (Outcome.CANCELLED, Outcome.ERROR)
        return [*self._report(wall), settle] if unfinished else [settle]

    def settled(self, acknowledged: bool, wall: float, targets: Mapping[str, float]) -> list[Decision]:
        """The last line is acknowledged; if it is not, or a heater is still on, send it all again.

        `targets` are the current ones in °C by heater. Now they include what a firmware macro has set that was still
        being executed, or not yet reported, when the process ended.
        """
        self._progress.attempts += 1
        may_repeat = self._progress.attempts < SETTLE_ATTEMPTS
        if not acknowledged and may_repeat:
            return [self._again()]
        late = self._targets_after(targets)
        if late:
            self._progress.attempts = 0
            return [Settle(late)]
        # Outside of prints, OctoPrint sends lines without a checksum: one may be lost and acknowledged all the same.
        still_on = self._progress.heaters.still_on(targets)
        if still_on and may_repeat:
            return [self._again()]
        if not self._move(Event.SETTLED):
            return []
        return [*self._still_on(still_on), *self._finish(wall, held=True)]

    def storage_reported(self, printing: bool) -> bool:
        """Note whether the printer prints from its storage; return whether it is a print that others have started.

        Into a print that the script has started, nothing is sent at the end of the run.
        """
        if self._progress.own_print is None:
            return printing
        self._progress.own_print = printing
        return False

    def waits_for_user(self) -> list[Decision]:
        """The printer has said that it waits for its user, and so does the last line; report it once.

        It is left waiting: M108 would go on with what it waits for, such as a filament change.
        """
        if self.phase is not Phase.SETTLING or self.run is None or self._progress.user_awaited:
            return []
        self._progress.user_awaited = True
        return [UserAwaited(self.run.run_id)]

    def tick(self, at: float) -> list[Decision]:
        """Apply the timeouts."""
        if self._progress.kill_at is not None and at >= self._progress.kill_at:
            self._progress.kill_at = None
            return [Kill()]
        if self._progress.deadline is not None and at >= self._progress.deadline:
            seconds = LOADING_S if self.phase is Phase.LOADING else self.run and self.run.time_limit
            what = "to be loaded" if self.phase is Phase.LOADING else "and that is its limit"
            return self._stop(Event.STOPPED, RunResult.from_error(f"it took {seconds:g} s {what}", Code.TIMEOUT), at)
        return []

    @property
    def _finished(self) -> bool:
        return self._progress.result is not None and self._progress.result.outcome is Outcome.FINISHED

    @property
    def _may_send(self) -> bool:
        return self._progress.linked and not self._progress.own_print

    def _move(self, event: Event) -> bool:
        after = MOVES[self.phase].get(event)
        if after is None:
            self._ignored.append(f"event {event.value} in phase {self.phase.value}")
            return False
        self.phase = after
        return True

    def _set_result(self, result: RunResult) -> None:
        """Keep the first result; later ones are its consequences."""
        if self._progress.result is None:
            self._progress.result = result

    def _close(self, event: Event, result: RunResult, at: float) -> list[Decision]:
        if self._move(event):
            self._set_result(result)
            self._progress.deadline, self._progress.kill_at = None, at + GRACE_S
        return []

    def _stop(self, event: Event, result: RunResult, at: float) -> list[Decision]:
        if not self._move(event):
            return []
        self._set_result(result)
        self._progress.deadline = None
        if self.phase is Phase.ABORTING:
            return []
        self._progress.kill_at = at + GRACE_S
        return [Terminate()]

    def _report(self, wall: float) -> list[Decision]:
        """Publish the result once."""
        if self.run is None or self._progress.result is None or self._progress.reported:
            return []
        self._progress.reported = True
        self.last = CompletedRun(self.run, self._progress.result, wall)
        return [RunEnded(self.last)]

    def _finish(self, wall: float, *, held: bool) -> list[Decision]:
        report = self._report(wall)
        self.run = None
        return [Release(), *report] if held else report

    def _again(self) -> Settle:
        return Settle(self._progress.heaters.again(), ask=not self._finished, unfinished=not self._finished)

    def _changed(self, targets: Mapping[str, float]) -> tuple[str, ...]:
        return () if self.run is None else tuple(sorted(self._progress.heaters.changed(self.run, targets)))

    def _still_on(self, heaters: Sequence[str]) -> list[Decision]:
        return [StillOn(self.run.run_id, tuple(heaters))] if heaters and self.run is not None else []

    def _targets_after(self, current: Mapping[str, float]) -> Mapping[str, float]:
        if self.run is None or self._progress.result is None:
            return {}
        return self._progress.heaters.take(self.run, self._progress.result, current)
