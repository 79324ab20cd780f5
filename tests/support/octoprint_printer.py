"""OctoPrint's printer object, as far as the plugin calls it."""

from __future__ import annotations

import logging
import queue
import re
from typing import Any

from octoprint_temp_eta.adapters.printer import Printer
from octoprint_temp_eta.bridge.protocol.effects import Effect
from octoprint_temp_eta.bridge.protocol.inputs import TargetSet
from octoprint_temp_eta.bridge.protocol.script_effects import FakeOk
from octoprint_temp_eta.bridge.protocol.script_inputs import ScriptInput


class Connection:
    """OctoPrint's object of a connection, which its hooks get."""


class OctoPrintsPrinter:
    """OctoPrint's printer, as far as it is used: notes what it is asked for, and calls the hooks as OctoPrint does."""

    def __init__(self) -> None:
        self.ready = True
        self.connected = True
        self.can_hold = True
        self.prints = False
        self.firmware_info: dict[str, Any] | None = {"name": "Marlin"}
        self.calls: list[Any] = []
        self.queued: list[str] = []
        #: What other plugins make of a line.
        self.made: dict[str, list[str]] = {}
        self.hooks: Printer | None = None
        #: Gets an item instead of the next fake ack being noted.
        self.done: queue.SimpleQueue[None] | None = None

    def set_job_on_hold(self, value: bool) -> bool | None:
        if not self.connected:
            raise RuntimeError("No connection to the printer")
        self.calls.append(("hold", value))
        return True if self.can_hold else None

    def is_printing(self) -> bool:
        return self.prints

    def is_paused(self) -> bool:
        return False

    def is_ready(self) -> bool:
        self.calls.append("ready?")
        return self.ready

    def get_state_string(self) -> str:
        return "Printing"

    def fake_ack(self) -> None:
        if self.done is None:
            self.calls.append("fake ack")
        else:
            self.done.put(None)

    def is_operational(self) -> bool:
        return self.connected

    def set_temperature(self, heater: str, value: float, tags: set[str]) -> None:
        if heater == "X":
            raise ValueError("heater must match tool, bed or chamber: X")
        self.calls.append((heater, value))

    def commands(self, lines: list[str], tags: set[str], force: bool = False) -> None:
        self.calls.append((lines, force))
        assert self.hooks is not None
        for line in lines:
            for made in self.made.get(line, [line]):
                for queued in self.queue(made, tags):
                    self.queued.append(queued)

    def queue(self, line: str, tags: set[str]) -> list[str]:
        """Take a line through the hooks, and return the lines that are queued for it."""
        assert self.hooks is not None
        result = self.hooks.hook_queuing(None, "queuing", line, None, gcode_of(line), tags=tags)
        lines = [line] if result is None else [each for each in result if each is not None]
        for each in lines:
            self.hooks.hook_queued(None, "queued", each, None, gcode_of(each), tags=tags)
        return lines


def gcode_of(line: str) -> str | None:
    """Return OctoPrint's name of the command in `line`."""
    found = re.match(r"\s*([GM]\d+|T(?=\d))", line)
    return None if found is None else found[1]


class FakeOctoPrint:
    """The plugin's printer adapter on a fake of OctoPrint's printer."""

    def __init__(self, **serial: Any) -> None:
        self.printer = OctoPrintsPrinter()
        self.first = Connection()
        self._inputs: queue.Queue[ScriptInput | TargetSet] = queue.Queue()
        self.hooks = Printer(
            self.printer,
            serial.get,
            self._inputs.put,
            logging.getLogger("test"),
        )
        self.printer.hooks = self.hooks
        self.hooks.start()

    def do(self, *effects: Effect) -> list[ScriptInput | TargetSet]:
        """Have the effects done, wait for that, and return the inputs of the bridge."""
        for effect in effects:
            self.hooks.performers[type(effect)](effect)
        done = self.printer.done = queue.SimpleQueue[None]()
        self.hooks.performers[FakeOk](FakeOk())
        done.get(timeout=10)
        self.printer.done = None
        return self.published()

    def published(self) -> list[ScriptInput | TargetSet]:
        return [self._inputs.get() for _ in range(self._inputs.qsize())]


def pass_over(
    octoprint: FakeOctoPrint, line: str, gcode: str | None, tags: set[str] | None = None
) -> list[ScriptInput | TargetSet]:
    """Let a line go to the printer, and its ok come back on the first connection."""
    hooks = octoprint.hooks
    hooks.hook_sending(None, "sending", line, None, gcode, tags=tags)
    hooks.hook_sent(None, "sent", line, None, gcode, subcode=None, tags=tags)
    assert hooks.hook_received(octoprint.first, "ok\n") == "ok\n"
    assert hooks.hook_received(octoprint.first, "") == ""
    return octoprint.published()
