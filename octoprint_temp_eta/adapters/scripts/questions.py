"""Questions about the script folder, each answered by a process of its own within a time limit."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from ...core.frozen import frozen
from ..threads.inbox import now
from .drives import Drives
from .process import child, describe_exit

#: The maximum length of a reply, in bytes.
MAX_REPLY = 1 << 20
#: Longer errors are cut, in characters.
MAX_ERROR = 1000
#: Seconds for the end of a process that was killed.
KILLED_S = 1.0
_INVALID = "its process sent an invalid reply"


class ScriptFailed(Exception):
    """There is no valid answer; the message is the reason."""


class NoAnswer(ScriptFailed):
    """There is no answer in time, or a former process still hangs."""


@frozen
class _Stuck:
    """A process that could not be ended, and the path that it was asked about."""

    process: subprocess.Popen[bytes]
    path: Path
    may_hang: bool


class Questions:
    """Asks the questions. While a process cannot be ended, none is started that would wait for the same."""

    def __init__(self, timeout: float) -> None:
        """`timeout` is in seconds, for each question."""
        self._timeout = timeout
        #: Files are inspected by several threads at the same time.
        self._lock = threading.Lock()
        self._stuck: list[_Stuck] = []

    def ask(self, task: str, path: Path, **job: object) -> Mapping[str, Any]:
        """Have a process do `task` for the file or folder at `path` and return its reply.

        Raises:
            ScriptFailed: with the error in the reply, or how the process ended; `NoAnswer` if it did not.
        """
        # The folder is listed by a process only if it, or what a link in it refers to, may hang.
        may_hang = task == "list" or not Drives().answers(str(path))
        if self._would_hang(path, may_hang=may_hang):
            raise NoAnswer("its last process still waits for the system, perhaps for a drive that does not respond")
        request = (json.dumps({"path": str(path), **job}) + "\n").encode()
        try:
            with child(task, subprocess.DEVNULL) as process:
                reply = self._reply(process, request)
        except OSError as error:
            raise ScriptFailed(f"its process could not be started: {error}") from None
        if reply is None:
            self._note_if_stuck(_Stuck(process, path, may_hang))
            raise NoAnswer(f"did not finish within {self._timeout:g} s")
        try:
            return _message(task, reply)
        except (ValueError, RecursionError):
            ended = process.returncode is not None and not reply
            raise ScriptFailed(f"its process {describe_exit(process.returncode)}" if ended else _INVALID) from None

    def _would_hang(self, path: Path, *, may_hang: bool) -> bool:
        """Whether a process that was asked about `path`, or about any that may hang if this one may, still hangs.

        A script on a local drive that hangs at its import holds up no other.
        """
        with self._lock:
            self._stuck = [each for each in self._stuck if each.process.poll() is None]
            return any(each.path == path or (may_hang and each.may_hang) for each in self._stuck)

    def _reply(self, process: subprocess.Popen[bytes], request: bytes) -> bytes | None:
        """Return the process's first line, empty if it has ended without one; None if it takes too long."""
        try:
            reply = _exchange(process, request, now().at + self._timeout)
            if not reply:
                process.wait(self._timeout)
        except (subprocess.TimeoutExpired, TimeoutError):
            return None
        return reply

    def _note_if_stuck(self, asked: _Stuck) -> None:
        try:
            asked.process.wait(KILLED_S)
        except subprocess.TimeoutExpired:
            with self._lock:
                self._stuck.append(asked)


def on_one_line(text: str) -> str:
    """Return `text` on one line, without characters that cannot be shown."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _message(task: str, reply: bytes) -> Mapping[str, Any]:
    """Return the message. Raises ValueError or RecursionError if it is none, `ScriptFailed` with its error."""
    message = json.loads(reply, parse_constant=_refuse_constant)
    if not isinstance(message, dict) or message.get("kind") not in (task, "error"):
        raise ScriptFailed(_INVALID)
    if message["kind"] == "error":
        raise ScriptFailed(on_one_line(str(message.get("error")))[:MAX_ERROR] or _INVALID)
    return message


def _exchange(process: subprocess.Popen[bytes], request: bytes, deadline: float) -> bytes:
    """Write `request` to the process and return its first line: empty if it ends without one, cut if too long.

    Raises:
        TimeoutError: it takes until after `deadline`.
    """
    stdin, stdout = _pipe(process.stdin), _pipe(process.stdout)
    reply = b""
    with selectors.DefaultSelector() as selector:
        for pipe, events in ((stdin, selectors.EVENT_WRITE), (stdout, selectors.EVENT_READ)):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, events)
        while b"\n" not in reply and len(reply) <= MAX_REPLY:
            ready = selector.select(max(0.0, deadline - now().at))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                if key.fileobj is stdin:
                    request = _write(stdin, request)
                    if not request:
                        selector.unregister(stdin)
                    continue
                data = os.read(stdout.fileno(), 65_536)
                if not data:
                    return b""
                reply += data
    return reply.partition(b"\n")[0]


def _write(pipe: IO[bytes], data: bytes) -> bytes:
    """Write what the pipe accepts now and return the rest; a process that does not read gets nothing more."""
    try:
        return data[os.write(pipe.fileno(), data) :]
    except BlockingIOError:
        return data
    except BrokenPipeError:
        return b""


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
