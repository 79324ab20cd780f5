"""The settings of scripts that are kept: what their runs returned, and what the user has set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.scripts.catalogue import Script
from ...core.scripts.settings import InvalidSettings, Settings, as_json, check, merge
from ...messages import wording
from ...messages.decode import CommandError
from ..protocol.effects import Save

#: The file in which they are kept, and the version of its form.
STORED = "scripts"
VERSION = 1


class ScriptMemory:
    """The kept settings by script."""

    def __init__(self, stored: object) -> None:
        self._stored = _salvaged(stored)

    def of(self, script_id: str) -> Settings:
        """Return all that is kept of a script, also what it does not declare."""
        return self._stored.get(script_id, {})

    def declared(self, script: Script) -> Settings:
        """Return the settings that `script` declares, each with the value that its next run gets."""
        present = merge(script.settings, self.of(script.id or ""), {})
        return {key: present[key] for key in script.settings}

    def keep(self, script_id: str, settings: Settings) -> Save:
        """Keep `settings` over what is kept."""
        self._stored = {**self._stored, script_id: {**self.of(script_id), **settings}}
        return Save(STORED, {"version": VERSION, "settings": self._stored})

    def set(self, script: Script, settings: Mapping[str, Any]) -> Save:
        """Keep what the user has set. Raises `CommandError` where `script` does not declare it so."""
        if not script.settings:
            raise CommandError("invalid_settings", f"The script {script.title!r} declares no settings.", "/settings")
        try:
            given = as_json(settings)
            check(script.settings, given, only_declared=True)
            as_json({**self.of(script.id or ""), **given})
        except InvalidSettings as error:
            raise invalid(error) from None
        return self.keep(script.id or "", given)


def invalid(error: InvalidSettings) -> CommandError:
    """Return the refusal of settings; it points at the one at fault."""
    where = ["settings"] if error.key is None else ["settings", error.key]
    return CommandError("invalid_settings", f"{where[-1]} {error.rule}.", wording.pointer(where))


def _salvaged(stored: object) -> dict[str, Settings]:
    """Return what is kept, by script; a damaged memory is none."""
    if not isinstance(stored, Mapping) or stored.get("version") != VERSION:
        return {}
    by_script = stored.get("settings")
    entries = by_script.items() if isinstance(by_script, Mapping) else ()
    return {script_id: dict(settings) for script_id, settings in entries if isinstance(settings, Mapping)}
