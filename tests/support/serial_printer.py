"""A simulated Marlin printer on a pseudo terminal, in place of a serial port."""

from __future__ import annotations

import contextlib
import os
import pty
import queue
import re
import select
import threading
import tty
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import Self

POSITION = "X:1.00 Y:2.00 Z:3.00 E:4.00 Count X:80 Y:160 Z:1200"
TEMPERATURES = "T:25.00 /0.00 B:25.00 /0.00 @:0 B@:0"
CAPABILITIES = (
    "PROTOCOL_VERSION:1.0 MACHINE_TYPE:Trial EXTRUDER_COUNT:1",
    "Cap:AUTOREPORT_TEMP:1",
    "Cap:EMERGENCY_PARSER:0",
)
#: Seconds between two reports of the printer, and the number of reports during homing and heating.
PAUSE_S, HOMING, HEATING = 0.1, 5, 20

_GCODE = re.compile(r"[GMT]\d")
_NUMBERED = re.compile(r"N(\d+) (.*)\*(\d+)$")


@dataclass(frozen=True)
class Dialect:
    """How a firmware replies; Marlin by default. `{line}` and `{text}` are the line, and what follows its command."""

    name: str = "Marlin 2.1.2"
    #: The complete replies by command.
    replies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: The reply to a line that is no G, M or T command.
    unknown: Sequence[str] = ('echo:Unknown command: "{line}"', "ok")
    temperatures: Sequence[str] = (f"ok {TEMPERATURES}",)
    #: Whether it acknowledges a line before it executes it: its replies begin with the ok.
    ok_first: bool = False


class SerialPrinter:
    """Executes G-code from `port` inside the context; one of `garbled_every` lines arrives corrupted.

    `heating` is how many reports long it heats.
    """

    def __init__(self, *, garbled_every: int, dialect: Dialect | None = None, heating: int = HEATING) -> None:
        #: The executed lines, oldest first, without line numbers; and the number of resend requests.
        self.lines: list[str] = []
        self.resends = 0
        #: The line that it reports, and what it reports once before, each with the event that it has.
        self.temperatures = TEMPERATURES
        self._once: queue.SimpleQueue[tuple[str, threading.Event]] = queue.SimpleQueue()
        #: Where the tool is, in mm, and the lowest Z that a move has led to.
        self.position = {"X": 0.0, "Y": 0.0, "Z": 0.0}
        self.lowest = float("inf")
        #: Commands that are no G, M or T commands, and what it sends while it carries them out.
        self.macros: dict[str, list[str]] = {}
        #: How many reports long it heats; may be changed meanwhile.
        self.heating = heating
        self.dialect = dialect or Dialect()
        self._relative = False
        self._height = 0.0
        self._garbled_every = garbled_every
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.port = os.ttyname(self._theirs)
        self._arrived = 0
        self._last_number = 0
        self._reports = threading.Event()
        self._closed = threading.Event()
        self._saying = threading.Lock()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._report)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        for thread in self._threads:
            thread.join()
        os.close(self._ours)
        os.close(self._theirs)

    def report(self, wanted: bool) -> None:
        """Report temperatures all the time, as after M155, or only when asked with M105."""
        if wanted:
            self._reports.set()
        else:
            self._reports.clear()

    def next_report(self, line: str | None = None) -> None:
        """Report `line`, or the temperatures, and return once that has been done. OctoPrint must be connected."""
        reported = threading.Event()
        self._once.put((self.temperatures if line is None else line, reported))
        assert reported.wait(30), "OctoPrint has not asked for reports"

    def _listen(self) -> None:
        received = b""
        while not self._closed.is_set():
            if select.select([self._ours], [], [], PAUSE_S)[0]:
                received += os.read(self._ours, 4096)
            while b"\n" in received:
                line, _, received = received.partition(b"\n")
                self._take(line.decode().strip())

    def _report(self) -> None:
        while not self._closed.wait(PAUSE_S):
            if not self._reports.is_set():
                continue
            if self._once.empty():
                self._send_lines(f" {self.temperatures}")
            else:
                line, reported = self._once.get()
                self._send_lines(f" {line}")
                reported.set()

    def _take(self, line: str) -> None:
        """Execute `line`, unless its number is wrong or it is corrupted."""
        numbered = _NUMBERED.match(line)
        if numbered is None:
            self._execute(line)
            return
        number, command, checksum = int(numbered[1]), numbered[2], int(numbered[3])
        self._arrived += 1
        if command.startswith("M110"):
            self._last_number = number
            self._send_lines("ok")
        elif (
            number != self._last_number + 1
            or checksum != reduce(xor, line[: line.rindex("*")].encode())
            or (self._garbled_every and self._arrived % self._garbled_every == 0)
        ):
            self.resends += 1
            self._send_lines(
                f"Error:checksum mismatch, Last Line: {self._last_number}", f"Resend: {self._last_number + 1}", "ok"
            )
        else:
            self._last_number = number
            self._execute(command)

    def _execute(self, line: str) -> None:
        if not line:
            return
        self.lines.append(line)
        match line.split(maxsplit=1):
            case [command, *text] if command in self.dialect.replies:
                self._reply(self.dialect.replies[command], line, *text)
            case ["M105"]:
                self._send_lines(*(each.replace(TEMPERATURES, self.temperatures) for each in self.dialect.temperatures))
            case ["M115"]:
                self._send_lines(f"FIRMWARE_NAME:{self.dialect.name} {CAPABILITIES[0]}", *CAPABILITIES[1:], "ok")
            case ["M155", _]:
                self._reports.set()
                self._send_lines("ok")
            case ["M118", text]:
                self._send_lines(text, "ok")
            case ["M114"]:
                self._send_lines(POSITION, "ok")
            case ["G28"]:
                self._wait("echo:busy: processing", HOMING)
                self._send_lines(POSITION, "ok")
            case ["M109", _]:
                self._heat()
                self._send_lines("ok")
            case [command, *_] if _GCODE.match(command) is None:
                for meanwhile in self.macros.get(command, ()):
                    self._wait(meanwhile, 1)
                self._reply(("ok",) if command in self.macros else self.dialect.unknown, line)
            case _:
                self._move(line)
                self._send_lines("ok")

    def _reply(self, reply: Sequence[str], line: str, text: str = "") -> None:
        self._send_lines(*(each.replace("{line}", line).replace("{text}", text) for each in reply))

    def _move(self, line: str) -> None:
        """Follow the mode and the position."""
        command, *words = line.split()
        if command in ("G90", "G91"):
            self._relative = command == "G91"
        elif command in ("G0", "G1"):
            for word in words:
                axis, value = word[0], float(word[1:])
                if axis in self.position:
                    self.position[axis] = value + self.position[axis] * self._relative
            self.lowest = min(self.lowest, self.position["Z"]) if self.position["Z"] != self._height else self.lowest
            self._height = self.position["Z"]

    def _heat(self) -> None:
        reports = 0
        while reports < self.heating:
            self._wait(f"{TEMPERATURES} W:?", 1)
            reports += 1

    def _wait(self, meanwhile: str, times: int) -> None:
        for _ in range(times):
            self._closed.wait(PAUSE_S)
            self._send_lines(meanwhile)

    def _send_lines(self, *lines: str) -> None:
        """Send `lines`. As on a serial line, what nobody reads is lost."""
        with self._saying, contextlib.suppress(OSError):
            for line in lines:
                select.select([], [self._ours], [], PAUSE_S)
                os.write(self._ours, f"{line}\n".encode())
