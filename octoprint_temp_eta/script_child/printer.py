"""The printer as mecode knows it, reached through OctoPrint instead of a serial port."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import Any

from .channel import Channel, Message

#: So many of the newest lines and answers are kept for a script to look at.
KEPT = 1000

_AXIS = re.compile(r"([XYZE]):\s*(-?\d+(?:\.\d+)?)")


class PrinterError(RuntimeError):
    """A line was not sent, or was not answered; the message says why."""


class Cancelled(BaseException):
    """The run is to end: raised in the script, wherever it is. No Exception, so that scripts let it pass."""


class Printer:
    """Stands in for `mecode.printer.Printer`, with the same methods.

    Every line is sent at once, and waited for: when a call returns, the printer has acknowledged it.
    """

    def __init__(self, channel: Channel, before_line: Callable[[], None]) -> None:
        self._channel = channel
        self._before_line = before_line
        self._numbers = count(1)
        #: Answers by number that came while another thread read.
        self._answers: dict[int, Message] = {}
        self._reading = threading.Lock()
        self._cancelled = threading.Event()
        self.sentlines: deque[str] = deque(maxlen=KEPT)
        self.responses: deque[str] = deque(maxlen=KEPT)
        self.temp_readings: deque[str] = deque(maxlen=KEPT)
        self.printing = False
        self.paused = False
        self.s = None

    def sendline(self, line: str) -> None:
        """Send `line` and wait until it is acknowledged. A comment is cut off; an empty line does nothing."""
        self.get_response(line)

    def get_response(self, line: str, timeout: float = 0) -> str:
        """Send `line` and return what the printer answered: its lines, each with its newline, the ok included.

        With a `timeout` in seconds (0: none) an answer that takes longer counts as empty.

        Raises:
            PrinterError: the line could not be sent or its answer did not come.
        """
        lines = (_without_comment(each) for each in str(line).split("\n"))
        return "".join(self._ask(each, timeout) for each in lines if each)

    def current_position(self) -> dict[str, float]:
        """Return where the printer says that it is: mm by axis, X, Y, Z and E."""
        answer = self.get_response("M114").partition("Count")[0]
        return {axis: float(value) for axis, value in _AXIS.findall(answer)}

    def reset_linenumber(self, number: int = 0) -> None:
        """Do nothing: line numbers are OctoPrint's."""

    def connect(self, s: Any = None) -> None:
        """Do nothing: OctoPrint is connected."""

    def start(self) -> None:
        """Do nothing: lines are sent as they come."""

    def disconnect(self, wait: bool = False) -> None:
        """Do nothing: every line has been acknowledged, and the connection is OctoPrint's."""

    def load_file(self, filepath: str) -> None:
        """Send the lines of a file of G-code."""
        with open(filepath, encoding="utf-8") as file:
            for line in file:
                self.sendline(line)

    def cancel(self, _signal: int, _frame: FrameType | None) -> None:
        """Handle the signal that asks to end: send nothing any more, also where the script goes on regardless.

        Raises:
            Cancelled: in the script, wherever it is.
        """
        self._cancelled.set()
        raise Cancelled

    def _ask(self, line: str, timeout: float) -> str:
        if self._cancelled.is_set():
            raise Cancelled
        self._before_line()
        number = next(self._numbers)
        self._channel.send("send", seq=number, line=line)
        self.sentlines.append(line)
        message = self._answer(number, timeout or None)
        if message is None:
            return ""
        if "error" in message:
            raise PrinterError(f"{line}: {message['error']}")
        answer: str = message["answer"]
        self.responses.append(answer)
        self.temp_readings.extend(each for each in answer.splitlines() if "T:" in each)
        return answer

    def _answer(self, number: int, timeout: float | None) -> Message | None:
        """Wait for an answer. Of the threads that wait, one reads for all."""
        with self._reading:
            while number not in self._answers:
                message = self._channel.receive(timeout)
                if message is None:
                    return None
                self._answers[message["seq"]] = message
            return self._answers.pop(number)


def _without_comment(line: str) -> str:
    return line.partition(";")[0].strip()
