"""Scripts as the bridge uses them: their folder on a thread of its own, and the process of the run there is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...bridge.protocol.script_effects import (
    AnswerLine,
    AskCommands,
    KillScript,
    RefuseLine,
    ScanScripts,
    StartScript,
    TerminateScript,
)
from ...bridge.protocol.script_inputs import CommandsTold, ScriptInput, ScriptsFound
from ...core.scripts.catalogue import Script
from ..tasks import Tasks
from .folder import ScriptFailed, ScriptFolder
from .process import Job, ScriptProcess


class Scripts:
    """The folder and the process."""

    def __init__(self, post: Callable[[ScriptInput], None], logger: logging.Logger) -> None:
        self._post = post
        self._logger = logger
        self._tasks = Tasks("temp_eta-scripts", logger)
        self._folders: dict[str, ScriptFolder] = {}
        self._process: ScriptProcess | None = None
        #: What kept us from looking at the folder last time: it is looked at every few seconds, and told once.
        self._trouble: str | None = None

    @property
    def performers(self) -> Mapping[type, Callable[[Any], None]]:
        """What is done here for the bridge."""
        return {
            ScanScripts: lambda effect: self._tasks.put(lambda: self._scan(effect)),
            AskCommands: lambda effect: self._tasks.put(lambda: self._ask_commands(effect)),
            StartScript: self._start,
            TerminateScript: self._of_process(lambda process, _: process.terminate()),
            KillScript: self._of_process(lambda process, _: process.kill()),
            AnswerLine: self._of_process(lambda process, effect: process.answer(effect.seq, effect.text)),
            RefuseLine: self._of_process(lambda process, effect: process.refuse(effect.seq, effect.error)),
        }

    def start(self) -> None:
        """Begin."""
        self._tasks.start()

    def close(self) -> None:
        """End, and the run's process with it."""
        if self._process is not None:
            self._process.kill()
        self._tasks.close()

    def _start(self, effect: StartScript) -> None:
        path = Path(effect.folder).expanduser() / effect.file
        self._process = ScriptProcess(Job(effect.run_id, path, effect.stored, effect.given), self._post)
        self._process.start()

    def _of_process(self, do: Callable[[ScriptProcess, Any], None]) -> Callable[[Any], None]:
        def perform(effect: Any) -> None:
            if self._process is not None:
                do(self._process, effect)

        return perform

    def _scan(self, effect: ScanScripts) -> None:
        scripts: tuple[Script, ...] = ()
        trouble = None
        try:
            scripts = self._folder(effect.folder).scan()
        except Exception as error:
            trouble = f"Failed to look at the scripts in {effect.folder}: {error}"
            if trouble != self._trouble:
                self._logger.exception(trouble)
        self._trouble = trouble
        self._post(ScriptsFound(scripts))

    def _ask_commands(self, effect: AskCommands) -> None:
        try:
            lines = self._folder(effect.folder).commands(effect.file, effect.stored)
        except ScriptFailed as error:
            self._post(CommandsTold(effect.script_id, error=str(error)))
        else:
            self._post(CommandsTold(effect.script_id, tuple(lines)))

    def _folder(self, folder: str) -> ScriptFolder:
        if folder not in self._folders:
            self._folders = {folder: ScriptFolder(Path(folder))}
        return self._folders[folder]
