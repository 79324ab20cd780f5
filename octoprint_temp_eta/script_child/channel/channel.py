"""The pipes between OctoPrint and the script's process: one JSON object per line in each direction.

OctoPrint sends the job first, then a reply to each line of G-code: `{"seq", "reply"}` or `{"seq", "error"}`.
The child sends `{"kind", ...}`; `run.py` lists the kinds.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import threading
from typing import Any

Message = dict[str, Any]


class Channel:
    """A pair of pipes."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._received = b""
        self._writing = threading.Lock()

    def receive(self, timeout: float | None = None) -> Message | None:
        """Return the next message, or None after `timeout` seconds. Call it from one thread at a time.

        Ends the process when OctoPrint has closed the pipe.
        """
        while b"\n" not in self._received:
            readable, _, _ = select.select([self._read_fd], [], [], timeout)
            if not readable:
                return None
            data = os.read(self._read_fd, 65_536)
            if not data:
                end_group()
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        message: Message = json.loads(line)
        return message

    def send(self, kind: str, **values: Any) -> None:
        """Send one message. Blocks while the pipe is full; ends the process when OctoPrint has closed it."""
        data = (json.dumps({"kind": kind, **values}) + "\n").encode()
        try:
            with self._writing:
                while data:
                    data = data[os.write(self._write_fd, data) :]
        except BrokenPipeError:
            end_group()


def end_with(lifeline_fd: int) -> None:
    """End this process group when the other end of `lifeline_fd` closes, that is, when OctoPrint ends.

    On Linux the kernel sends the signal, even while C code in the script holds the GIL. Elsewhere a thread watches.
    """
    os.set_inheritable(lifeline_fd, False)
    if not hasattr(fcntl, "F_SETSIG"):
        threading.Thread(target=_end_after, args=(lifeline_fd,), name="lifeline", daemon=True).start()
        return
    fcntl.fcntl(lifeline_fd, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline_fd, fcntl.F_SETOWN, -os.getpgrp())
    flags = fcntl.fcntl(lifeline_fd, fcntl.F_GETFL)
    fcntl.fcntl(lifeline_fd, fcntl.F_SETFL, flags | os.O_ASYNC)
    closed_before, _, _ = select.select([lifeline_fd], [], [], 0)
    if closed_before:
        end_group()


def _end_after(lifeline_fd: int) -> None:
    os.read(lifeline_fd, 1)
    end_group()


def end_group() -> None:
    """Kill this process and all processes that it has started."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
