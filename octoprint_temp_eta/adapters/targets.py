"""Sets targets, on the thread that makes the calls to OctoPrint's printer: in order with the lines of a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..bridge.protocol.effects import SetTarget
from ..bridge.protocol.inputs import TargetSet
from ..core.gcode.targets import setting
from .line_tags import TAGS
from .printer_tasks import LATE_S, NEW_CONNECTION, PrinterTasks
from .threads.inbox import now

if TYPE_CHECKING:
    from octoprint.printer import PrinterInterface


class Targets:
    """Performs `SetTarget`. One with a token is somebody's command, and answered; one without is restored."""

    def __init__(self, printer: PrinterInterface, tasks: PrinterTasks, post: Callable[[TargetSet], None]) -> None:
        self._printer = printer
        self._tasks = tasks
        self._post = post

    def put(self, effect: SetTarget) -> None:
        """Set a target when its turn comes, unless the connection is a new one by then, or it is too late."""
        until = now().at + LATE_S
        if effect.target == 0:  # off is safe on any connection, and at any time
            self._tasks.put(lambda: self._set(effect))
            return
        self._tasks.put_for_connection(
            lambda: self._set_in_time(effect, until), lambda: self._answer(effect, NEW_CONNECTION)
        )

    def _set_in_time(self, effect: SetTarget, until: float) -> None:
        if effect.token is not None and now().at > until:
            self._answer(effect, "it was busy for too long; another plugin may have held it up")
        else:
            self._set(effect)

    def _answer(self, effect: SetTarget, reason: str) -> None:
        if effect.token is not None:
            self._post(TargetSet(effect.token, f"OctoPrint did not set the target: {reason}."))

    def _set(self, effect: SetTarget) -> None:
        if effect.token is None:
            self._restore(effect)
            return
        refusal = None
        try:
            self._printer.set_temperature(effect.heater, effect.target, tags=set(TAGS))
            if not self._printer.is_operational():  # OctoPrint drops commands without a connection silently
                refusal = "The printer is not connected."
        except Exception as error:  # such as an unknown heater
            refusal = f"OctoPrint refused the target: {error}"
        self._post(TargetSet(effect.token, refusal))

    def _restore(self, effect: SetTarget) -> None:
        tool = effect.heater.removeprefix("tool")
        line = setting(effect.heater, effect.target)
        if tool.isdecimal() and int(tool):
            # OctoPrint leaves the number out if the profile has one tool or a shared nozzle: that sets the tool in use.
            line = f"M104 T{tool} S{effect.target:g}"
        if line is None:
            self._printer.set_temperature(effect.heater, effect.target, tags=set(TAGS))
        else:
            self._printer.commands([line], tags=set(TAGS))
