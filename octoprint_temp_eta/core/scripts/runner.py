"""The runner: makes the moves of a script's run, and says what is to be done at each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..estimation.estimator import HeaterKind
from ..gcode.acknowledgements import command_of
from .run import (
    MOVES,
    TOLD,
    Begun,
    Code,
    Decision,
    Event,
    HeatersAfter,
    Hold,
    Kill,
    Launch,
    Outcome,
    Over,
    Past,
    Phase,
    Release,
    Run,
    Settle,
    State,
    Terminate,
    Verdict,
)
from .settings import Settings

#: s that a script has to end by itself when it is asked to, before its process is killed.
GRACE_S = 2.0
#: s that a script may take to be loaded.
LOADING_S = 30.0
#: How often the G90 is sent when it gets no answer.
SETTLE_ATTEMPTS = 3

#: Which heaters a command sets the target of.
SETS_TARGET = {
    "M104": HeaterKind.TOOL,
    "M109": HeaterKind.TOOL,
    "M140": HeaterKind.BED,
    "M190": HeaterKind.BED,
    "M141": HeaterKind.CHAMBER,
    "M191": HeaterKind.CHAMBER,
}

#: The heater of a kind of which OctoPrint has not told any target yet.
UNTOLD = {HeaterKind.TOOL: "tool0", HeaterKind.BED: "bed", HeaterKind.CHAMBER: "chamber"}


@dataclass(slots=True)
class _Course:
    """What belongs to one run alone."""

    verdict: Verdict | None = None
    told: bool = False
    linked: bool = True
    #: The kinds of heaters that the script gave targets to, and those that somebody else did.
    touched: set[HeaterKind] = field(default_factory=set)
    others: set[HeaterKind] = field(default_factory=set)
    deadline: float | None = None
    kill_at: float | None = None
    attempts: int = 0


class Runner:
    """The run under way, if any, and how the one before ended. `at` are monotonic, `wall` Unix seconds."""

    def __init__(self, targets: Mapping[str, float]) -> None:
        """`targets`: the newest ones in °C by heater, which whoever reads them keeps up to date."""
        self._targets = targets
        self.phase = Phase.IDLE
        self.run: Run | None = None
        self.last: Past | None = None
        self._course = _Course()

    @property
    def state(self) -> State:
        """The state as it is told: a run that is over for the script, but was not told so, still runs."""
        untold = self.phase is Phase.SETTLING and not self._course.told
        return State.RUNNING if untold else TOLD[self.phase]

    @property
    def takes_lines(self) -> bool:
        """Whether the script may send lines."""
        return self.phase in (Phase.LOADING, Phase.RUNNING)

    @property
    def can_be_stopped(self) -> bool:
        """Whether there is a run that is not over, or being ended, anyway."""
        return Event.STOPPED in MOVES[self.phase]

    def start(self, run: Run) -> list[Decision]:
        """Begin `run`; nothing while there is another one."""
        if not self._move(Event.STARTED):
            return []
        self._course = _Course()
        self.run = run
        return [Hold()]

    def held(self, refusal: str | None, at: float, wall: float) -> list[Decision]:
        """The print jobs are held and the printer is ready, or not: then `refusal` says why."""
        if refusal is not None:
            self._judge(Verdict.of_error(refusal, Code.NOT_READY))
        if not self._move(Event.HELD if refusal is None else Event.NOT_HELD):
            return []
        if self.phase is Phase.LOADING:
            self._course.deadline = at + LOADING_S
            return [Launch()]
        return self._finish(wall, held=refusal is None)

    def runs(self, at: float) -> list[Decision]:
        """The script is loaded, and run() begins."""
        if self.run is None or not self._move(Event.RUNS):
            return []
        limit = self.run.time_limit
        self._course.deadline = None if limit is None else at + limit
        return [Begun(self.run)]

    def sends(self, line: str) -> None:
        """The script sends `line`."""
        self._course.touched |= _heated_by(line)

    def others_send(self, line: str) -> None:
        """Somebody else sends `line`, such as a user who sets a temperature meanwhile."""
        self._course.others |= _heated_by(line)

    def returned(self, success: bool, result: Settings, message: str | None, at: float) -> list[Decision]:
        """run() returned."""
        if success:
            verdict = Verdict(Outcome.FINISHED, result, message=message)
        else:
            error = message or "the script reported no success"
            verdict = Verdict(Outcome.FAILED, result, error, Code.FAILED, message)
        return self._close(Event.TOLD_RESULT, verdict, at)

    def raised(self, error: str, at: float) -> list[Decision]:
        """The script could not be loaded, or went wrong."""
        return self._close(Event.TOLD_ERROR, Verdict.of_error(error, Code.ERROR), at)

    def cancel(self, at: float) -> list[Decision]:
        """Someone wants the run ended."""
        return self._stop(Event.STOPPED, Verdict(Outcome.CANCELLED), at)

    def lose_printer(self, reason: str, at: float, wall: float) -> list[Decision]:
        """The connection to the printer is gone."""
        self._course.linked = False
        if self.phase is Phase.SETTLING:
            self._move(Event.LINK_LOST)
            return self._finish(wall, held=True)
        return self._stop(Event.LINK_LOST, Verdict.of_error(reason, Code.GONE), at)

    def reset_printer(self, reason: str, at: float) -> list[Decision]:
        """The firmware has begun anew: its heaters are off, and stay off."""
        self._course.touched.clear()
        self._course.others.update(HeaterKind)
        return self._stop(Event.STOPPED, Verdict.of_error(reason, Code.GONE), at)

    def shut_down(self, wall: float) -> list[Decision]:
        """OctoPrint ends, and the run with it; what is sent to the printer now it may still get."""
        runs = self.phase in (Phase.LOADING, Phase.RUNNING, Phase.CLOSING, Phase.STOPPING)
        if not self._move(Event.SHUT_DOWN):
            return []
        self._judge(Verdict.of_error("OctoPrint shuts down", Code.SHUTDOWN))
        end = [Terminate(), Kill(), Settle(self._targets_after())] if runs and self._course.linked else [Kill()]
        return [*end, *self._finish(wall, held=False)]

    def ended(self, how: str, wall: float) -> list[Decision]:
        """The process is gone; `how` says it in words."""
        if not self._move(Event.ENDED if self._course.linked else Event.ENDED_ALONE):
            return []
        self._course.deadline = self._course.kill_at = None
        self._judge(Verdict.of_error(f"its process {how}", Code.ERROR))
        if self.phase is Phase.IDLE:
            return self._finish(wall, held=True)
        verdict, settle = self._course.verdict, Settle(self._targets_after())
        # The printer may take long to answer, when it waits for a heater: nobody has to wait to be told.
        unfinished = verdict is not None and verdict.outcome in (Outcome.CANCELLED, Outcome.ERROR)
        return [*self._tell(wall), settle] if unfinished else [settle]

    def settled(self, acknowledged: bool, wall: float) -> list[Decision]:
        """The printer has acknowledged the G90; or its answer got lost, which is tried again."""
        self._course.attempts += 1
        if not acknowledged and self._course.attempts < SETTLE_ATTEMPTS:
            return [Settle({})]
        return self._finish(wall, held=True) if self._move(Event.SETTLED) else []

    def tick(self, at: float) -> list[Decision]:
        """End what takes too long."""
        if self._course.kill_at is not None and at >= self._course.kill_at:
            self._course.kill_at = None
            return [Kill()]
        if self._course.deadline is not None and at >= self._course.deadline:
            seconds = LOADING_S if self.phase is Phase.LOADING else self.run and self.run.time_limit
            what = "to be loaded" if self.phase is Phase.LOADING else "and that is its limit"
            return self._stop(Event.STOPPED, Verdict.of_error(f"it took {seconds:g} s {what}", Code.TIMEOUT), at)
        return []

    def _move(self, event: Event) -> bool:
        after = MOVES[self.phase].get(event)
        if after is None:
            return False
        self.phase = after
        return True

    def _judge(self, verdict: Verdict) -> None:
        """The first verdict counts: what follows is a consequence."""
        if self._course.verdict is None:
            self._course.verdict = verdict

    def _close(self, event: Event, verdict: Verdict, at: float) -> list[Decision]:
        if self._move(event):
            self._judge(verdict)
            self._course.deadline, self._course.kill_at = None, at + GRACE_S
        return []

    def _stop(self, event: Event, verdict: Verdict, at: float) -> list[Decision]:
        if not self._move(event):
            return []
        self._judge(verdict)
        self._course.deadline = None
        if self.phase is Phase.ABORTING:
            return []
        self._course.kill_at = at + GRACE_S
        return [Terminate()]

    def _tell(self, wall: float) -> list[Decision]:
        """Tell the verdict, once."""
        if self.run is None or self._course.verdict is None or self._course.told:
            return []
        self._course.told = True
        self.last = Past(self.run, self._course.verdict, wall)
        return [Over(self.last)]

    def _finish(self, wall: float, *, held: bool) -> list[Decision]:
        told = self._tell(wall)
        self.run = None
        return [Release(self._course.linked), *told] if held else told

    def _targets_after(self) -> Mapping[str, float]:
        """Return the targets to set after the run: those of the heaters that it has touched, by the user's choice.

        Also of those that are to be hotter than before through nobody else: a macro of the firmware does that. What had
        a target that nobody knows is switched off: it must not stay hot.
        """
        run, verdict = self.run, self._course.verdict
        if run is None or verdict is None or verdict.outcome is Outcome.FINISHED:
            return {}
        if run.heaters_after is HeatersAfter.LEFT:
            return {}
        off = run.heaters_after is HeatersAfter.OFF
        hotter = {name for name, target in self._targets.items() if target > run.targets.get(name, 0.0)}
        hotter = {name for name in hotter if HeaterKind.of(name) not in self._course.others}
        touched = {name for name in run.targets if HeaterKind.of(name) in self._course.touched}
        untold = self._course.touched - {HeaterKind.of(name) for name in touched}
        changed = hotter | touched | {UNTOLD[kind] for kind in untold}
        before = {**run.targets, **dict.fromkeys(sorted(changed - run.targets.keys()), 0.0)}
        return {name: 0.0 if off else target for name, target in before.items() if name in changed}


def _heated_by(line: str) -> set[HeaterKind]:
    """Return the kinds of heaters that `line` gives a target to: one or none."""
    kind = SETS_TARGET.get(command_of(line) or "")
    return set() if kind is None else {kind}
