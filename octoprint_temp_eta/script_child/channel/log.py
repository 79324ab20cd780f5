"""Log records and printed text of a script, sent to OctoPrint at a bounded rate."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import time
from collections.abc import Iterator

from ...core.rate_limit import TokenBucket
from .channel import Channel

#: The name of the script's logger.
NAME = "script"
#: Lines that are sent at once, and per second after that.
BURST, RATE = 200, 5.0
#: Longer lines are cut.
MAX_TEXT = 4000


@contextlib.contextmanager
def to(channel: Channel) -> Iterator[logging.Logger]:
    """Send everything that is logged or printed in this process to `channel`; yields the script's logger."""
    logging.raiseExceptions = False
    handler = Handler(channel)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    logger = logging.getLogger(NAME)
    logger.setLevel(logging.DEBUG)
    streams = sys.stdout, sys.stderr = Stream(logger, logging.INFO), Stream(logger, logging.WARNING)
    try:
        yield logger
    finally:
        for stream in streams:
            stream.end_line()
        handler.flush()


class Handler(logging.Handler):
    """Sends log records to OctoPrint and counts the dropped ones."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self._bucket = TokenBucket(RATE, BURST)
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record, or drop it over the rate limit."""
        if not self._bucket.take(time.monotonic()):
            self._dropped += 1
            return
        self.flush()
        self._channel.send("log", level=_level(record.levelno), message=self._text(record)[:MAX_TEXT])

    def _text(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record)
        except Exception as error:  # of the arguments; as with other handlers, the script goes on
            return f"A log message cannot be formatted ({type(error).__name__}): {record.msg!r:.200}"

    def flush(self) -> None:
        """Send the number of records dropped since the last one sent."""
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self._channel.send(
                "log",
                level="warning",
                message=f"{dropped} log lines were dropped: the rate limit is {RATE:g} lines per second",
            )


class Stream(io.TextIOBase):
    """A stdout or stderr that logs each printed line."""

    def __init__(self, logger: logging.Logger, level: int) -> None:
        super().__init__()
        self._logger = logger
        self._level = level
        self._line = ""

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Log every line that `text` completes."""
        *lines, self._line = (self._line + text).split("\n")
        if len(self._line) > MAX_TEXT:
            lines, self._line = [*lines, self._line], ""
        for line in lines:
            self._log(line)
        return len(text)

    def end_line(self) -> None:
        """Log the rest of the text that has no line break."""
        line, self._line = self._line, ""
        self._log(line)

    def _log(self, line: str) -> None:
        if line.strip():
            self._logger.log(self._level, "%s", line)


def _level(number: int) -> str:
    levels = ((logging.ERROR, "error"), (logging.WARNING, "warning"), (logging.INFO, "info"))
    return next((name for least, name in levels if number >= least), "debug")
