"""The stored settings of scripts: values that runs returned and values that the user has saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.scripts.catalogue import Script
from ...core.scripts.settings import InvalidSettings, Settings, as_json, check_given, merge
from ...messages.contract import wording
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

    def keep(self, script_id: str, settings: Settings) -> Save:
        """Store `settings`; other stored ones stay."""
        self._stored = {**self._stored, script_id: {**self.of(script_id), **settings}}
        return Save(STORED, {"version": VERSION, "settings": self._stored})

    def set(self, script: Script, settings: Mapping[str, Any]) -> Save:
        """Store settings that the user saves. Raises `CommandError` if they do not match the declaration."""
        if not script.settings:
            raise CommandError("invalid_settings", f"The script {script.title!r} declares no settings.", "/settings")
        try:
            given = as_json(settings)
            check_given(script.settings, given)
            as_json({**self.of(script.id or ""), **given})
        except InvalidSettings as error:
            raise invalid(error) from None
        return self.keep(script.id or "", given)


def invalid(error: InvalidSettings) -> CommandError:
    """Return the error for invalid settings, with the path of the invalid one."""
    where = ["settings"] if error.key is None else ["settings", error.key]
    return CommandError("invalid_settings", f"{where[-1]} {error.rule}.", wording.pointer(where))


def _salvaged(stored: object) -> dict[str, Settings]:
    """Return the stored settings by script; a damaged file counts as empty."""
    if not isinstance(stored, Mapping) or stored.get("version") != VERSION:
        return {}
    by_script = stored.get("settings")
    entries = by_script.items() if isinstance(by_script, Mapping) else ()
    return {script_id: dict(settings) for script_id, settings in entries if isinstance(settings, Mapping)}
