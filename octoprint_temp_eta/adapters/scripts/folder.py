"""The script folder. Files are inspected in a separate process; nothing is imported into OctoPrint."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.scripts.catalogue import Script, without_duplicates
from ...core.scripts.settings import Settings
from .process import child, describe_exit

#: Seconds for the import of a script, or for its `__script_commands__`.
TIMEOUT_S = 10.0

#: Modification time in ns and size: a file with the same stamp is not inspected again.
Stamp = tuple[int, int]


class ScriptFolder:
    """The scripts in `folder`. Methods may block for seconds; call them from one thread at a time."""

    def __init__(self, folder: Path, timeout: float = TIMEOUT_S) -> None:
        self._folder = folder.expanduser()
        self._timeout = timeout
        self._known: dict[str, tuple[Stamp, Script]] = {}

    def scan(self) -> tuple[Script, ...]:
        """Return all scripts; only new and changed files are inspected."""
        stamps = self._stamps()
        self._known = {file: self._known[file] for file in stamps if file in self._known}
        for file, stamp in stamps.items():
            known = self._known.get(file)
            if known is None or known[0] != stamp:
                self._known[file] = (stamp, self._inspect(file))
        return without_duplicates(script for _, script in self._known.values())

    def commands(self, file: str, stored: Settings) -> list[str]:
        """Return the on-connect lines of the script in `file`, called with its `stored` settings.

        Raises:
            ScriptFailed: `__script_commands__` failed.
        """
        lines: list[str] = _request("commands", self._folder / file, self._timeout, stored=stored)["lines"]
        return lines

    def _stamps(self) -> dict[str, Stamp]:
        stamps: dict[str, Stamp] = {}
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self._folder) as entries:
            for entry in entries:
                # A file may vanish during the scan.
                with contextlib.suppress(OSError):
                    if entry.name.endswith(".py") and entry.is_file():
                        stat = entry.stat()
                        stamps[entry.name] = (stat.st_mtime_ns, stat.st_size)
        return stamps

    def _inspect(self, file: str) -> Script:
        try:
            reply = _request("inspect", self._folder / file, self._timeout)
        except ScriptFailed as error:
            return Script(file, title=file, error=str(error))
        return Script(file, reply["title"], reply["id"], reply["settings"], reply["has_commands"])


class ScriptFailed(Exception):
    """A script could not be inspected; the message is the reason."""


def _request(task: str, path: Path, timeout: float, **job: object) -> Mapping[str, Any]:
    """Run `task` for the script at `path` in a process and return its reply.

    Raises:
        ScriptFailed: with the script's error, or how the process ended.
    """
    request = json.dumps({"path": str(path), **job}) + "\n"
    try:
        with child(task, path.parent, subprocess.DEVNULL) as process:
            reply, _ = process.communicate(request.encode(), timeout)
        message: Mapping[str, Any] = json.loads(reply)
    except subprocess.TimeoutExpired:
        raise ScriptFailed(f"takes longer than {timeout:g} s") from None
    except OSError as error:
        raise ScriptFailed(f"its process could not be started: {error}") from None
    except ValueError:
        raise ScriptFailed(f"its process {describe_exit(process.returncode)}") from None
    if message["kind"] == "error":
        raise ScriptFailed(message["error"])
    return message
