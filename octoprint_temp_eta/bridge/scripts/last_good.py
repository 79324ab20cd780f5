"""Which script each file was when it could be imported last.

A file with an error has no ID: it may be saved half-edited, or a module is missing after an update. A folder that is
missing or cannot be read may be on a drive that is away. The scripts keep their buttons in Home Assistant, with the
names and areas that the user has given them.
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
        #: ID and title of each script, also of those that cannot be started at present.
        self.offered = _offered(self._scripts)

    @property
    def stored(self) -> Mapping[str, Sequence[str]]:
        """As it is stored."""
        return self._scripts

    def update(self, catalogue: Sequence[Script], *, complete: bool) -> None:
        """Note the scripts that were found; a `complete` catalogue has all files that there are."""
        files = {script.file for script in catalogue}
        good = {script.file: [script.id or "", script.title] for script in catalogue if script.error is None}
        # those that can be started come last: an ID that two files had is theirs
        kept = {
            file: each for file, each in self._scripts.items() if file not in good and (file in files or not complete)
        }
        scripts = kept | good
        if list(self._scripts.items()) != list(scripts.items()):
            self._scripts, self.offered = scripts, _offered(scripts)

    def id_of(self, script: Script) -> str | None:
        """Return the script's ID; of a file with an error, the one of before."""
        if script.error is None:
            return script.id
        before = self._scripts.get(script.file)
        return None if before is None else before[0]


def _offered(scripts: Mapping[str, Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple({each[0]: each[1] for each in scripts.values()}.items())
