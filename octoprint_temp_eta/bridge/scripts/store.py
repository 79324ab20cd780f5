"""The stored settings of scripts: values that runs returned and values that the user has saved."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from ...core.scripts.catalogue import Script
from ...core.scripts.settings import MAX_LENGTH, InvalidSettings, Settings, as_json, check_given, merge
from ...messages.decode import CommandError
from ..protocol.effects import Save

#: The name of the stored file, and its format version.
STORED = "scripts"
VERSION = 1


class ScriptStore:
    """The stored settings by script."""

    def __init__(self, stored: object) -> None:
        self._stored = _salvaged(stored)

    def of(self, script_id: str) -> Settings:
        """Return all stored settings of a script, including undeclared ones."""
        return self._stored.get(script_id, {})

    def declared(self, script: Script) -> Settings:
        """Return the declared settings of `script` with the values for its next run."""
        present = merge(script.settings, self.of(script.id or ""), {})
        return {key: present[key] for key in script.settings}

    def keep(self, script_id: str, settings: Settings, declared: Collection[str]) -> Save:
        """Store `settings`; other stored ones stay. Of those that are not `declared`, the oldest are dropped.

        A script may return a result under another name at each run.
        """
        older = {key: value for key, value in self.of(script_id).items() if key not in settings}
        room = MAX_LENGTH - _length({key: value for key, value in settings.items() if key not in declared})
        dropped = set[str]()
        for key in reversed(older):
            if key not in declared:
                room -= _length({key: older[key]})
                if room < 0:
                    dropped.add(key)
        kept = {key: value for key, value in older.items() if key not in dropped}
        self._stored = {**self._stored, script_id: {**kept, **settings}}
        return Save(STORED, {"version": VERSION, "settings": self._stored})

    def set(self, script: Script, settings: Mapping[str, Any]) -> Save:
        """Store settings that the user saves. Raises `CommandError` if they do not match the declaration."""
        if not script.settings:
            raise CommandError("invalid_settings", f"The script {script.title!r} declares no settings.", "/settings")
        try:
            given = as_json(settings)
            check_given(script.settings, given)
            as_json({**self.declared(script), **given})
        except InvalidSettings as error:
            raise invalid(error) from None
        return self.keep(script.id or "", given, script.settings)


def invalid(error: InvalidSettings) -> CommandError:
    """Return the error for invalid settings, with the path of the invalid one."""
    from ...messages.contract import wording

    where = ["settings"] if error.key is None else ["settings", error.key]
    return CommandError("invalid_settings", f"{where[-1]} {error.rule}.", wording.pointer(where))


def _length(settings: Settings) -> int:
    return len(json.dumps(settings)) if settings else 0


def _salvaged(stored: object) -> dict[str, Settings]:
    """Return the stored settings by script; a damaged file counts as empty."""
    if not isinstance(stored, Mapping) or stored.get("version") != VERSION:
        return {}
    by_script = stored.get("settings")
    entries = by_script.items() if isinstance(by_script, Mapping) else ()
    return {script_id: dict(settings) for script_id, settings in entries if isinstance(settings, Mapping)}
