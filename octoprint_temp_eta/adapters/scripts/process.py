"""The process of a script. None of its methods blocks."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, cast

from ...bridge.protocol.script_effects import StartScript
from ...bridge.protocol.script_inputs import ScriptEnded, ScriptLine, ScriptMessage
from ...core.rate_limit import TokenBucket
from ..threads.inbox import now
from .process_messages import parse_message

#: The maximum length of a message from the process, in bytes; a longer one kills the process.
MAX_MESSAGE = 1 << 20
#: How much of the end of raw stdout and stderr output is kept, in bytes.
MAX_OUTPUT = 4096
#: Seconds to wait for the pipe threads after the process has ended.
TIMEOUT_S = 1.0
#: What a pipe holds at most, in bytes.
PIPE_SIZE = 1 << 16
#: How often it is noticed that the process has ended while another one holds its pipes, in ms.
LOOK_MS = 500
#: Seconds after SIGKILL until a process that has not ended is given up: it waits for a drive that does not respond.
LAST_RESORT_S = 10.0
UNKILLABLE = "could not be ended: it waits for the system, perhaps for a drive that does not respond"
#: An update of the plugin replaces this file: until OctoPrint restarts, the process would be of another version.
PACKAGE = Path(__file__).parents[2] / "__init__.py"
REPLACED = "could not be started: the plugin was updated or removed. Restart OctoPrint"
#: Lines of G-code without a reply, at most: more than the bridge lets wait. The others stay in the pipe.
MAX_LINES = 512
#: Other messages at once, and per second after that: more than the process sends unless the script writes to the pipe.
BURST, RATE = 500, 20.0


def _installed_at() -> int | None:
    try:
        return PACKAGE.stat().st_mtime_ns
    except OSError:
        return None


_LOADED = _installed_at()


@contextlib.contextmanager
def child(task: str, errors: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process for `task`, in its own process group; kill the group on exit.

    Messages go through stdin and stdout; stderr goes to `errors`, as in `Popen`. The process changes to the script's
    folder itself: `Popen(cwd=…)` would wait for a drive that does not respond, and let no other thread run.

    Raises:
        OSError: it could not be started.
    """
    # Nothing is written to this pipe. The child ends when it closes, that is, whenever OctoPrint ends.
    child_lifeline, lifeline = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "octoprint_temp_eta.script_child", task, str(child_lifeline)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1"},
            pass_fds=[child_lifeline],
            start_new_session=True,
        )
    except OSError:
        os.close(lifeline)
        raise
    finally:
        os.close(child_lifeline)
    try:
        yield process
    finally:
        end_group(process)
        os.close(lifeline)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and its children; does nothing once the process was reaped."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


