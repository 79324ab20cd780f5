"""The folder of scripts: what lies in it, looked at without importing anything into OctoPrint."""

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
from .process import child, how_it_ended

#: Seconds that a script may take to be imported, or its `__script_commands__` to return.
PATIENCE = 10.0

#: What tells that a file is another one: modification time in ns and size.
Stamp = tuple[int, int]


class ScriptFolder:
    """The scripts in `folder`. Every method may take seconds, and is called by one thread at a time."""

    def __init__(self, folder: Path, patience: float = PATIENCE) -> None:
        self._folder = folder.expanduser()
        self._patience = patience
        self._known: dict[str, tuple[Stamp, Script]] = {}

    def scan(self) -> tuple[Script, ...]:
        """Return all scripts; only files that are new or changed since the last time are looked into."""
        stamps = self._stamps()
        self._known = {file: self._known[file] for file in stamps if file in self._known}
        for file, stamp in stamps.items():
            known = self._known.get(file)
            if known is None or known[0] != stamp:
                self._known[file] = (stamp, self._inspect(file))
        return without_duplicates(script for _, script in self._known.values())

    def commands(self, file: str, stored: Settings) -> list[str]:
        """Return the lines of G-code that the script in `file` wants sent on connect, its settings being `stored`.

        Raises:
            ScriptFailed: it could not tell.
        """
        lines: list[str] = _ask("commands", self._folder / file, self._patience, stored=stored)["lines"]
        return lines

    def _stamps(self) -> dict[str, Stamp]:
        stamps: dict[str, Stamp] = {}
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self._folder) as entries:
            for entry in entries:
                # A file may go away while we look.
                with contextlib.suppress(OSError):
                    if entry.name.endswith(".py") and entry.is_file():
                        stat = entry.stat()
                        stamps[entry.name] = (stat.st_mtime_ns, stat.st_size)
        return stamps

    def _inspect(self, file: str) -> Script:
        try:
            told = _ask("inspect", self._folder / file, self._patience)
        except ScriptFailed as error:
            return Script(file, title=file, error=str(error))
        return Script(file, told["title"], told["id"], told["settings"], told["has_commands"])


class ScriptFailed(Exception):
    """A script did not tell what it was asked; the message says why."""


def _ask(task: str, path: Path, patience: float, **job: object) -> Mapping[str, Any]:
    """Have a process do `task` with the script at `path`, and return what it tells.

    Raises:
        ScriptFailed: with the script's error, or what became of the process.
    """
    request = json.dumps({"path": str(path), **job}) + "\n"
    try:
        with child(task, path.parent, subprocess.DEVNULL) as process:
            told, _ = process.communicate(request.encode(), patience)
        message: Mapping[str, Any] = json.loads(told)
    except subprocess.TimeoutExpired:
        raise ScriptFailed(f"takes longer than {patience:g} s") from None
    except OSError as error:
        raise ScriptFailed(f"its process could not be started: {error}") from None
    except ValueError:
        raise ScriptFailed(f"its process {how_it_ended(process.returncode)}") from None
    if message["kind"] == "error":
        raise ScriptFailed(message["error"])
    return message
