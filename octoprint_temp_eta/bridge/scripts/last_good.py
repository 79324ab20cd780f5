"""Which script each file was when it could be imported last.

A file with an error has no ID: it may be saved half-edited, or a module is missing after an update. Its script keeps
its button in Home Assistant, with the name and area that the user has given it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.scripts.catalogue import Script

#: The file.
SCRIPT_FILES = "script_files"


class LastGood:
    """By file, the ID and the title of its script."""

    def __init__(self, stored: object = None) -> None:
        scripts = stored if isinstance(stored, Mapping) else {}
        self._scripts: Mapping[str, Sequence[str]] = dict(scripts)

    @property
    def stored(self) -> Mapping[str, Sequence[str]]:
        """As it is stored."""
        return self._scripts

    def update(self, catalogue: Sequence[Script], *, complete: bool) -> None:
        """Note the scripts that were found; a `complete` catalogue has all files that there are."""
        files = {script.file for script in catalogue}
        kept = {file: each for file, each in self._scripts.items() if file in files or not complete}
        good = {script.file: [script.id or "", script.title] for script in catalogue if script.error is None}
        if self._scripts != kept | good:
            self._scripts = kept | good

    def id_of(self, script: Script) -> str | None:
        """Return the script's ID; of a file with an error, the one of before."""
        if script.error is None:
            return script.id
        before = self._scripts.get(script.file)
        return None if before is None else before[0]

    def offered(self, catalogue: Sequence[Script]) -> tuple[tuple[str, str], ...]:
        """Return ID and title of each script, also of those whose file has an error at present."""
        good = {script.id or "": script.title for script in catalogue if script.error is None}
        broken = [self._scripts.get(script.file) for script in catalogue if script.error is not None]
        return tuple({**{each[0]: each[1] for each in broken if each is not None}, **good}.items())
