"""Scripts for tests: write them to a folder and run them in a real process with a simulated printer."""

from __future__ import annotations

import queue
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from octoprint_temp_eta.adapters.scripts.process import ScriptProcess
from octoprint_temp_eta.bridge.protocol.script_effects import StartScript
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    ScriptEnded,
    ScriptLine,
    ScriptMessage,
    ScriptRaised,
    ScriptReturned,
)
from octoprint_temp_eta.core.scripts.settings import Settings

S = TypeVar("S", bound=ScriptMessage)

HEAD = """
__script_id__ = "trial"
__script_title__ = "A trial"
"""
OBJECT = """
class Script:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g, self.logger, self.settings = g, logger, settings

    def run(self):
{body}

__script_obj__ = Script
"""


def write_script(folder: Path, body: str, head: str = HEAD, name: str = "trial.py") -> Path:
    """Write a script with `body` as its run(), and return its file."""
    indented = textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8)
    path = folder / name
    path.write_text(head + OBJECT.replace("{body}", indented), encoding="utf-8")
    return path


def add_script(folder: Path, script_id: str, body: str, *, title: str | None = None, more: str = "") -> Path:
    """Write the script `script_id`, by default with its id as title; `more` is added to its head."""
    head = f"__script_id__ = {script_id!r}\n__script_title__ = {title or script_id!r}\n{more}\n"
    return write_script(folder, body, head, f"{script_id}.py")


class Marlin:
    """Simulates a printer's replies to G-code: `replies` by command, all other commands with `ok`."""

    POSITION = "X:10.00 Y:20.00 Z:0.30 E:0.00 Count X:800 Y:1600 Z:120\n"

    def __init__(self, replies: Mapping[str, str | None] | None = None) -> None:
        #: None: the command blocks, as M109 does.
        self.replies = {"M114": f"{self.POSITION}ok\n", **(replies or {})}
        self.lines: list[str] = []

    def reply_to(self, line: str) -> str | None:
        """Return the reply to a line, None if there is none."""
        self.lines.append(line)
        return self.replies.get(line.split(maxsplit=1)[0], "ok\n")


@dataclass
class Trial:
    """A script's process and its messages so far."""

    process: ScriptProcess
    printer: Marlin
    inbox: queue.Queue[ScriptMessage]
    messages: list[ScriptMessage] = field(default_factory=list)

    def follow(self, until: Callable[[ScriptMessage], bool], timeout: float = 60.0) -> ScriptMessage:
        """Reply to the script's lines until it sends a message that `until` accepts, and return that."""
        while True:
            message = self.inbox.get(timeout=timeout)
            self.messages.append(message)
            if isinstance(message, ScriptLine):
                reply = self.printer.reply_to(message.line)
                if reply is not None:
                    self.process.reply(message.seq, reply)
            if until(message):
                return message
            assert not isinstance(message, ScriptEnded), f"the process ended early: {self.messages}"

    def end(self) -> ScriptEnded:
        """Reply to the script's lines until its process has ended, and return how."""
        ended = self.follow(lambda message: isinstance(message, ScriptEnded))
        assert isinstance(ended, ScriptEnded)
        return ended

    def all(self, kind: type[S]) -> list[S]:
        """Return all messages of one type, in order."""
        return [message for message in self.messages if isinstance(message, kind)]

    @property
    def returned(self) -> ScriptReturned:
        """What its run() returned."""
        (returned,) = self.all(ScriptReturned)
        return returned

    @property
    def error(self) -> str:
        """The error that it raised, having returned nothing."""
        (raised,) = self.all(ScriptRaised)
        assert not self.all(ScriptReturned)
        return raised.error


def start(
    path: Path,
    printer: Marlin | None = None,
    stored: Settings | None = None,
    given: Settings | None = None,
    arguments: Settings | None = None,
) -> Trial:
    """Start the script at `path`."""
    inbox: queue.Queue[ScriptMessage] = queue.Queue()
    process = ScriptProcess(
        StartScript("run-1", str(path.parent), path.name, stored or {}, given or {}, arguments or {}), inbox.put
    )
    process.start()
    return Trial(process, printer or Marlin(), inbox)


def run(
    path: Path,
    printer: Marlin | None = None,
    stored: Settings | None = None,
    given: Settings | None = None,
    arguments: Settings | None = None,
) -> Trial:
    """Run the script at `path` to its end."""
    trial = start(path, printer, stored, given, arguments)
    trial.end()
    return trial


def alive(pid: int) -> bool:
    """Whether a process is running; a zombie is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
