"""The scripts in the folder: one entry per file, including files that cannot be loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field, replace

from ..frozen import frozen
from .settings import Settings

#: What a script's id must be, in words.
ID_RULE = "a string of 1 to 64 characters"
_ID = re.compile(r"[^\s-]{1,64}")
_CONVERTED = re.compile(r"[\s-]")


@frozen
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
    #: Advice for the script's author, logged when the script is found.
    hint: str | None = None
    #: What it does: the first paragraph of the file's docstring.
    description: str | None = None


@frozen
class FolderState:
    """The state of the script folder."""

    missing: bool = False
    #: The files that other users may change; "." is the folder itself.
    writable: tuple[str, ...] = ()
    #: Why it could not be read, or None.
    error: str | None = None


def convert_id(value: str) -> str:
    """Return a script's id with "_" for dashes and blanks, as in OctoPrint-Automation-Scripts."""
    return _CONVERTED.sub("_", value)


def is_valid_id(value: object) -> bool:
    """Whether `value` can be a script's id after its conversion."""
    return isinstance(value, str) and bool(_ID.fullmatch(value)) and value.isprintable() and value != "cancel"


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
    """Return the script with this id, also before its conversion, if it can be started; else None."""
    script_id = convert_id(script_id)
    return next((script for script in scripts if script.id == script_id and script.error is None), None)
