"""The script folder: the catalogue of its scripts, and what is wrong with the folder."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...core.scripts.catalogue import FolderState, Script, find
from ...messages import encode, script
from ...messages.decode import Command, CommandError
from ...settings.table import Settings
from ..outbox.outbox import Outbox
from ..part import CommandHandler, InputHandler, Part
from ..protocol.effects import Effect, Log, Page, Reply
from ..protocol.script_effects import CreateScriptFolder, ScanScripts
from ..protocol.script_inputs import ScriptFolderCreated, ScriptsFound
from .last_good import SCRIPT_FILES, LastGood

#: Seconds between two scans of the folder, and without any result of a scan until that is reported.
SCAN_S, SLOW_S = 5.0, 60.0


class Library(Part):
    """The catalogue of scripts. Without a folder in the settings there are no scripts."""

    def __init__(self, outbox: Outbox, settings: Settings, stored: object = None) -> None:
        self.catalogue: tuple[Script, ...] = ()
        self._last_good = LastGood(stored)
        #: Whether the folder was scanned completely.
        self.known = False
        self.folder_state = FolderState()
        #: The files that others may change as of the last time that the folder could be read.
        self._writable: tuple[str, ...] = ()
        self._outbox = outbox
        self._folder = settings.script_folder
        self._scan_at: float | None = 0.0
        #: When a result of the running scan came last, or it was requested, in monotonic seconds; None once it is
        #: reported that none comes.
        self._heard_at: float | None = None
        #: The commands whose folder is being created, by token.
        self._creating: dict[int, Command] = {}
        self._tokens = itertools.count(1)

    @property
    def commands(self) -> Mapping[str, CommandHandler]:
        """The handlers by name of command."""
        return {"create_script_folder": self._create_folder}

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {
            ScriptsFound: self._found,
            ScriptFolderCreated: self._folder_created,
        }

    @property
    def stored(self) -> Mapping[str, Any]:
        """Which script each file is."""
        return {SCRIPT_FILES: self._last_good.stored}

    @property
    def offered(self) -> tuple[tuple[str, str], ...]:
        """ID and title of each script, also of those whose file or folder has an error at present."""
        return self._last_good.offered

    @property
    def readable(self) -> bool:
        """Whether the folder was scanned completely, and its scripts can be read now."""
        return self.known and self.folder_state.error is None

    @property
    def folder(self) -> str:
        """The folder as in the settings; empty: no scripts."""
        return self._folder

    def configure(self, settings: Settings, now: Now) -> list[Effect]:
        """Scan the folder. If it is another one, the scripts of the former one are gone at once."""
        self._scan_at = 0.0
        if settings.script_folder == self._folder:
            return []
        self._folder = settings.script_folder
        self.known = False
        return self._take(ScriptsFound(self._folder, ()), now)

    def tick(self, now: Now) -> list[Effect]:
        """Scan the folder when due."""
        if self._scan_at is None and self._heard_at is not None and now.at - self._heard_at >= SLOW_S:
            self._heard_at = None
            return report_slow(self._folder)
        if self._scan_at is None or now.at < self._scan_at:
            return []
        if not self._folder:
            return self._found(ScriptsFound(self._folder, ()), now)
        # The next scan is scheduled by the result.
        self._scan_at, self._heard_at = None, now.at
        return [ScanScripts(self._folder)]

    def publish_all(self, now: Now) -> None:
        """Publish the catalogue."""
        self._outbox.publish_state("scripts", self.body, now)

    @property
    def body(self) -> list[encode.Payload]:
        """The catalogue as it is published."""
        return [script.catalogue_entry(each) for each in self.catalogue]

    def snapshot(self, now: Now) -> Mapping[str, Any]:
        """Return the catalogue, and the state of the folder for those who may change its setting."""
        del now
        return {
            "scripts": self.body,
            "script_folder": self.shown_folder,
        }

    @property
    def shown_folder(self) -> Mapping[str, Any]:
        """The state of the folder as REST and the pages show it."""
        state = self.folder_state
        return {
            "path": self._folder,
            "missing": state.missing,
            "writable": list(state.writable),
            "error": state.error,
        }

    def script(self, script_id: str) -> Script:
        """Return the script that can be started under this id. Raises `CommandError`."""
        found = find(self.catalogue, script_id)
        if found is not None:
            return found
        faulty = (each for each in self.catalogue if each.error is not None)
        broken = next((each for each in faulty if script_id in (each.id, each.file, self._last_good.id_of(each))), None)
        if broken is not None:
            raise CommandError("broken_script", f"{broken.file} cannot be started: {broken.error}.", "/id")
        if not self.known:
            raise CommandError("not_available", self._unknown)
        raise CommandError("unknown_script", f"There is no script {script_id!r}.", "/id")

    @property
    def _unknown(self) -> str:
        """Why it is not known which scripts there are."""
        if self.folder_state.error is not None:
            return script.sentence(f"The script folder cannot be read: {self.folder_state.error}")
        return "The script folder is still being read. Try again in some seconds."

    def _found(self, event: ScriptsFound, now: Now) -> list[Effect]:
        if event.path != self._folder:
            return []  # the setting was changed during the scan
        self._heard_at = now.at
        if event.complete:
            self._scan_at = now.at + SCAN_S
            self.known = self.known or event.folder.error is None
        return self._take(event, now)

    def _take(self, event: ScriptsFound, now: Now) -> list[Effect]:
        logs: list[Effect] = []
        if event.folder != self.folder_state:
            logs += self._folder_logs(event.folder)
            self.folder_state = event.folder
            logs.append(Page({"type": "script_folder_update", "data": self.shown_folder}))
        if event.folder.error is not None:
            return logs  # a drive that is away has not lost its scripts: entities and on-connect commands wait for it
        if not event.folder.missing:
            self._last_good.update(event.scripts, complete=event.complete)
        if event.scripts != self.catalogue:
            logs += [log for each in event.scripts if each not in self.catalogue for log in _script_logs(each)]
            self.catalogue = event.scripts
            self.publish_all(now)
            self._outbox.republish(("info",), 0.0, now)  # an old one shows that these are old, too
        return logs

    def _folder_logs(self, state: FolderState) -> list[Effect]:
        if state.missing:
            return [Log(logging.INFO, f"The script folder {self._folder} does not exist: there are no scripts")]
        if state.error is not None:
            return [Log(logging.WARNING, f"The script folder {self._folder} cannot be read: {state.error}")]
        before, self._writable = self._writable, state.writable
        if state.writable in ((), before):
            return []
        names = ", ".join("the folder itself" if name == "." else name for name in state.writable)
        return [
            Log(
                logging.WARNING,
                f"Other users of this machine may change scripts in {self._folder} ({names}), which run with"
                " OctoPrint's rights: remove their write permission (chmod go-w)",
            )
        ]

    def _create_folder(self, command: Command, _: Now) -> tuple[None, list[Effect]]:
        """Have the folder created; the reply comes with `ScriptFolderCreated`."""
        if not self._folder:
            text = "The setting script_folder is empty. Enter a folder and save it first."
            raise CommandError("not_available", text)
        token = next(self._tokens)
        self._creating[token] = command
        return None, [CreateScriptFolder(self._folder, token, bool(command.arguments.get("example")))]

    def _folder_created(self, event: ScriptFolderCreated, _: Now) -> list[Effect]:
        command = self._creating.pop(event.token)
        if event.error is not None:
            return [Reply(command, encode.failed(command, "not_available", script.sentence(event.error)))]
        if self._scan_at is not None:
            self._scan_at = 0.0
        return [Reply(command, encode.completed(command))]


def report_slow(folder: str) -> list[Effect]:
    """Report that the folder does not answer, such as one on a network drive that is away."""
    text = f"The script folder {folder} does not answer. Check its drive, or choose another folder."
    return [
        Log(logging.WARNING, text),
        Page({"type": "notification", "level": "warning", "title": "Scripts", "message": text}),
    ]


def _script_logs(found: Script) -> list[Effect]:
    if found.error:
        return [Log(logging.WARNING, f"Script {found.file}: {found.error}")]
    return [Log(logging.INFO, f"Script {found.file}: {found.hint}")] if found.hint else []
