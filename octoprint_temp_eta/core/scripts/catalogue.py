"""The scripts in the folder: one entry per file, including files that cannot be loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .settings import Settings


@dataclass(frozen=True, slots=True)
class Script:
    """One file of the folder. `error` is the reason why it cannot be started, or None.

    A file that could not be imported has no `id`, and its title is the file name.
    """

    file: str
    title: str
    id: str | None = None
    settings: Settings = field(default_factory=dict)
    has_commands: bool = False
    error: str | None = None


def without_duplicates(scripts: Iterable[Script]) -> tuple[Script, ...]:
    """Return the scripts sorted by file name; a script whose id is already taken gets an error."""
    first: dict[str | None, str] = {}
    listed: list[Script] = []
    for script in sorted(scripts, key=lambda each: each.file):
        if script.error is None and script.id in first:
            error = f"__script_id__ {script.id!r} is taken by {first[script.id]}"
            listed.append(replace(script, error=error))
            continue
        if script.error is None:
            first[script.id] = script.file
        listed.append(script)
    return tuple(listed)


def find(scripts: Iterable[Script], script_id: str) -> Script | None:
    """Return the script with this id if it can be started, else None."""
    return next((script for script in scripts if script.id == script_id and script.error is None), None)
