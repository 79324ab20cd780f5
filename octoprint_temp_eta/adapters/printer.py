"""The printer, through OctoPrint's public interface and its G-code hooks.

OctoPrint's calls may take their time (other plugins have a say), so they are made on a thread of their own, in order:
heaters are back to what they were before the G90 after a run lets a print begin.
The hooks run on OctoPrint's threads: while a script runs they hand on what they see, else they do nothing.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from octoprint.printer import PrinterInterface

from ..bridge.protocol.effects import SetTarget
from ..bridge.protocol.script_effects import BreakHeatWait, FakeOk, HoldJobs, ReleaseJobs, SendLine, SendLines
from ..bridge.protocol.script_inputs import (
    JobsHeld,
    LineQueued,
    LineReceived,
    LineSending,
    LineSent,
    PrinterGone,
    ScriptInput,
)
from .inbox import now
from .tasks import Tasks

#: Marks in OctoPrint's log and for other plugins where a command comes from.
TAGS = frozenset({"source:plugin", "plugin:temp_eta"})
#: Marks a line of ours in OctoPrint's hooks; its key follows.
KEY_TAG = "temp_eta:script:"
#: Firmware that acknowledges what is no G-code, too; OctoPrint knows it by these parts of its name.
ACKNOWLEDGES_ALL = ("klipper", "prusa-firmware")

#: Returns a setting of OctoPrint's serial connection.
SerialSetting = Callable[[str], Any]


class Printer:
    """The printer as the bridge uses it; its `hook_…` methods belong to OctoPrint's hooks."""

    def __init__(
        self,
        printer: PrinterInterface,
        serial_setting: SerialSetting,
        post: Callable[[ScriptInput], None],
        logger: logging.Logger,
    ) -> None:
        self._printer = printer
        self._serial_setting = serial_setting
        self._post = post
        self._tasks = Tasks("temp_eta-printer", logger)
        #: Whether a run wants to know what goes over the line.
        self._listens = False
        self._acknowledges_all = False
        #: How many commands OctoPrint has made so far of the line that is being given to it.
        self._parts = 0
        #: Whether the newest line of ours is on its way to the printer.
        self._gone = threading.Event()
        self._gone.set()

    @property
    def performers(self) -> Mapping[type, Callable[[Any], None]]:
        """What is done here for the bridge."""
        return {
            SetTarget: self._later(self._set_target),
            HoldJobs: self._later(self._hold),
            ReleaseJobs: self._later(self._release),
            SendLine: self._later(self._send),
            SendLines: self._later(lambda effect: self._printer.commands(list(effect.lines), tags=set(TAGS))),
            # OctoPrint sends this past its queue.
            BreakHeatWait: self._later(lambda _: self._printer.commands(["M108"], tags=set(TAGS), force=True)),
            FakeOk: self._later(lambda _: self._printer.fake_ack()),
        }

    def start(self) -> None:
        """Begin."""
        self._tasks.start()

    def close(self, timeout: float) -> None:
        """End; waits at most `timeout` seconds until what a run leaves the printer with has gone out."""
        until = now().at + timeout
        self._tasks.close(timeout)
        self._gone.wait(max(0.0, until - now().at))
        self._listens = False

    # OctoPrint's hooks

    def hook_queuing(
        self, _comm: Any, _phase: str, _line: str, _type: Any, gcode: str | None, *_: Any, **__: Any
    ) -> None:
        """Tell of an emergency stop before OctoPrint closes the connection for it, without a word why."""
        if self._listens and gcode == "M112":
            self._post(PrinterGone("there was an emergency stop (M112)"))

    def hook_queued(self, _comm: Any, _phase: str, _line: str, *_: Any, tags: Any = None, **__: Any) -> None:
        """Count what is made of the line that is being given to OctoPrint, on the same thread."""
        key = _key(tags) if self._listens else None
        if key is not None:
            self._parts += 1
            if self._parts > 1:
                self._post(LineQueued(key, self._parts))

    def hook_sending(
        self, _comm: Any, _phase: str, line: str, _type: Any, gcode: str | None, *_: Any, tags: Any = None, **__: Any
    ) -> None:
        """Hand on what goes out. It has to be told before it goes: its answer may come before `sent`."""
        if self._listens:
            self._post(LineSending(_key(tags), line, self._owes_ok(gcode)))

    def hook_sent(
        self, _comm: Any, _phase: str, line: str, _type: Any, gcode: str | None, *_: Any, tags: Any = None, **__: Any
    ) -> None:
        """Hand on what has gone out, where that tells more than that it was about to."""
        if not self._listens:
            return
        key = _key(tags)
        if key is not None:
            self._gone.set()
        if not self._owes_ok(gcode) or key is None:
            self._post(LineSent(key, line, self._owes_ok(gcode)))

    def hook_received(self, _comm: Any, line: str, *_: Any, **__: Any) -> str:
        """Hand on what the printer says."""
        if self._listens and line:
            self._post(LineReceived(line))
        return line

    # On the own thread

    def _later(self, do: Callable[[Any], None]) -> Callable[[Any], None]:
        return lambda effect: self._tasks.put(lambda: do(effect))

    def _set_target(self, effect: SetTarget) -> None:
        self._printer.set_temperature(effect.heater, effect.target, tags=set(TAGS))

    def _hold(self, effect: HoldJobs) -> None:
        # First held, then looked: a print that begins in between cannot slip through.
        try:
            self._printer.set_job_on_hold(True)
        except RuntimeError:
            self._post(JobsHeld(effect.run_id, "the printer is not connected"))
            return
        try:
            held = self._look(effect.run_id)
        except Exception as error:  # such as where the connection goes while OctoPrint looks; the run waits to be told
            held = JobsHeld(effect.run_id, f"the printer is not ready: {error}")
        self._listens = held.refusal is None
        if not self._listens:
            self._let_go()
        self._post(held)

    def _look(self, run_id: str) -> JobsHeld:
        if not self._printer.is_ready():
            return JobsHeld(run_id, f"the printer is not ready: {self._printer.get_state_string()}")
        self._acknowledges_all = bool(self._serial_setting("unknownCommandsNeedAck")) or self._is_known_to()
        return JobsHeld(run_id, window=int(self._serial_setting("ackMax") or 1))

    def _release(self, effect: ReleaseJobs) -> None:
        self._listens = False
        self._gone.set()
        if effect.held:
            self._let_go()

    def _let_go(self) -> None:
        # The hold belongs to the connection, which may have gone since. A new one has none of ours.
        with contextlib.suppress(RuntimeError):
            self._printer.set_job_on_hold(False)

    def _send(self, effect: SendLine) -> None:
        self._parts = 0
        self._gone.clear()
        try:
            self._printer.commands([effect.line], tags={*TAGS, f"{KEY_TAG}{effect.key}"})
        finally:
            if self._parts == 0:
                self._gone.set()
                self._post(LineQueued(effect.key, 0))

    def _is_known_to(self) -> bool:
        """Whether OctoPrint knows the firmware for one that acknowledges everything."""
        name = str((self._printer.firmware_info or {}).get("name", "")).lower()
        return bool(self._serial_setting("firmwareDetection")) and any(part in name for part in ACKNOWLEDGES_ALL)

    def _owes_ok(self, gcode: str | None) -> bool:
        return gcode is not None or self._acknowledges_all


def _key(tags: Iterable[str] | None) -> str | None:
    return next((tag.removeprefix(KEY_TAG) for tag in tags or () if tag.startswith(KEY_TAG)), None)
