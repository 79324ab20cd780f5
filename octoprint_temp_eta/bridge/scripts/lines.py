"""The lines of a run on their way to the printer, and the printer's replies on their way to the script."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...core.clock import Now
from ...core.gcode.acknowledgements import Acknowledgements
from ...core.gcode.in_flight import LINE_TIMEOUT_S, Acknowledged, FakeAck, Fence, Outcome, Probe, Unacknowledged
from ...core.gcode.motion import SPINDLE_OFF, Modes, spindle_after
from ...core.gcode.printer_lines import error_in, reports_temperatures
from ..part import InputHandler
from ..protocol.effects import Effect
from ..protocol.script_effects import BreakHeatWait, FakeOk, RejectLine, ReplyToLine, SendLine
from ..protocol.script_inputs import (
    EmergencyParser,
    JobsHeld,
    LineQueued,
    LineReceived,
    LineSending,
    LineSent,
    LineSuppressed,
    ScriptLine,
)

#: The longest line of G-code that a script may send, in characters.
LONGEST_LINE = 1024
#: Lines of a script that may wait for their acknowledgement. Each of its threads waits for its own; only a script that
#: does not wait (`get_response` with a short timeout) has more.
MOST_WAITING = 256
#: The last line of every run, because mecode leaves the printer in relative mode.
LAST_LINE = "G90"

#: Handles the end of the last line: whether the printer has acknowledged it.
Settled = Callable[[bool, Now], list[Effect]]


class RunLines:
    """The lines of the current run, if any."""

    def __init__(self, settled: Settled) -> None:
        self._settled = settled
        self._run_id = ""
        self._acknowledgements = Acknowledgements()
        #: The numbers of the script's unacknowledged lines, by key.
        self._waiting: dict[str, int] = {}
        self._emergency_parser = False
        #: Whether OctoPrint ignores the firmware's errors.
        self._ignores_errors = False
        self._questions = 0
        #: Whether the printer has reported temperatures since it was asked for them at the end of the run.
        self._answered = True
        #: The modes before the run, and after the script's lines.
        self._modes_before = self._modes = Modes()
        #: Whether the script has switched a spindle or laser on.
        self.spindle_on = False
        self._line_timeout = LINE_TIMEOUT_S

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input; `sending` and `received` are called by the run, which looks first."""
        return {
            LineQueued: self._queued,
            LineSuppressed: self._suppressed,
            LineSent: self._sent,
            EmergencyParser: self._parser,
        }

    def start(self, run_id: str, line_timeout: float) -> None:
        """A run starts; each of its lines may take `line_timeout` seconds."""
        self._run_id, self._line_timeout = run_id, line_timeout
        self.spindle_on, self._answered = False, True

    def held(self, event: JobsHeld, now: Now) -> None:
        """Observe the serial line from now on."""
        self._modes_before = self._modes = event.modes
        self._ignores_errors = event.ignores_errors
        self._acknowledgements = Acknowledgements(event.window, self._line_timeout, ok_first=event.ok_first)
        if event.late_ok:
            self._acknowledgements.expect_late_ok(now.at)

    def refusal(self, line: str) -> str | None:
        """Return why the script may not send `line` now, None if it may."""
        if len(line) > LONGEST_LINE or not line.isprintable():
            return f"a line has at most {LONGEST_LINE} characters, and none that cannot be printed"
        if len(self._waiting) >= MOST_WAITING:
            return f"{MOST_WAITING} lines wait for the printer's reply already"
        return None

    def send(self, message: ScriptLine) -> SendLine:
        """Send a line of the script; `ReplyToLine` or `RejectLine` follows."""
        key = f"{self._run_id}.{message.seq}"
        self._waiting[key] = message.seq
        self._modes = self._modes.after(message.line)
        self.spindle_on = spindle_after(message.line, on=self.spindle_on)
        return self._send(key, message.line, reply=message.reply)

    def send_last(self, *, ask: bool, spindle_off: bool) -> list[Effect]:
        """Send the last line, with `ask` after a question for the temperatures; `settled` is called at its end.

        Before it, the script's units are changed back: others would move 25 times as far, or a 25th. With
        `spindle_off`, its spindle or laser is switched off.
        """
        before: list[Effect] = []
        if spindle_off and self.spindle_on:
            before.append(self._send(f"{self._run_id}.spindle", SPINDLE_OFF))
        before += self._ask_printer(Fence()) if ask else []
        self._answered = not ask
        if self._modes.units != self._modes_before.units:
            self._modes = self._modes_before
            before.append(self._send(f"{self._run_id}.units", self._modes.units))
        return [*before, self._send(self._last_key, LAST_LINE)]

    def hurry(self) -> None:
        """The run is ending."""
        self._acknowledgements.hurry()

    def break_heat_wait(self, now: Now) -> list[Effect]:
        """End the firmware's wait for a temperature, if it has an emergency parser."""
        if not (self._emergency_parser and self._acknowledgements.heat_wait):
            return []
        self._acknowledgements.force("M108", now.at)
        return [BreakHeatWait()]

    def script_ended(self) -> None:
        """No process waits for replies any more; the printer's remaining lines are still tracked."""
        self._waiting.clear()

    def abandon(self, reason: str) -> list[Outcome]:
        """The printer is gone; return the outcomes, which are to be settled."""
        return self._acknowledgements.abandon(reason)

    def tick(self, now: Now) -> list[Effect]:
        """Apply the timeouts."""
        return self.settle(self._acknowledgements.tick(now.at), now)

    def settle(self, outcomes: list[Outcome], now: Now) -> list[Effect]:
        """Pass the outcomes of lines to the script or, for the last line, to `settled`."""
        effects: list[Effect] = []
        for outcome in outcomes:
            match outcome:
                case Acknowledged(key, text) if key in self._waiting:
                    effects.append(self._reply(self._waiting.pop(key), text))
                case Unacknowledged(key, error) if key in self._waiting:
                    effects.append(RejectLine(self._waiting.pop(key), error))
                case Acknowledged(key, _) | Unacknowledged(key, _) if key == self._last_key:
                    # Noise that hits the question may have hit a target, too.
                    effects += self._settled(isinstance(outcome, Acknowledged) and self._answered, now)
                case Acknowledged() | Unacknowledged():
                    pass
                case FakeAck():
                    effects.append(FakeOk())
                case Fence() | Probe():
                    effects += self._ask_printer(outcome)
        return effects

    def _reply(self, seq: int, text: str) -> ReplyToLine | RejectLine:
        """Return the script's reply; a line that is answered with an error has failed, although it has an ok."""
        error = error_in(text, ignores_errors=self._ignores_errors)
        return ReplyToLine(seq, text) if error is None else RejectLine(seq, f"the printer reports an error: {error}")

    @property
    def _question_key(self) -> str:
        return f"{self._run_id}.ask{self._questions}"

    @property
    def _last_key(self) -> str:
        return f"{self._run_id}.end"

    def _send(self, key: str, line: str, *, reply: bool = False) -> SendLine:
        self._acknowledgements.submit(key, line, reply=reply)
        return SendLine(key, line)

    def _ask_printer(self, how: Fence | Probe) -> list[Effect]:
        """Send an M105, whose reply shows which commands the printer has processed."""
        self._questions += 1
        send: list[Effect] = [self._send(self._question_key, "M105")]
        return [*send, FakeOk()] if isinstance(how, Probe) else send

    # Inputs of the printer

    def _queued(self, event: LineQueued, now: Now) -> list[Effect]:
        return self.settle(self._acknowledgements.queued(event.key, event.parts, now.at), now)

    def _suppressed(self, event: LineSuppressed, now: Now) -> list[Effect]:
        return self.settle(self._acknowledgements.suppressed(event.key, event.error), now)

    def sending(self, event: LineSending, now: Now) -> list[Effect]:
        """OctoPrint sends a line, a script's or not."""
        if event.key == self._question_key:
            self._answered = False  # what was reported before is no answer
        outcomes = self._acknowledgements.sending(event.key, event.line, now.at, acknowledged=event.acknowledged)
        return self.settle(outcomes, now)

    def _sent(self, event: LineSent, now: Now) -> list[Effect]:
        outcomes = self._acknowledgements.sent(event.key, event.line, now.at, acknowledged=event.acknowledged)
        return self.settle(outcomes, now)

    def received(self, event: LineReceived, now: Now) -> list[Effect]:
        """The printer has sent a line."""
        self._answered = self._answered or reports_temperatures(event.line)
        return self.settle(self._acknowledgements.received(event.line, now.at), now)

    def _parser(self, event: EmergencyParser, _: Now) -> list[Effect]:
        self._emergency_parser = event.present
        return []
