"""The plugin's data folder: small JSON files, replaced atomically."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import stat
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..bridge.protocol.effects import Save
from .problems import Problems
from .threads.inbox import now
from .threads.tasks import Tasks

#: Seconds until a file that could not be written is written again.
RETRY_S = 30.0
#: Seconds after which a write that is not done is reported.
LATE_S = 10.0
#: Bytes that a file may have at most.
MAX_BYTES = 8_000_000

#: Returns what is wrong with the content of a file (by name, without `.json`), None if nothing is.
Check = Callable[[str, Any], str | None]


def discard(folder: str, pattern: str) -> bool:
    """Remove the files in `folder` that are not used any more; return whether there were any."""
    found = list(Path(folder).glob(pattern))
    for path in found:
        with contextlib.suppress(OSError):
            path.unlink()
    return bool(found)


class Files:
    """Reads all files at the start; writes in the background, and again later when the disk is full or read-only."""

    def __init__(
        self,
        folder: Path,
        background: Tasks,
        logger: logging.Logger,
        check: Check = lambda *_: None,
        problems: Problems | None = None,
        retry_s: float = RETRY_S,
    ) -> None:
        self._folder = folder
        self._background = background
        self._logger = logger
        self._check = check
        self._problems = problems or Problems()
        self._retry_s = retry_s
        self._lock = threading.Lock()
        #: The newest values that wait for the background thread, by name.
        self._waiting: dict[str, Any] = {}
        #: When the write began that is not done yet.
        self._writing_since: float | None = None
        #: The newest values that could not be written, by name.
        self._unwritten: dict[str, Any] = {}
        #: Whether a problem was reported.
        self._failing = False
        self._timer: threading.Timer | None = None
        self._closed = False
        #: Whether OctoPrint replaces the folder by that of a backup, or has done so.
        self._replaced = False

    def load(self) -> dict[str, Any]:
        """Return all values by name. A damaged file is renamed to `.damaged`, reported, and left out."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._refused(self._folder, error)
        return {path.stem: value for path in sorted(self._folder.glob("*.json")) for value in self._read(path)}

    def save(self, effect: Save) -> None:
        """Write a value in the background; of several that wait, only the newest."""
        with self._lock:
            waits = effect.name in self._waiting
            self._waiting[effect.name] = effect.value
            if self._replaced:
                return
            late = self._writing_since is not None and now().at - self._writing_since > LATE_S
        if not waits:
            self._background.put(partial(self._write_waiting, effect.name))
        if late:
            self._report(f"Cannot save to {self._folder}: the drive does not respond.")

    def backup_restores(self) -> None:
        """Write nothing from now on: what is in memory is not newer than the backup, but something else."""
        with self._lock:
            self._replaced = True

    def backup_not_restored(self) -> None:
        """Write again, also what was saved meanwhile."""
        with self._lock:
            self._replaced = False
            names = tuple(self._waiting)
        for name in names:
            self._background.put(partial(self._write_waiting, name))
        self._background.put(self._retry)

    def close(self) -> None:
        """Write what could not be written, for the last time; call it before the background thread is closed."""
        with self._lock:
            self._closed = True
            timer, self._timer = self._timer, None
            unwritten = bool(self._unwritten)
        if timer is not None:
            timer.cancel()
            timer.join(1.0)
        if unwritten:
            self._background.put(self._retry)

    def _read(self, path: Path) -> list[Any]:
        try:
            value = json.loads(read_text(path), parse_constant=_refuse, parse_float=_finite)
            wrong = self._check(path.stem, value)
        except _NotAFileError:
            self._logger.warning("Cannot read %s: it is not a regular file", path)
            self._set_aside(path, "it is not a regular file")
        except OSError as error:
            self._logger.warning("Cannot read %s: %s", path, error)
            self._problems.report(f"file {path.stem}", f"Cannot read {path}: {error.strerror}. Check its permissions.")
        except (ValueError, RecursionError):
            self._set_aside(path, "it is not valid JSON")
        else:
            if wrong is None:
                return [value]
            self._set_aside(path, wrong)
        return []

    def _set_aside(self, path: Path, wrong: str) -> None:
        aside = path.with_suffix(".damaged")
        with contextlib.suppress(OSError):
            path.replace(aside)
        self._logger.warning("%s is damaged and was set aside as %s: %s", path, aside.name, wrong)
        text = (
            f"{path.name} was damaged ({wrong}); it was renamed to {aside.name}, and its content starts from scratch."
        )
        self._problems.report(f"file {path.stem}", text)

    def _write_waiting(self, name: str) -> None:
        with self._lock:
            if self._replaced or name not in self._waiting:
                return
            value = self._waiting.pop(name)
        self._write(name, value)

    def _write(self, name: str, value: Any) -> None:
        path = self._folder / f"{name}.json"
        try:
            text = json.dumps(value, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            self._logger.warning("Cannot write %s: %s", path, error)
            return
        if len(text) > MAX_BYTES:
            self._logger.warning("Cannot write %s: it would have more than %s bytes", path, MAX_BYTES)
            return
        self._writing_since = now().at
        try:
            replace_file(path, text)
        except OSError as error:
            self._failed(name, value, path, error)
        else:
            self._written(name)
        finally:
            self._writing_since = None

    def _written(self, name: str) -> None:
        with self._lock:
            self._unwritten.pop(name, None)
            works_again = self._failing and not self._unwritten
            self._failing = self._failing and not works_again
        if works_again:
            self._logger.info("Saving works again")
            self._problems.clear("saving")

    def _failed(self, name: str, value: Any, path: Path, error: OSError) -> None:
        with self._lock:
            self._unwritten[name] = value
            if self._timer is None and not self._closed:
                timer = threading.Timer(self._retry_s, self._submit_retry)
                timer.daemon = True
                with contextlib.suppress(RuntimeError):  # the system has no more threads: the next failure tries again
                    timer.start()
                    self._timer = timer
        self._refused(path, error)

    def _refused(self, path: Path, error: OSError) -> None:
        text = f"Cannot save to {self._folder}: {error.strerror}. Free space or make the folder writable."
        if os.path.lexists(self._folder) and not self._folder.is_dir():
            text = (
                f"Cannot save to {self._folder}: it is not a folder, or a link to a folder that is missing. Remove it, "
                "or attach the drive."
            )
        if self._report(text):
            self._logger.warning("Cannot write %s: %s. Trying again every %g s", path, error, self._retry_s)

    def _report(self, text: str) -> bool:
        """Show that saving does not work; return whether that is new. It does not touch the drive, which may hang."""
        with self._lock:
            self._failing = True
        return self._problems.report("saving", f"{text} Saving is tried again every {self._retry_s:g} s.")

    def _submit_retry(self) -> None:
        with self._lock:
            self._timer = None
        self._background.put(self._retry)

    def _retry(self) -> None:
        with self._lock:
            values = {} if self._replaced else dict(self._unwritten)
        for name, value in values.items():
            self._write(name, value)


class _NotAFileError(OSError):
    """A FIFO, device, socket or folder in place of a file."""


def read_text(path: Path) -> str:
    """Return the text of a regular file. Raises OSError for anything else (without waiting), and ValueError."""
    # Without O_NONBLOCK, opening a FIFO waits for a writer.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if _is_special(path):
            raise _NotAFileError from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _NotAFileError
    with open(descriptor, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    return content.decode("utf-8")


def _is_special(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def replace_file(path: Path, text: str) -> None:
    """Write a file as a whole: after a crash there is the old or the new content. A missing folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    # A crash may have left a draft; opening a FIFO in its place would wait.
    draft.unlink(missing_ok=True)
    try:
        with draft.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)  # on a full disk it takes the last space
        raise


def _finite(number: str) -> float:
    """Return the number, which JSON allows to be larger than any float."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is too large")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
