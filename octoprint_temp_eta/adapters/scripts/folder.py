"""The script folder. Files are inspected in separate processes; nothing is imported into OctoPrint."""

from __future__ import annotations

import contextlib
import os
import queue
import stat
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ...core.frozen import frozen
from ...core.scripts.catalogue import FolderState, Script, without_duplicates
from ...core.scripts.settings import Settings
from ..threads.inbox import now
from .inspection import connect_commands, inspect, printable

#: Seconds for the import of a script, or for its `__script_commands__`.
TIMEOUT_S = 10.0
#: Files that are inspected at the same time.
PARALLEL = min(4, os.cpu_count() or 1)
#: Seconds until the scripts found so far are reported; doubled each time up to the last, as a report of many scripts is
#: expensive. Without one the folder counts as one that does not answer.
REPORT_S, LONGEST_REPORT_S = 3.0, 12.0
#: Seconds until a file that could not be inspected is inspected again; doubled each time, up to the last. The reason
#: may be gone: a slow drive, no memory for a moment, a module that is installed now.
RETRY_S, LONGEST_RETRY_S = 10.0, 600.0
#: Files beyond this number are not inspected.
MAX_FILES = 1000
#: How many names of writable files are reported.
MAX_NAMES = 10
#: The script that `ScriptFolder.create` copies.
EXAMPLE = Path(__file__).parents[2] / "examples" / "warm_up.py"

#: Modification time in ns, size and inode: a file with the same stamp is not inspected again.
Stamp = tuple[int, int, int]
#: Receives the scripts that are known so far.
Report = Callable[[tuple[Script, ...]], None]


class NotWanted(Exception):
    """The scan has ended early: nobody wants its result any more."""


@frozen
class _Inspected:
    """A file with this stamp, and when it is inspected again though it has not changed, in monotonic seconds."""

    stamp: Stamp
    script: Script
    retry_at: float
    pause: float


class ScriptFolder:
    """The scripts in `folder`. Methods may block for seconds; call them from one thread at a time."""

    def __init__(self, folder: Path, timeout: float = TIMEOUT_S) -> None:
        self._folder = folder.expanduser()
        self._timeout = timeout
        self._known: dict[str, _Inspected] = {}
        self._stamps: dict[str, Stamp] = {}
        self._subfolders: dict[str, Stamp] = {}
        self.state = FolderState()

    def scan(self, report: Report = lambda _: None, wanted: Callable[[], bool] = lambda: True) -> tuple[Script, ...]:
        """Return all scripts; only new and changed files are inspected, several at a time.

        A file that failed is inspected again when a file or subfolder has changed, which it may import, and after
        growing pauses. `report` receives intermediate results, so that a slow file does not hide the others.

        Raises:
            NotWanted: `wanted` returned False meanwhile.
        """
        before = self._stamps, self._subfolders
        self._subfolders = {}
        stamps = self._stamps = self._find()
        self._known = {file: self._known[file] for file in stamps if file in self._known}
        due = [file for file in stamps if self._is_due(file, now().at, changed=(stamps, self._subfolders) != before)]
        reported_at, interval = now().at, REPORT_S
        files = deque(due)
        inspected = self._inspect(files)
        for _ in due:
            file, script = inspected.get()
            self._add(file, script)
            if not wanted():
                files.clear()
                raise NotWanted
            if now().at - reported_at > interval:
                reported_at, interval = now().at, min(2 * interval, LONGEST_REPORT_S)
                report(self._scripts)
        return self._scripts

    def _inspect(self, files: deque[str]) -> queue.SimpleQueue[tuple[str, Script]]:
        """Take all of `files`, several at a time, and return the queue of their scripts.

        The threads are daemons: Python waits for all others, and for those of an executor, before OctoPrint shuts down.
        """
        scripts: queue.SimpleQueue[tuple[str, Script]] = queue.SimpleQueue()

        def work() -> None:
            with contextlib.suppress(IndexError):
                while True:
                    file = files.popleft()
                    scripts.put((file, self._script(file)))

        for number in range(min(PARALLEL, len(files))):
            threading.Thread(target=work, name=f"temp_eta-inspect-{number}", daemon=True).start()
        return scripts

    def _script(self, file: str) -> Script:
        try:
            return inspect(self._folder / file, self._timeout)
        except Exception as error:  # every file has a result, or the scan would wait for it for ever
            return Script(file, title=file, error=f"its process could not be started: {error}")

    def commands(self, file: str, stored: Settings) -> tuple[str, ...]:
        """Return the on-connect lines of the script in `file`, called with its `stored` settings.

        Raises:
            ScriptFailed: `__script_commands__` failed.
        """
        return connect_commands(self._folder / file, stored, self._timeout)

    def create(self, *, example: bool = False) -> None:
        """Create the folder, accessible for its owner only, and copy the example into it. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if example:
            with contextlib.suppress(FileExistsError), (self._folder / EXAMPLE.name).open("xb") as file:
                file.write(EXAMPLE.read_bytes())

    @property
    def _scripts(self) -> tuple[Script, ...]:
        return without_duplicates(inspected.script for inspected in self._known.values())

    def _is_due(self, file: str, at: float, *, changed: bool) -> bool:
        """Whether `file` is to be inspected; `changed` is whether any file or subfolder has changed."""
        known = self._known.get(file)
        if known is None or known.stamp != self._stamps[file]:
            return True
        return known.script.error is not None and (changed or at >= known.retry_at)

    def _add(self, file: str, script: Script) -> None:
        stamp, before = self._stamps[file], self._known.get(file)
        pause = RETRY_S
        if before is not None and before.stamp == stamp:
            pause = min(2 * before.pause, LONGEST_RETRY_S)
        self._known[file] = _Inspected(stamp, script, now().at + pause, pause)

    def _find(self) -> dict[str, Stamp]:
        """Return the stamps of the script files, and update `state`."""
        stamps: dict[str, Stamp] = {}
        writable: list[str] = []
        try:
            if _others_may_write(self._folder.stat()):
                writable.append(".")
            with os.scandir(self._folder) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    self._note(entry, stamps, writable)
        except (FileNotFoundError, NotADirectoryError):
            self.state = FolderState(missing=True)
            return {}
        self.state = FolderState(writable=tuple(writable[:MAX_NAMES]))
        return stamps

    def _note(self, entry: os.DirEntry[str], stamps: dict[str, Stamp], writable: list[str]) -> None:
        try:
            if entry.name.isidentifier() and entry.is_dir() and entry.name != "__pycache__":
                self._subfolders[entry.name] = _stamp(entry.stat())
            if not entry.name.endswith(".py") or not entry.is_file() or len(stamps) >= MAX_FILES:
                return
            status = entry.stat()
        except OSError:
            return  # the file vanished during the scan
        stamps[entry.name] = _stamp(status)
        if _others_may_write(status):
            writable.append(printable(entry.name))


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _others_may_write(status: os.stat_result) -> bool:
    """Whether users other than OctoPrint's and root may write; OctoPrint's own group counts as its user."""
    if status.st_mode & stat.S_IWOTH or status.st_uid not in (os.getuid(), 0):
        return True
    return bool(status.st_mode & stat.S_IWGRP) and status.st_gid not in (os.getgid(), 0)
