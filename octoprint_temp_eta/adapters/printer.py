"""The printer, through OctoPrint's public interface and its G-code hooks.

Calls to OctoPrint may block while other plugins handle them, so one thread makes them in order. The order matters:
heater targets are restored before the last line of a run lets a print start.
The hooks run on OctoPrint's threads. While a script runs they post what they see; otherwise they return at once.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..bridge.protocol.effects import SetTarget
from ..bridge.protocol.inputs import TargetSet
from ..bridge.protocol.script_effects import (
    BreakHeatWait,
    DropLines,
    FakeOk,
    HoldJobs,
    ReleaseJobs,
    SendLine,
    SendLines,
)
from ..bridge.protocol.script_inputs import (
    JobsHeld,
    LineQueued,
    LineReceived,
    LineSending,
    LineSent,
    LineSuppressed,
    MotionRefused,
    OthersLineQueued,
    PrinterGone,
    ScriptInput,
)
from ..core.gcode.in_flight import OPTIONAL_S
from ..core.gcode.motion import MODES, Modes, moves
from ..core.gcode.targets import TARGET_COMMANDS
from .dropped_lines import DroppedLines
from .last_line import LastLine
from .line_tags import TAGS, ends_heat_up, is_jog, is_ours, key_of, tags_of
from .printer_tasks import NEW_CONNECTION, PrinterTasks
from .recent_targets import RecentTargets
from .serial_settings import SerialSetting, ignores_errors
from .targets import Targets
from .threads.inbox import now
from .unqueued_line import why_not_queued

if TYPE_CHECKING:
    from octoprint.printer import PrinterInterface

#: Parts of the names of firmware that acknowledges lines other than G-code; the same as in OctoPrint.
ACKNOWLEDGES_ALL = ("klipper", "prusa-firmware")
#: Part of the name of firmware that acknowledges a line before it executes it.
ACKNOWLEDGES_FIRST = "repetier"
#: Why a line is dropped.
ENDING = "the run is ending"
#: What OctoPrint's hook returns to suppress a command.
_SUPPRESS = (None,)


class Printer:
    """Performs the bridge's effects on the printer; the `hook_…` methods implement OctoPrint's hooks."""

    def __init__(
        self,
        printer: PrinterInterface,
        serial_setting: SerialSetting,
        post: Callable[[ScriptInput | TargetSet], None],
        logger: logging.Logger,
    ) -> None:
        self._printer = printer
        self._serial_setting = serial_setting
        self._post = post
        self._logger = logger
        self._tasks = PrinterTasks("temp_eta-printer", logger)
        self._targets = Targets(printer, self._tasks, post)
        #: The connection on which print jobs are on hold.
        self._held_on: object | None = None
        #: Whether a run observes the serial line.
        self._observing = False
        self._dropped = DroppedLines()
        self._acknowledges_all = False
        #: When the newest line was sent whose ok OctoPrint does not wait for.
        self._optional_at = -math.inf
        self._allow_motion = False
        #: The modes after the lines queued so far, and those that the script has selected.
        self._modes = self._script_modes = Modes()
        self._recent_targets = RecentTargets()
        #: How many commands OctoPrint has queued for the line that is being submitted.
        self._parts = 0
        #: How many were reported to the bridge.
        self._announced = 0
        self._last_line = LastLine()

    @property
    def performers(self) -> Mapping[type, Callable[[Any], None]]:
        """The effects that are performed here."""
        return {
            SetTarget: self._targets.put,
            HoldJobs: self._later(self._hold, lambda effect: self._post(JobsHeld(effect.run_id, NEW_CONNECTION))),
            ReleaseJobs: lambda _: self._end(),
            SendLine: self._later(self._send, lambda effect: self._post(LineSuppressed(effect.key, NEW_CONNECTION))),
            SendLines: self._later(self._send_all),
            DropLines: lambda _: self._dropped.end(),
            # OctoPrint sends this ahead of its queue.
            BreakHeatWait: self._later(lambda _: self._printer.commands(["M108"], tags=set(TAGS), force=True)),
            FakeOk: self._later(lambda _: self._repair()),
        }

    def start(self) -> None:
        """Start the thread."""
        self._tasks.start()

    def close(self, timeout: float) -> bool:
        """Stop; wait at most `timeout` seconds until the last lines of a run were sent; return whether they were."""
        until = now().at + timeout
        sent = self._tasks.close(timeout) and self._last_line.wait(max(0.0, until - now().at))
        self._observing = False
        return sent

    @property
    def holds_jobs(self) -> bool:
        """Whether a script has the printer."""
        return self._held_on is not None

    # OctoPrint's hooks

    def hook_queuing(
        self, _comm: Any, _phase: str, line: str, _type: Any, gcode: str | None, *_: Any, tags: Any = None, **__: Any
    ) -> Any:
        """Keep others from moving the printer while a script runs, and precede the script's lines with its modes.

        OctoPrint calls this with its sending lock held, so no other line can get between.
        """
        if not self._observing:
            return None
        if gcode == "M112":
            # OctoPrint then closes the connection without giving a reason.
            self._post(PrinterGone("there was an emergency stop (M112)"))
            return None
        key = key_of(tags)
        if gcode == "M28" and key is None:
            # What the run would send goes into the file. M28 must pass, or the printer would execute the file's lines.
            self._post(PrinterGone("a file is being written to the printer's SD card"))
            return None
        if key is not None:
            restored = self._script_modes.restored_from(self._modes)
            self._script_modes = self._script_modes.after(line)
            if not restored:
                return None
            # Announced before the first of them is sent and acknowledged.
            self._announce(key, self._parts + len(restored) + 1)
            return [*restored, line]
        return _SUPPRESS if self._refuses(line, gcode, set(tags or ())) else None

    def _announce(self, key: str, parts: int) -> None:
        if parts != self._announced:
            self._announced = parts
            self._post(LineQueued(key, parts))

    def _refuses(self, line: str, gcode: str | None, tags: set[str]) -> bool:
        """Whether a line of others must not be sent while a script runs."""
        if ends_heat_up(gcode, tags):
            return True  # it would end the script's wait for a temperature
        if is_ours(tags) or self._allow_motion or not (moves(line) or is_jog(tags)):
            return False
        self._post(MotionRefused(line))
        return True

    def hook_queued(
        self, _comm: Any, _phase: str, line: str, _type: Any, gcode: str | None, *_: Any, tags: Any = None, **__: Any
    ) -> None:
        """Follow the modes, and count the commands of the line that is being submitted, on the submitting thread."""
        # OctoPrint has no name for a command in lower case, which some firmware executes.
        if gcode in MODES or gcode is None:
            self._modes = self._modes.after(line)
        if gcode in TARGET_COMMANDS:
            self._recent_targets.queued(line, self._modes.tool, now().at)
        if not self._observing:
            return
        key = key_of(tags)
        if key is None:
            self._post(OthersLineQueued(line))
        else:
            self._parts += 1
            self._announce(key, max(self._parts, self._announced))

    def hook_sending(
        self, _comm: Any, _phase: str, line: str, _type: Any, gcode: str | None, *_: Any, tags: Any = None, **__: Any
    ) -> Any:
        """Post a command before it is sent, because its reply may arrive before the hook `sent`."""
        key = key_of(tags)
        if key is not None and self._dropped.has(key, line):
            self._recent_targets.dropped(line, self._modes.tool)
            self._post(LineSuppressed(key, ENDING))
            return _SUPPRESS
        if not self._expects_ok(gcode):
            self._optional_at = now().at
        if gcode in TARGET_COMMANDS:
            self._recent_targets.sent(line, self._modes.tool, now().at)
        if self._observing:
            self._post(LineSending(key, line, self._expects_ok(gcode)))
        return None

    def hook_sent(
        self, _comm: Any, _phase: str, line: str, _type: Any, gcode: str | None, *_: Any, tags: Any = None, **__: Any
    ) -> None:
        """Post a sent command when that adds information to `sending`."""
        if not self._observing:
            return
        key = key_of(tags)
        self._last_line.sent(key)
        if not self._expects_ok(gcode) or key is None:
            self._post(LineSent(key, line, self._expects_ok(gcode)))

    def hook_received(self, comm: Any, line: str, *_: Any, **__: Any) -> str:
        """Post a received line; one from a new connection ends a run before OctoPrint's event, which may be late."""
        self._tasks.see(comm)
        if self._observing and self._held_on is not self._tasks.connection:
            self._observing = False
            self._post(PrinterGone("the printer was disconnected"))
        if self._observing and line:
            self._post(LineReceived(line))
        return line

    def reported(self, heaters: Mapping[str, tuple[Any, Any]]) -> None:
        """Note what the printer has reported: by heater, temperature and target (°C)."""
        self._recent_targets.reported(heaters)

    def reset_modes(self) -> None:
        """Assume the modes of a firmware after its start: it was connected or reset."""
        self._modes = Modes()
        self._recent_targets.forget()

    # On the own thread

    def _later(self, do: Callable[[Any], None], drop: Callable[[Any], None] = lambda _: None) -> Callable[[Any], None]:
        return lambda effect: self._tasks.put_for_connection(lambda: do(effect), lambda: drop(effect))

    def _send_all(self, effect: SendLines) -> None:
        connection = self._tasks.connection
        for number, line in enumerate(effect.lines):
            if self._tasks.connection is not connection:
                return
            if self._printer.is_printing() or self._printer.is_paused():
                # The bridge does not know yet that a print has begun.
                self._logger.warning("Not sent, as a print has begun: %s", ", ".join(effect.lines[number:]))
                return
            self._printer.commands([line], tags=set(TAGS))

    def _repair(self) -> None:
        # OctoPrint 2 has renamed it.
        repair = getattr(self._printer, "repair_communication", None) or self._printer.fake_ack
        repair()

    def _hold(self, effect: HoldJobs) -> None:
        # Hold first, then check: otherwise a print could start in between.
        connection = self._tasks.connection
        try:
            if not self._printer.set_job_on_hold(True):
                # OctoPrint 2 can connect to printers without G-code lines of its own
                refusal = "OctoPrint cannot hold print jobs on this connection; scripts need a serial one"
                self._post(JobsHeld(effect.run_id, refusal))
                return
        except Exception:  # no connection, or it closes at this moment; the run waits for a reply
            self._post(JobsHeld(effect.run_id, "the printer is not connected"))
            return
        self._held_on = connection
        try:
            held = self._check(effect.run_id)
        except Exception as error:  # e.g. the connection closes meanwhile; the run waits for a reply
            held = JobsHeld(effect.run_id, f"the printer is not ready: {error}")
        if self._tasks.connection is not connection:
            held = JobsHeld(effect.run_id, NEW_CONNECTION)
        self._allow_motion = effect.allow_motion
        self._script_modes = self._modes
        self._dropped.begin(effect.run_id)
        self._observing = held.refusal is None
        if not self._observing:
            self._release_jobs()
        self._post(held)

    def _check(self, run_id: str) -> JobsHeld:
        if not self._printer.is_ready():
            return JobsHeld(run_id, f"the printer is not ready: {self._printer.get_state_string()}")
        firmware = str((self._printer.firmware_info or {}).get("name", "")).lower()
        self._acknowledges_all = bool(self._serial_setting("unknownCommandsNeedAck")) or (
            bool(self._serial_setting("firmwareDetection")) and any(part in firmware for part in ACKNOWLEDGES_ALL)
        )
        return JobsHeld(
            run_id,
            window=int(self._serial_setting("ackMax") or 1),
            late_ok=now().at - self._optional_at <= OPTIONAL_S,
            ok_first=ACKNOWLEDGES_FIRST in firmware,
            ignores_errors=ignores_errors(self._serial_setting),
            modes=self._modes,
            targets=self._recent_targets.at(now().at),
        )

    def _end(self) -> None:
        # Others may move at once: the event of the run's end, which follows, may make them do so.
        self._allow_motion = True
        self._tasks.put(self._release)

    def _release(self) -> None:
        self._observing = False
        self._last_line.drop()
        # The hold ends with its connection. On a new one, only others can have set one.
        if self._held_on is self._tasks.connection:
            self._release_jobs()
        self._held_on = None

    def _release_jobs(self) -> None:
        self._held_on = None
        with contextlib.suppress(Exception):  # there is no connection, or it closes at this moment
            self._printer.set_job_on_hold(False)

    def _send(self, effect: SendLine) -> None:
        if self._held_on is not self._tasks.connection:
            self._post(LineSuppressed(effect.key, NEW_CONNECTION))
            return
        if self._dropped.has(effect.key, effect.line):  # before other plugins see it
            self._post(LineSuppressed(effect.key, ENDING))
            return
        self._parts = self._announced = 0
        self._last_line.submit(effect.key)
        try:
            self._printer.commands([effect.line], tags=tags_of(effect.key))
        finally:
            if self._parts == 0:
                self._last_line.drop()
                blocked = self._serial_setting("blockedCommands") or ()
                self._post(LineSuppressed(effect.key, why_not_queued(effect.line, blocked)))
            else:
                self._announce(effect.key, self._parts)

    def _expects_ok(self, gcode: str | None) -> bool:
        return gcode is not None or self._acknowledges_all
