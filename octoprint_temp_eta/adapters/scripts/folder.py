"""The script folder. Files are inspected in separate processes; nothing is imported into OctoPrint."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...core.frozen import frozen
from ...core.scripts.catalogue import FolderState, Script, without_duplicates
from ...core.scripts.settings import Settings
from ...script_child.folder import Listing, MayHang, Stamp, list_folder
from ..threads.inbox import now
from .drives import Drives
from .inspection import connect_commands, inspect, printable
from .questions import NoAnswer, Questions, ScriptFailed

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
#: Seconds between two readings of a folder on a drive that may hang: each needs a process.
REMOTE_S = 30.0
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
        self._questions = Questions(timeout)
        self._known: dict[str, _Inspected] = {}
        self._listing = Listing()
        #: The last listing by a process, and when it was made, in monotonic seconds.
        self._listed: Listing | None = None
        self._listed_at = 0.0
        self.state = FolderState()

    def scan(self, report: Report = lambda _: None, wanted: Callable[[], bool] = lambda: True) -> tuple[Script, ...]:
        """Return all scripts; only new and changed files are inspected, several at a time.

        A file that failed is inspected again when a file or subfolder has changed, which it may import, and after
        growing pauses. `report` receives intermediate results, so that a slow file does not hide the others.

        Raises:
            NotWanted: `wanted` returned False meanwhile.
            OSError: the folder cannot be read.
            ScriptFailed: the folder's drive does not answer.
        """
        before, self._listing = self._listing, self._find()
        changed = self._listing != before
        self._known = {file: self._known[file] for file in self._listing.files if file in self._known}
        due = [file for file in self._listing.files if self._is_due(file, now().at, changed=changed)]
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
            return inspect(self._questions, self._folder / file)
        except Exception as error:  # every file has a result, or the scan would wait for it for ever
            return Script(file, title=file, error=f"its process could not be started: {error}")

    def commands(self, file: str, stored: Settings) -> tuple[str, ...]:
        """Return the on-connect lines of the script in `file`, called with its `stored` settings.

        Raises:
            ScriptFailed: `__script_commands__` failed.
        """
        return connect_commands(self._questions, self._folder / file, stored)

    def create(self, *, example: bool = False) -> None:
        """Create the folder, accessible for its owner only, and copy the example into it. Raises `ScriptFailed`."""
        self._listed = None  # the next scan sees what is there now
        self._questions.ask("create", self._folder, example=example)

    @property
    def _scripts(self) -> tuple[Script, ...]:
        return without_duplicates(inspected.script for inspected in self._known.values())

    def _is_due(self, file: str, at: float, *, changed: bool) -> bool:
        """Whether `file` is to be inspected; `changed` is whether any file or subfolder has changed."""
        known = self._known.get(file)
        if known is None or known.stamp != self._listing.files[file]:
            return True
        return known.script.error is not None and (changed or at >= known.retry_at)

    def _add(self, file: str, script: Script) -> None:
        stamp, before = self._listing.files[file], self._known.get(file)
        pause = RETRY_S
        if before is not None and before.stamp == stamp:
            pause = min(2 * before.pause, LONGEST_RETRY_S)
        self._known[file] = _Inspected(stamp, script, now().at + pause, pause)

    def _find(self) -> Listing:
        """Return what is in the folder, and update `state`. Raises OSError or `ScriptFailed`."""
        listing = self._list()
        names = tuple(map(printable, listing.writable))
        self.state = FolderState(listing.missing, names)
        return listing

    def _list(self) -> Listing:
        """Read the folder, in a process and less often if it is on a drive that may hang."""
        drives = Drives()
        with contextlib.suppress(MayHang):
            if drives.answers(str(self._folder)):
                return list_folder(self._folder, drives.answers)
        if self._listed is None or now().at - self._listed_at >= REMOTE_S:
            self._listed = None
            try:
                self._listed, self._listed_at = _listing(self._questions.ask("list", self._folder)), now().at
            except NoAnswer:
                raise ScriptFailed("its drive does not answer; check it, or choose another folder") from None
        return self._listed


def _listing(reply: Mapping[str, Any]) -> Listing:
    """Return the listing in the process's reply: JSON knows no tuples."""
    files, subfolders = ({name: tuple(stamp) for name, stamp in reply[key].items()} for key in ("files", "subfolders"))
    return Listing(reply["missing"], files, subfolders, reply["writable"])
