"""A replacement for mecode's serial printer that sends through OctoPrint."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import Any

from .channel.channel import Channel, Message

#: How many of the newest lines and replies are kept for a script to read.
KEPT = 1000

_MODE = re.compile(r"\s*[Gg]9[01](?![\d.])")
_AXIS = re.compile(r"([XYZE]):\s*(-?\d+(?:\.\d+)?)")


class PrinterError(RuntimeError):
    """A line was not sent or not acknowledged, or the firmware's reply is an error; the message is the reason."""


class Cancelled(BaseException):
    """The run is cancelled. Not an Exception, so that `except Exception` in a script does not catch it."""


class Printer:
    """Replaces `mecode.printer.Printer`, with the same methods.

    Each call sends its line at once and returns when the printer has acknowledged it.
    """

    def __init__(self, channel: Channel, before_line: Callable[[], None]) -> None:
        self._channel = channel
        self._before_line = before_line
        self._numbers = count(1)
        #: Replies by number that arrived while another thread was reading.
        self._replies: dict[int, Message] = {}
        self._reading = threading.Lock()
        self._cancelled = threading.Event()
        self.sentlines: deque[str] = deque(maxlen=KEPT)
        self.responses: deque[str] = deque(maxlen=KEPT)
        self.temp_readings: deque[str] = deque(maxlen=KEPT)
        #: Whether the script has selected absolute or relative mode.
        self.mode_selected = False
        self.printing = False
        self.paused = False
        self.s = None

    def sendline(self, line: str) -> None:
        """Send `line` and wait for its acknowledgement. Comments are removed; an empty line does nothing."""
        for each in _lines(line):
            self._send(each, 0, reply=False)

    def get_response(self, line: str, timeout: float = 0) -> str:
        """Send `line` and return the printer's reply: its lines with their newlines, including the ok.

        A reply that takes longer than `timeout` seconds (0: no timeout) is returned as empty.

        Raises:
            PrinterError: the line was not sent or not acknowledged, or the reply is an error.
        """
        return "".join(self._send(each, timeout) for each in _lines(line))

    def current_position(self) -> dict[str, float]:
        """Return the position reported by M114: mm by axis (X, Y, Z, E).

        Raises:
            PrinterError: the reply has no position.
        """
        reply = self.get_response("M114")
        position = {axis: float(value) for axis, value in _AXIS.findall(reply.partition("Count")[0])}
        if not position:
            raise PrinterError(f"M114: the printer's reply has no position: {reply.strip()!r:.200}")
        return position

    def reset_linenumber(self, number: int = 0) -> None:
        """Do nothing: OctoPrint manages line numbers."""

    def connect(self, s: Any = None) -> None:
        """Do nothing: OctoPrint is connected."""

    def start(self) -> None:
        """Do nothing: lines are sent immediately."""

    def disconnect(self, wait: bool = False) -> None:
        """Do nothing: every line was acknowledged, and the connection belongs to OctoPrint."""

    def load_file(self, filepath: str) -> None:
        """Send the lines of a G-code file."""
        with open(filepath, encoding="utf-8") as file:
            for line in file:
                self.sendline(line)

    def cancel(self, _signal: int, _frame: FrameType | None) -> None:
        """Handle SIGTERM: refuse further lines, even if the script catches the exception.

        Raises:
            Cancelled: in the script's main thread.
        """
        self._cancelled.set()
        raise Cancelled

    def _send(self, line: str, timeout: float, *, reply: bool = True) -> str:
        if self._cancelled.is_set():
            raise Cancelled
        self._before_line()
        self.mode_selected = self.mode_selected or bool(_MODE.match(line))
        number = next(self._numbers)
        self._channel.send("send", seq=number, line=line, reply=reply)
        self.sentlines.append(line)
        message = self._reply(number, timeout or None)
        if message is None:
            return ""
        if "error" in message:
            raise PrinterError(f"{line}: {message['error']}")
        text: str = message["reply"]
        self.responses.append(text)
        self.temp_readings.extend(each for each in text.splitlines() if "T:" in each)
        return text

    def _reply(self, number: int, timeout: float | None) -> Message | None:
        """Wait for a reply. One of the waiting threads reads for all."""
        with self._reading:
            while number not in self._replies:
                message = self._channel.receive(timeout)
                if message is None:
                    return None
                self._replies[message["seq"]] = message
            return self._replies.pop(number)


def _lines(text: str) -> list[str]:
    """Return the lines of `text` without comments and empty lines; tabs become spaces."""
    return [line for each in str(text).split("\n") if (line := each.partition(";")[0].replace("\t", " ").strip())]
