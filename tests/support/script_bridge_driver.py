"""A bridge with scripts and a simulated clock: the tests act as the process and the printer."""

from __future__ import annotations

import json
from typing import Any

from octoprint_temp_eta.bridge.protocol.effects import Effect, Log, Page, Publish, Save
from octoprint_temp_eta.bridge.protocol.script_effects import SendLines
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    JobsHeld,
    LineQueued,
    LineReceived,
    LineSending,
    ScriptEnded,
    ScriptInput,
    ScriptRunning,
)
from octoprint_temp_eta.bridge.scripts.interrupted import RUN
from octoprint_temp_eta.bridge.scripts.lines import LAST_LINE
from octoprint_temp_eta.core.scripts.catalogue import Script
from tests.support.bridge_driver import BridgeDriver

STEPS = Script("steps.py", "Steps", "steps", {"count": 3, "name": "x"})
ON_CONNECT = Script("on_connect.py", "On connect", "on_connect", has_commands=True)
BROKEN = Script("broken.py", "broken.py", error="SyntaxError: invalid syntax (broken.py, line 1)")
#: Each run begins with a question for the targets.
ASK = SendLines(("M105",))
RUN_1, RUN_2 = "4f1b9c02-1", "4f1b9c02-2"
COMMON = {"id": "steps", "title": "Steps", "run_id": RUN_1}


class ScriptBridgeDriver(BridgeDriver):
    """A bridge with scripts and a ready printer."""

    def __init__(
        self, *, scripts: tuple[Script, ...] = (STEPS, ON_CONNECT, BROKEN), found: bool = True, **more: Any
    ) -> None:
        super().__init__(scripts=None, **more)
        self.connect()
        self.printer()
        self.read(tool0=(21.0, 0.0), bed=(40.0, 60.0))
        if found:
            self.found(scripts)

    def handle_all(self, *events: ScriptInput) -> list[Effect]:
        """Handle these inputs, and return all effects except messages, page updates, log lines and the stored run."""
        effects = [effect for event in events for effect in self.handle(event)]
        return [
            effect
            for effect in effects
            if not isinstance(effect, Publish | Log | Page) and not (isinstance(effect, Save) and effect.name == RUN)
        ]

    def start(self, **more: Any) -> list[dict[str, Any]]:
        return self.command("script/start", {"id": "steps", **more})

    def run(self, **more: Any) -> None:
        """Start a script and let it run."""
        (reply,) = self.start(**more)
        self.handle(JobsHeld(reply["run_id"]))
        self.handle(ScriptRunning(reply["run_id"]))

    def ack(self, key: str, line: str, *reply: str) -> list[Effect]:
        """Report that OctoPrint sends our line and that the printer acknowledges it, the last one after a report."""
        reply = ("T:20.0 /0.0", *reply) if line == LAST_LINE else reply
        received = (LineReceived(f"{each}\n") for each in (*reply, "ok"))
        return self.handle_all(LineSending(key, line, acknowledged=True), LineQueued(key, 1), *received)

    def end(self, run_id: str = RUN_1, **reported: tuple[object, object]) -> list[Effect]:
        """Report that the process ends, and that the printer reports `reported` and acknowledges the line after it."""
        return [
            *self.handle_all(ScriptEnded(run_id, 0, "ended with status 0")),
            *(self.read(**reported) if reported else ()),
            *self.ack(f"{run_id}.end", "G90"),
        ]

    @property
    def reported(self) -> list[dict[str, Any]]:
        """The published script events and replies, in order, without their timestamps."""
        kinds = ("script_event", "response")
        bodies = [json.loads(publish.payload) for name, publish in self.sent if name in kinds]
        return [{key: value for key, value in body.items() if key != "timestamp"} for body in bodies]
