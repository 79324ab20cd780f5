"""The script folder, read on its own thread, and the process of the current run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...bridge.protocol.script_effects import (
    CreateScriptFolder,
    KillScript,
    ReadConnectCommands,
    RejectLine,
    ReplyToLine,
    ScanScripts,
    StartScript,
    TerminateScript,
)
from ...bridge.protocol.script_inputs import ConnectCommandsRead, ScriptFolderCreated, ScriptInput, ScriptsFound
from ...core.scripts.catalogue import FolderState
from ..threads.tasks import Tasks
from .folder import NotWanted, ScriptFolder
from .process import ScriptProcess
from .questions import ScriptFailed


class Scripts:
    """Performs the bridge's effects on the script folder and on the process of a run."""

    def __init__(self, post: Callable[[ScriptInput], None], logger: logging.Logger) -> None:
        self._post = post
        self._logger = logger
        self._tasks = Tasks("temp_eta-scripts", logger)
        self._folders: dict[str, ScriptFolder] = {}
        self._process: ScriptProcess | None = None
        #: The folder whose scan was requested last. A scan of another one ends early.
        self._wanted = ""
        #: The faults of this program that are logged already: scans are repeated every few seconds.
        self._faults: set[type[Exception]] = set()

    @property
    def performers(self) -> Mapping[type, Callable[[Any], None]]:
        """The effects that are performed here."""
        return {
            ScanScripts: self._put_scan,
            CreateScriptFolder: lambda effect: self._tasks.put(lambda: self._create(effect)),
            ReadConnectCommands: lambda effect: self._tasks.put(lambda: self._read_connect_commands(effect)),
            StartScript: self._start,
            TerminateScript: self._of_process(lambda process, _: process.terminate()),
            KillScript: self._of_process(lambda process, _: process.kill()),
            ReplyToLine: self._of_process(lambda process, effect: process.reply(effect.seq, effect.text)),
            RejectLine: self._of_process(lambda process, effect: process.refuse(effect.seq, effect.error)),
        }

    def start(self) -> None:
        """Start the thread."""
        self._tasks.start()

    def close(self) -> None:
        """Stop, and kill the run's process."""
        if self._process is not None:
            self._process.kill()
        self._wanted = ""
        self._tasks.close()

    def _start(self, effect: StartScript) -> None:
        self._process = ScriptProcess(effect, self._post)
        self._process.start()

    def _of_process(self, do: Callable[[ScriptProcess, Any], None]) -> Callable[[Any], None]:
        def perform(effect: Any) -> None:
            if self._process is not None:
                do(self._process, effect)

        return perform

    def _put_scan(self, effect: ScanScripts) -> None:
        another, self._wanted = effect.folder != self._wanted, effect.folder
        if another and self._tasks.busy:
            # The thread may wait for a drive that does not answer, for ever; otherwise it ends soon.
            tasks = Tasks("temp_eta-scripts", self._logger)
            tasks.start()
            self._tasks.close()
            self._tasks = tasks
        self._tasks.put(lambda: self._scan(effect))

    def _scan(self, effect: ScanScripts) -> None:
        try:
            folder = self._folder(effect.folder)
            scripts = folder.scan(
                lambda found: self._post(ScriptsFound(effect.folder, found, folder.state, complete=False)),
                lambda: self._wanted == effect.folder,
            )
        except NotWanted:
            return
        except Exception as raised:  # every scan has a result, or there would never be another one
            self._log_fault(effect.folder, raised)
            self._post(ScriptsFound(effect.folder, (), FolderState(error=_reason(raised))))
            return
        self._post(ScriptsFound(effect.folder, scripts, folder.state))

    def _log_fault(self, folder: str, raised: Exception) -> None:
        """Log a fault of this program once, with its traceback. The bridge logs what is wrong with the folder."""
        if not isinstance(raised, (OSError, RuntimeError, ScriptFailed)) and type(raised) not in self._faults:
            self._faults.add(type(raised))
            self._logger.exception("Failed to read the script folder %s", folder)

    def _create(self, effect: CreateScriptFolder) -> None:
        try:
            self._folder(effect.folder).create(example=effect.example)
        except (ScriptFailed, RuntimeError) as error:
            self._post(ScriptFolderCreated(effect.token, f"{effect.folder} cannot be created: {error}"))
        else:
            self._post(ScriptFolderCreated(effect.token))

    def _read_connect_commands(self, effect: ReadConnectCommands) -> None:
        try:
            lines = self._folder(effect.folder).commands(effect.file, effect.stored)
        except (ScriptFailed, RuntimeError) as error:
            self._post(ConnectCommandsRead(effect.script_id, error=str(error), request=effect.request))
        else:
            self._post(ConnectCommandsRead(effect.script_id, lines, request=effect.request))

    def _folder(self, folder: str) -> ScriptFolder:
        if folder not in self._folders:
            self._folders = {folder: ScriptFolder(Path(folder))}
        return self._folders[folder]


def _reason(raised: Exception) -> str:
    """Return why the folder cannot be read, without its path: guests may not know it."""
    return getattr(raised, "strerror", None) or str(raised) or type(raised).__name__
