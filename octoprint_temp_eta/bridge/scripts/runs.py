"""The run of a script between its process and the printer: inputs of both become effects."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ...core.clock import Now
from ...core.frozen import frozen
from ...core.gcode.acknowledgements import LINE_TIMEOUT_S, Acknowledgements
from ...core.gcode.in_flight import Acknowledged, FakeAck, Fence, Outcome, Probe, Unacknowledged
from ...core.scripts import run as core
from ...core.scripts.runner import Runner
from ...messages.decode import Command
from ..heaters.heaters import Heaters
from ..part import InputHandler, Part
from ..protocol.effects import Effect, Log, SetTarget
from ..protocol.inputs import Stopping
from ..protocol.script_effects import (
    BreakHeatWait,
    FakeOk,
    HoldJobs,
    KillScript,
    RejectLine,
    ReleaseJobs,
    ReplyToLine,
    SendLine,
    StartScript,
    TerminateScript,
)
from ..protocol.script_inputs import (
    EmergencyParser,
    JobsHeld,
    LineQueued,
    LineReceived,
    LineSending,
    LineSent,
    LineSuppressed,
    OthersLineQueued,
    PrinterGone,
    ScriptEnded,
    ScriptLine,
    ScriptLogged,
    ScriptRaised,
    ScriptReturned,
    ScriptRunning,
    ScriptStatus,
)
from .reports import RunReports

#: The longest line of G-code that a script may send, in characters.
LONGEST_LINE = 1024
#: Lines of a script that may wait for their acknowledgement. Each of its threads waits for its own; only a script that
#: does not wait (`get_response` with a short timeout) has more.
MOST_WAITING = 256
#: The last line of every run, because mecode leaves the printer in relative mode.
LAST_LINE = "G90"

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
        self._acknowledgements = Acknowledgements()
        #: The numbers of the script's unacknowledged lines, by key.
        self._waiting: dict[str, int] = {}
        self._emergency_parser = False
        self._allow_motion = False
        self._questions = 0
        self._line_timeout = LINE_TIMEOUT_S

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
            LineQueued: self._queued,
            LineSuppressed: self._suppressed,
            OthersLineQueued: self._others_queued,
            LineSending: self._sending,
            LineSent: self._sent,
            LineReceived: self._received,
            PrinterGone: self._printer_gone,
            EmergencyParser: self._parser,
        }
        return {kind: self._publishing(handler) for kind, handler in handlers.items()}

    def clock_set(self, shift: float) -> None:
        """Move the times of the runs."""
        self.runner.clock_set(shift)

    def start(self, plan: Plan, command: Command, now: Now) -> list[Effect]:
        """Start a run for `command`; only when the runner is idle."""
        self._launch = plan.launch
        self._allow_motion = plan.allow_motion
        self._line_timeout = plan.line_timeout
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
        return self._do(self.runner.shut_down(now.wall, self._heaters.reported_targets), now)

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
        return [*self._do(self.runner.tick(now.at), now), *self._settle_lines(self._acknowledgements.tick(now.at), now)]

    # Inputs of the process

    def _runs(self, message: ScriptRunning, now: Now) -> list[Effect]:
        return self._do(self.runner.run_started(now.at), now) if self._is_of(message.run_id) else []

    def _line(self, message: ScriptLine, _: Now) -> list[Effect]:
        if not self._is_of(message.run_id):
            return []
        if not self.runner.accepts_lines:
            return [RejectLine(message.seq, "the run is ending")]
        if len(message.line) > LONGEST_LINE or not message.line.isprintable():
            rule = f"a line has at most {LONGEST_LINE} characters, and none that cannot be printed"
            return [RejectLine(message.seq, rule)]
        if len(self._waiting) >= MOST_WAITING:
            return [RejectLine(message.seq, f"{MOST_WAITING} lines wait for the printer's reply already")]
        self.runner.script_sent(message.line)
        key = f"{message.run_id}.{message.seq}"
        self._waiting[key] = message.seq
        return [self._send(key, message.line, reply=message.reply)]

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
        # No process waits for replies; the printer's remaining lines are still tracked.
        self._waiting.clear()
        targets = self._heaters.reported_targets
        return [*output, *self._do(self.runner.process_ended(message.how, now.wall, targets), now)]

    # Inputs of the printer

    def _held(self, event: JobsHeld, now: Now) -> list[Effect]:
        if not self._is_of(event.run_id):
            return [] if event.refusal else [ReleaseJobs()]
        self._acknowledgements = Acknowledgements(event.window, self._line_timeout, ok_first=event.ok_first)
        if event.late_ok:
            self._acknowledgements.expect_late_ok(now.at)
        self.runner.begins_with(event.tool, event.targets)
        return self._do(self.runner.held(event.refusal, now.at, now.wall), now)

    def _queued(self, event: LineQueued, now: Now) -> list[Effect]:
        return self._settle_lines(self._acknowledgements.queued(event.key, event.parts, now.at), now)

    def _suppressed(self, event: LineSuppressed, now: Now) -> list[Effect]:
        return self._settle_lines(self._acknowledgements.suppressed(event.key, event.error), now)

    def _others_queued(self, event: OthersLineQueued, _: Now) -> list[Effect]:
        self.runner.others_queued(event.line)
        return []

    def _sending(self, event: LineSending, now: Now) -> list[Effect]:
        outcomes = self._acknowledgements.sending(event.key, event.line, now.at, acknowledged=event.acknowledged)
        return self._settle_lines(outcomes, now)

    def _sent(self, event: LineSent, now: Now) -> list[Effect]:
        return self._settle_lines(
            self._acknowledgements.sent(event.key, event.line, now.at, acknowledged=event.acknowledged), now
        )

    def _received(self, event: LineReceived, now: Now) -> list[Effect]:
        return self._settle_lines(self._acknowledgements.received(event.line, now.at), now)

    def _printer_gone(self, event: PrinterGone, now: Now) -> list[Effect]:
        if self.runner.phase is core.Phase.IDLE:
            return []
        outcomes = self._acknowledgements.abandon(event.reason)
        if event.reset:
            decisions = self.runner.reset_printer(event.reason, now.at)
        else:
            decisions = self.runner.lose_printer(event.reason, now.at, now.wall)
        return [*self._do(decisions, now), *self._settle_lines(outcomes, now)]

    def _parser(self, event: EmergencyParser, _: Now) -> list[Effect]:
        self._emergency_parser = event.present
        return []

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

    def _send(self, key: str, line: str, *, reply: bool = False) -> SendLine:
        self._acknowledgements.submit(key, line, reply=reply)
        return SendLine(key, line)

    def _settle_lines(self, outcomes: list[Outcome], now: Now) -> list[Effect]:
        """Pass the outcomes of lines to the script or, for the last line, to the runner."""
        effects: list[Effect] = []
        for outcome in outcomes:
            match outcome:
                case Acknowledged(key, text) if key in self._waiting:
                    effects.append(ReplyToLine(self._waiting.pop(key), text))
                case Unacknowledged(key, error) if key in self._waiting:
                    effects.append(RejectLine(self._waiting.pop(key), error))
                case Acknowledged(key, _) | Unacknowledged(key, _) if key == self._last_key:
                    acknowledged, targets = isinstance(outcome, Acknowledged), self._heaters.reported_targets
                    effects += self._do(self.runner.settled(acknowledged, now.wall, targets), now)
                case Acknowledged() | Unacknowledged():
                    pass
                case FakeAck():
                    effects.append(FakeOk())
                case Fence() | Probe():
                    effects += self._ask_printer(outcome)
        return effects

    def _ask_printer(self, how: Fence | Probe) -> list[Effect]:
        """Send an M105, whose reply shows which commands the printer has processed."""
        self._questions += 1
        key = f"{self.runner.run.run_id if self.runner.run else ''}.ask{self._questions}"
        send: list[Effect] = [self._send(key, "M105")]
        return [*send, FakeOk()] if isinstance(how, Probe) else send

    @property
    def _last_key(self) -> str | None:
        return f"{self.runner.run.run_id}.end" if self.runner.run else None

    def _do(self, decisions: list[core.Decision], now: Now) -> list[Effect]:
        effects: list[Effect] = [
            Log(logging.DEBUG, f"Script: ignoring the {each}") for each in self.runner.take_ignored()
        ]
        for decision in decisions:
            effects += _isolated(partial(self._effects, decision, now))
        return effects

    def _effects(self, decision: core.Decision, now: Now) -> list[Effect]:
        match decision:
            case core.Hold():
                return [HoldJobs(self.runner.run.run_id, self._allow_motion)] if self.runner.run else []
            case core.Launch():
                return [self._launch] if self._launch else []
            case core.Terminate():
                self._acknowledgements.hurry()
                return [TerminateScript(), *self._break_heat_wait(now)]
            case core.Settle(targets, ask):
                self._acknowledgements.hurry()
                heaters = [SetTarget(heater, target) for heater, target in targets.items()]
                question = self._ask_printer(Fence()) if ask else []
                return [*heaters, *question, self._send(self._last_key or "", LAST_LINE)]
            case core.RunStarted() | core.RunEnded():
                return self._reports.report(decision, now)
            case _:
                return [SIMPLE[decision]]

    def _break_heat_wait(self, now: Now) -> list[Effect]:
        """End the firmware's wait for a temperature, if it has an emergency parser."""
        if not (self._emergency_parser and self._acknowledgements.heat_wait):
            return []
        self._acknowledgements.force("M108", now.at)
        return [BreakHeatWait()]


def _isolated(act: Callable[[], list[Effect]]) -> list[Effect]:
    """Return the effects of `act`. A fault in it is logged, and costs no other effect: the printer must be released."""
    try:
        return act()
    except Exception:
        return [Log(logging.ERROR, f"Failed to handle a step of a script's run\n{traceback.format_exc()}")]
