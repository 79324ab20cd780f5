"""A server process for tests, in a temporary folder."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from tests.support.waiting import eventually


class ServerError(RuntimeError):
    """A server did not start; the message contains its last output."""


class Server(ABC):
    """A process that runs inside the context, in its own folder, which also keeps its output.

    `name` is used in messages; `stop_seconds` is how long it may take to stop.
    """

    def __init__(self, name: str, stop_seconds: float) -> None:
        self._name = name
        self._stop_seconds = stop_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @abstractmethod
    def set_up(self) -> None:
        """Write its files into the new folder, and start it for the first time."""

    @abstractmethod
    def start(self) -> None:
        """Start it with the existing folder, and wait until it is ready. Raises ServerError if it fails."""

    @property
    def folder(self) -> Path:
        """Its folder. It exists only inside the context."""
        if self._folder is None:
            raise RuntimeError(f"{self._name} has no folder outside its context")
        return Path(self._folder.name)

    @property
    def pid(self) -> int:
        """Its process id; the last one if it has ended."""
        if self._process is None:
            raise RuntimeError(f"{self._name} was not started")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Its exit code as in `subprocess`; None while it runs."""
        return None if self._process is None else self._process.poll()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        prefix = f"{self._name.lower().replace(' ', '-')}-"
        self._folder = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
        try:
            self.set_up()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        try:
            self.stop()
        finally:
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def launch(self, *command: str | Path, environment: Mapping[str, str] | None = None) -> None:
        """Start its process in its own session, so that Ctrl-C in the terminal does not stop it."""
        with (self.folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until it is `ready`. Raises ServerError if it ends before, or after `seconds`."""
        try:
            eventually(lambda: not self.alive or ready(), f"{self._name} to start", seconds, poll=0.1)
        except TimeoutError as error:
            raise ServerError(f"{error}:\n{self.output()[-3000:]}") from error
        if not self.alive:
            raise ServerError(f"{self._name} ended while starting:\n{self.output()[-3000:]}")

    def stop(self) -> bool:
        """Stop it as a service manager does; return whether it stopped without being killed."""
        if self._process is None or not self.alive:
            return True
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """Kill it with all its children, as a power cut would."""
        if self._process is not None and self.alive:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def restart(self) -> None:
        """Stop it and start it again on the same folder."""
        self.stop()
        self.start()

    def output(self) -> str:
        """Return its output since the first start."""
        return (self.folder / "output.txt").read_text(errors="replace")
