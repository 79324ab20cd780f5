"""What is known of the scripts in the folder: one entry per file, also of those that are no right scripts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .settings import Settings


@dataclass(frozen=True, slots=True)
class Script:
    """One file of the folder; `error` says in words why it cannot be started, None where it can.

    Of a file that could not be imported only the name is known: its `id` is None, its title the file's name.
    """

    file: str
    title: str
    id: str | None = None
    settings: Settings = field(default_factory=dict)
    has_commands: bool = False
    error: str | None = None


def without_duplicates(scripts: Iterable[Script]) -> tuple[Script, ...]:
    """Return the scripts by file name; where two have one id, the first keeps it and the other gets an error."""
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
    """Return the script with the id that can be started, None where there is none."""
    return next((script for script in scripts if script.id == script_id and script.error is None), None)