class ScriptProcess:
    """The process of one run. Posts its messages and finally, in every case, `ScriptEnded`."""

    def __init__(self, effect: StartScript, post: Callable[[ScriptMessage], None]) -> None:
        self._path = Path(effect.folder).expanduser() / effect.file
        self._run_id = effect.run_id
        self._job = {
            "path": str(self._path),
            "stored": effect.stored,
            "given": effect.given,
            "arguments": effect.arguments,
            "flow": asdict(effect.flow),
        }
        self._post = post
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        #: Taken by the job and by each line, and given back with each message that is written.
        self._room = threading.Semaphore(MAX_LINES)
        self._rate = TokenBucket(RATE, BURST)
        #: Set once the process has ended: what is still in the pipe is read without waiting.
        self._ended = threading.Event()
        #: How many messages are queued or being written.
        self._unsent = 0
        self._output = b""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stop: signal.Signals | None = None
        #: Whether the end is reported, and the timer that reports the end of a process that does not end.
        self._reported = False
        self._last_resort: threading.Timer | None = None

    def start(self) -> None:
        """Start the process on its own thread; `ScriptEnded` reports a failure to start."""
        self._room.acquire()
        self._send(self._job)
        try:
            threading.Thread(target=self._supervise, name=f"script {self._run_id}", daemon=True).start()
        except RuntimeError as error:  # the system has no more threads
            self._end(None, f"could not be started: {error}")

    def reply(self, seq: int, text: str) -> None:
        """Send the printer's reply to line `seq` to the script."""
        self._send({"seq": seq, "reply": text})

    def refuse(self, seq: int, error: str) -> None:
        """Send the error of line `seq` to the script."""
        self._send({"seq": seq, "error": error})

    def terminate(self) -> None:
        """Send SIGTERM, which raises `Cancelled` in the script."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process and its children. If it does not end even so, its end is reported: the printer is freed."""
        self._signal(signal.SIGKILL)
        with self._lock, contextlib.suppress(RuntimeError):  # the system has no more threads
            if self._last_resort is None and not self._reported:
                timer = threading.Timer(LAST_RESORT_S, self._end, (None, UNKILLABLE))
                timer.daemon = True
                timer.start()
                self._last_resort = timer

    def _signal(self, number: signal.Signals) -> None:
        with self._lock:
            self._stop = number
            # Once it has been waited for, its number may be another process's.
            if self._process is None or self._process.returncode is not None:
                return
            if number is signal.SIGKILL:
                end_group(self._process)
            else:
                os.kill(self._process.pid, number)

    def _send(self, message: Mapping[str, Any]) -> None:
        """Write a message if that can be done without waiting, as it nearly always can; else leave it to a thread."""
        data = (json.dumps(message) + "\n").encode()
        with self._lock:
            pipe = self._process.stdin if self._process is not None else None
            if pipe is not None and not self._unsent and len(data) <= select.PIPE_BUF and _takes(pipe):
                with contextlib.suppress(BrokenPipeError):
                    pipe.write(data)
                self._room.release()
                return
            self._unsent += 1
        self._outgoing.put(data)

    def _supervise(self) -> None:
        """Follow the process from its start to its end, on a thread of its own."""
        if _installed_at() != _LOADED:
            self._end(None, REPLACED)
            return
        exit_status: int | None = None
        try:
            with child("run", subprocess.PIPE) as process:
                exit_status = self._attend(process)
            how = describe_exit(exit_status)
        except (OSError, RuntimeError) as error:  # RuntimeError: the system has no more threads
            how = f"could not be started: {error}"
        self._end(exit_status, how)

    def _end(self, exit_status: int | None, how: str) -> None:
        """Report the end of the process once."""
        with self._lock:
            ended_before, self._reported = self._reported, True
            if self._last_resort is not None:
                self._last_resort.cancel()
        if not ended_before:
            self._post(ScriptEnded(self._run_id, exit_status, how, self._output.decode(errors="replace").strip()))

    def _attend(self, process: subprocess.Popen[bytes]) -> int:
        with self._lock:
            self._process = process
        if self._stop is not None:
            self._signal(signal.SIGKILL)
        threads = [
            threading.Thread(target=target, args=(pipe,), name=f"script {name}", daemon=True)
            for name, target, pipe in (
                ("replies", self._write, process.stdin),
                ("messages", self._read, process.stdout),
                ("output", self._keep_output, process.stderr),
            )
        ]
        for pipe in (process.stdin, process.stdout, process.stderr):
            os.set_blocking(cast(IO[bytes], pipe).fileno(), False)
        try:
            for thread in threads:
                thread.start()
            # Looked at, not yet waited for: so long its group can be ended without hitting another one.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        finally:
            self._signal(signal.SIGKILL)
            self._ended.set()
            self._room.release()
            self._outgoing.put(None)
        for thread in threads:
            thread.join(TIMEOUT_S)
        with self._lock:
            return process.wait()

    def _write(self, pipe: IO[bytes]) -> None:
        try:
            with contextlib.suppress(BrokenPipeError):
                while (data := self._outgoing.get()) is not None:
                    while data and self._wait_for(pipe, select.POLLOUT):
                        data = data[pipe.write(data) or 0 :]
                    with self._lock:
                        self._unsent -= 1
                    self._room.release()
        finally:
            with self._lock:  # not while `_send` writes: its file descriptor could be another file's by then
                pipe.close()

    def _read(self, pipe: IO[bytes]) -> None:
        rest = b""
        for data in self._chunks(pipe):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                parsed = parse_message(self._run_id, line)
                if parsed is None:
                    self.kill()
                    return
                self._wait_for_turn(parsed)
                self._post(parsed)
            if len(rest) > MAX_MESSAGE:
                self.kill()
                return

    def _chunks(self, pipe: IO[bytes]) -> Iterator[bytes]:
        """Yield what comes from the pipe, and after the end of the process what it has left there; close it then.

        A process that the script has left behind may hold the other end, and write to it for ever.
        """
        left = PIPE_SIZE
        with pipe:
            while left > 0:
                ended = not self._wait_for(pipe, select.POLLIN)
                data = pipe.read(PIPE_SIZE)
                if data:
                    left -= len(data) if ended else 0
                    yield data
                elif data is not None or ended:
                    return

    def _wait_for(self, pipe: IO[bytes], event: int) -> bool:
        """Wait until the pipe is ready or the process has ended; return whether it is still running."""
        poll = select.poll()
        poll.register(pipe, event)
        while not self._ended.is_set():
            if poll.poll(LOOK_MS):
                return True
        return False

    def _wait_for_turn(self, message: ScriptMessage) -> None:
        """Wait while the script sends too fast. Then the pipe becomes full, and the script waits, too.

        What is left after its end is at most two pipes full.
        """
        if isinstance(message, ScriptLine):
            if not self._ended.is_set():
                self._room.acquire()
            return
        while not self._rate.take(now().at) and not self._ended.wait(1 / RATE):
            pass

    def _keep_output(self, pipe: IO[bytes]) -> None:
        for data in self._chunks(pipe):
            self._output = (self._output + data)[-MAX_OUTPUT:]


def _takes(pipe: IO[bytes]) -> bool:
    """Whether `select.PIPE_BUF` bytes can be written to the pipe without blocking."""
    if pipe.closed:
        return False
    poll = select.poll()
    poll.register(pipe, select.POLLOUT)
    return any(events & select.POLLOUT for _, events in poll.poll(0))


def describe_exit(exit_status: int) -> str:
    """Describe `exit_status` in words."""
    if exit_status >= 0:
        return f"ended with status {exit_status}"
    try:
        return f"was ended by {signal.Signals(-exit_status).name}"
    except ValueError:
        return f"was ended by signal {-exit_status}"
