"""The run of a script between its process and the printer: inputs of both become effects."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ...core.clock import Now
from ...core.frozen import frozen
from ...core.gcode.in_flight import LINE_TIMEOUT_S
from ...core.gcode.printer_lines import WAITS_FOR_USER
from ...core.scripts import run as core
from ...core.scripts.runner import Runner
from ...messages.decode import Command
from ..heaters.heaters import Heaters
from ..part import InputHandler, Part
from ..protocol.effects import Effect, Log, SetTarget
from ..protocol.inputs import Stopping
from ..protocol.script_effects import (
    AwaitLines,
    DropLines,
    HoldJobs,
    KillScript,
    RejectLine,
    ReleaseJobs,
    SendLine,
    SendLines,
    StartScript,
    TerminateScript,
)
from ..protocol.script_inputs import (
    JobsHeld,
    LineReceived,
    LineSending,
    OthersLineQueued,
    PrinterGone,
    ScriptEnded,
    ScriptLine,
    ScriptLogged,
    ScriptRaised,
    ScriptReturned,
    ScriptRunning,
    ScriptStatus,
    StorageReported,
)
from .lines import RunLines
from .reports import RunReports

#: Why a run ends whose lines would get into a print.
PRINT_BEGUN = "a print from the printer's storage (SD card) has begun"
#: The effects of decisions without parameters.
SIMPLE: Mapping[core.Decision, Effect] = {
    core.Kill(): KillScript(),
    core.Release(): ReleaseJobs(),
}


@frozen
class Plan:
    """A run and the effect that starts its process."""

    run: core.Run
    launch: StartScript
    #: Whether others may move the printer meanwhile.
    allow_motion: bool = False
    #: In seconds, for one line.
    line_timeout: float = LINE_TIMEOUT_S


class ScriptRun(Part):
    """The current run, if any."""

    def __init__(self, reports: RunReports, heaters: Heaters) -> None:
        self.runner = Runner()
        self._heaters = heaters
        self._reports = reports
        self._launch: StartScript | None = None
        self._lines = RunLines(self._settled)
        self._allow_motion = False
        #: The run whose last lines OctoPrint's stop waits for, and what may be on if they are not sent.
        self.awaited: tuple[core.Run, tuple[str, ...]] | None = None

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        handlers: Mapping[type, InputHandler] = {
            Stopping: self._stopping,
            JobsHeld: self._held,
            ScriptRunning: self._runs,
            ScriptLine: self._line,
            ScriptReturned: self._returned,
            ScriptRaised: self._raised,
            ScriptEnded: self._ended,
            ScriptStatus: self._status_changed,
            ScriptLogged: lambda each, now: self._reports.logged(each, now) if self._is_of(each.run_id) else [],
            OthersLineQueued: self._others_queued,
            PrinterGone: self._printer_gone,
            StorageReported: self._storage_reported,
            **self._lines.inputs,
            LineSending: self._sending,
            LineReceived: self._received,
        }
        return {kind: self._publishing(handler) for kind, handler in handlers.items()}

    def clock_set(self, shift: float) -> None:
        """Move the times of the runs."""
        self.runner.clock_set(shift)

    def start(self, plan: Plan, command: Command, now: Now) -> list[Effect]:
        """Start a run for `command`; only when the runner is idle."""
        self._launch = plan.launch
        self._allow_motion = plan.allow_motion
        self._lines.start(plan.run.run_id, plan.line_timeout)
        self._reports.begin(command)
        effects = self._do(self.runner.start(plan.run), now)
        self._reports.publish(self.runner, now)
        return effects

    def cancel(self, now: Now) -> list[Effect]:
        """Cancel the run."""
        effects = self._do(self.runner.cancel(now.at), now)
        self._reports.publish(self.runner, now)
        return effects

    def _stopping(self, _: Stopping, now: Now) -> list[Effect]:
        run, settles = self.runner.run, self.runner.phase is core.Phase.SETTLING
        effects = self._do(self.runner.shut_down(now.wall, self._heaters.reported_targets), now)
        what = self.switched_off if run is not None else ()
        if run is None or not what:
            return effects
        self.awaited = run, what
        if not settles and not any(isinstance(effect, SendLine) for effect in effects):
            return effects  # the printer is gone
        # Last: whoever waits must find the lines on their way.
        return [*effects, AwaitLines()]

    @property
    def switched_off(self) -> tuple[str, ...]:
        """What is being set back or switched off after the present or last run, or has been."""
        last = self.runner.last
        finished = last is not None and last.result.outcome is core.Outcome.FINISHED
        spindle = self._lines.spindle_on and not finished
        return (*self.runner.set_back, "the spindle or laser") if spindle else self.runner.set_back

    def publish_all(self, now: Now) -> None:
        """Publish the state of the runner."""
        self._reports.publish(self.runner, now)

    def snapshot(self, now: Now) -> Mapping[str, Any]:
        """Return the state of the runner."""
        del now
        return {"script": self._reports.body(self.runner)}

    def tick(self, now: Now) -> list[Effect]:
        """Apply the timeouts."""
        return self._publishing(lambda _, __: self._due(now))(None, now)

    def _due(self, now: Now) -> list[Effect]:
        self._reports.tick(now)
        if self.runner.phase is core.Phase.IDLE:
            return []
        self.runner.reported(self._heaters.reported_targets)
        return [*self._do(self.runner.tick(now.at), now), *self._lines.tick(now)]

    # Inputs of the process

    def _runs(self, message: ScriptRunning, now: Now) -> list[Effect]:
        return self._do(self.runner.run_started(now.at), now) if self._is_of(message.run_id) else []

    def _line(self, message: ScriptLine, _: Now) -> list[Effect]:
        if not self._is_of(message.run_id):
            return []
        if not self.runner.accepts_lines:
            return [RejectLine(message.seq, "the run is ending")]
        refusal = self._lines.refusal(message.line)
        if refusal is not None:
            return [RejectLine(message.seq, refusal)]
        self.runner.script_sent(message.line)
        return [self._lines.send(message)]

    def _returned(self, message: ScriptReturned, now: Now) -> list[Effect]:
        if not self._is_of(message.run_id):
            return []
        return self._do(self.runner.returned(message.success, message.storage, message.message, now.at), now)

    def _raised(self, message: ScriptRaised, now: Now) -> list[Effect]:
        return self._do(self.runner.raised(message.error, now.at), now) if self._is_of(message.run_id) else []

    def _status_changed(self, message: ScriptStatus, now: Now) -> list[Effect]:
        run = self.runner.run
        if run is None or not self._is_of(message.run_id) or self.runner.state is not core.State.RUNNING:
            return []
        effects = self._reports.status_changed(message, run, now)
        self._reports.publish(self.runner, now)
        return effects

    def _ended(self, message: ScriptEnded, now: Now) -> list[Effect]:
        output: list[Effect] = [Log(logging.WARNING, f"Script: {message.output}")] if message.output else []
        if not self._is_of(message.run_id):
            return output
        self._lines.script_ended()
        targets = self._heaters.reported_targets
        return [*output, *self._do(self.runner.process_ended(message.how, now.wall, targets), now)]

    # Inputs of the printer

    def _held(self, event: JobsHeld, now: Now) -> list[Effect]:
        if not self._is_of(event.run_id):
            return [] if event.refusal else [ReleaseJobs()]
        self._lines.held(event, now)
        self.runner.begins_with(event.modes.tool, event.targets)
        return self._do(self.runner.held(event.refusal, now.at, now.wall), now)

    def _sending(self, event: LineSending, now: Now) -> list[Effect]:
        if event.key is not None:
            # What was reported before this line is not its doing, and the next report may be of its target already.
            self.runner.reported(self._heaters.reported_targets)
            self.runner.script_sending(event.line)
        return self._lines.sending(event, now)

    def _received(self, event: LineReceived, now: Now) -> list[Effect]:
        told = self._do(self.runner.waits_for_user(), now) if WAITS_FOR_USER.match(event.line) else []
        return [*told, *self._lines.received(event, now)]

    def _others_queued(self, event: OthersLineQueued, _: Now) -> list[Effect]:
        self.runner.others_queued(event.line)
        return []

    def _printer_gone(self, event: PrinterGone, now: Now) -> list[Effect]:
        if self.runner.phase is core.Phase.IDLE:
            return []
        outcomes = self._lines.abandon(event.reason)
        if event.reset:
            decisions = self.runner.reset_printer(event.reason, now.at)
        else:
            decisions = self.runner.lose_printer(event.reason, now.at, now.wall, self._heaters.reported_targets)
        return [*self._do(decisions, now), *self._lines.settle(outcomes, now)]

    def _storage_reported(self, event: StorageReported, now: Now) -> list[Effect]:
        """Somebody may have started a print at the printer."""
        if self.runner.phase is core.Phase.IDLE or not self.runner.storage_reported(event.printing):
            return []
        return [DropLines(), *self._printer_gone(PrinterGone(PRINT_BEGUN), now)]

    def _settled(self, acknowledged: bool, now: Now) -> list[Effect]:
        """The last line has ended; it may outlast the run, such as when the printer is gone or OctoPrint shuts down."""
        if self.runner.run is None:
            return []
        return self._do(self.runner.settled(acknowledged, now.wall, self._heaters.reported_targets), now)

    # Decisions and effects

    def _publishing(self, handler: InputHandler) -> InputHandler:
        """Wrap `handler` to publish a change of the runner's state."""

        def handle(event: Any, now: Now) -> list[Effect]:
            before = self.runner.state
            effects = handler(event, now)
            if self.runner.state is not before:
                effects += _isolated(partial(self._published, now))
            return effects

        return handle

    def _published(self, now: Now) -> list[Effect]:
        self._reports.publish(self.runner, now)
        return []

    def _is_of(self, run_id: str) -> bool:
        return self.runner.run is not None and self.runner.run.run_id == run_id

    def _do(self, decisions: list[core.Decision], now: Now) -> list[Effect]:
        effects: list[Effect] = [
            Log(logging.DEBUG, f"Script: ignoring the {each}") for each in self.runner.take_ignored()
        ]
        for decision in decisions:
            effects += _isolated(partial(self._effects, decision, now))
        return effects if self.runner.phase is not core.Phase.IDLE else [*effects, *self._reports.printer_free()]

    def _effects(self, decision: core.Decision, now: Now) -> list[Effect]:
        match decision:
            case core.Hold():
                return [HoldJobs(self.runner.run.run_id, self._allow_motion)] if self.runner.run else []
            case core.Launch():
                # A macro at the end of a print may have switched heaters off that OctoPrint still shows as on.
                return [SendLines(("M105",)), self._launch] if self._launch else []
            case core.Terminate():
                self._lines.hurry()
                # Before the wait for a temperature ends: the next line in the queue may be another one.
                return [TerminateScript(), DropLines(), *self._lines.break_heat_wait(now)]
            case core.Settle(targets, ask, unfinished):
                self._lines.hurry()
                heaters = [SetTarget(heater, target) for heater, target in targets.items()]
                # Of a process that was killed, nobody has ended the wait for a temperature.
                broken = [DropLines(), *self._lines.break_heat_wait(now)] if unfinished else []
                return [*broken, *heaters, *self._lines.send_last(ask=ask, spindle_off=unfinished)]
            case core.RunStarted() | core.RunEnded() | core.StillOn() | core.UserAwaited():
                return self._reports.report(decision, now)
            case _:
                return [SIMPLE[decision]]


def _isolated(act: Callable[[], list[Effect]]) -> list[Effect]:
    """Return the effects of `act`. A fault in it is logged, and costs no other effect: the printer must be released."""
    try:
        return act()
    except Exception:
        return [Log(logging.ERROR, f"Failed to handle a step of a script's run\n{traceback.format_exc()}")]
