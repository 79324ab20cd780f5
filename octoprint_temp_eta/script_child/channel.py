"""The pipes to OctoPrint: one JSON object per line, each way.

OctoPrint sends first the job, then an answer to each line of G-code: `{"seq", "answer"}`, or
`{"seq", "error"}` where there is none. The child says what happens: `{"kind", ...}`, see `run.py`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import threading
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


class Channel:
    """Both pipes; `on_message` gets every message but the first one, on a thread of its own."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._incoming = os.fdopen(read_fd, "r", encoding="utf-8")
        self._write_fd = write_fd
        self._writing = threading.Lock()

    def receive(self) -> Message:
        """Return the next message. Raises EOFError when OctoPrint is gone."""
        line = self._incoming.readline()
        if not line:
            raise EOFError("OctoPrint is gone")
        message: Message = json.loads(line)
        return message

    def listen(self, on_message: Callable[[Message], None]) -> None:
        """Hand every further message to `on_message`; the process ends when there will be no more."""

        def read() -> None:
            with contextlib.suppress(EOFError):
                while True:
                    on_message(self.receive())
            end_group()

        threading.Thread(target=read, name="channel", daemon=True).start()

    def send(self, kind: str, **values: Any) -> None:
        """Send one message; waits while the pipe is full, ends the process when OctoPrint is gone."""
        data = (json.dumps({"kind": kind, **values}) + "\n").encode()
        try:
            with self._writing:
                while data:
                    data = data[os.write(self._write_fd, data) :]
        except BrokenPipeError:
            end_group()


def end_with(lifeline_fd: int) -> None:
    """End this process group when the other end of `lifeline_fd` closes: when OctoPrint ends, however it ends.

    The kernel sends the signal by itself (Linux), also while a script's C code never lets a thread run. Elsewhere
    the channel's thread notices.
    """
    os.set_inheritable(lifeline_fd, False)
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline_fd, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline_fd, fcntl.F_SETOWN, -os.getpgrp())
        flags = fcntl.fcntl(lifeline_fd, fcntl.F_GETFL)
        fcntl.fcntl(lifeline_fd, fcntl.F_SETFL, flags | os.O_ASYNC)
    closed_before, _, _ = select.select([lifeline_fd], [], [], 0)
    if closed_before:
        end_group()


def end_group() -> None:
    """End this process and all that it has started, at once."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
