"""What a script file says about itself. The script's own code runs in the process that replies: replies are checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.scripts.catalogue import ID_RULE, Script, is_valid_id
from ...core.scripts.settings import InvalidSettings, Settings, as_json
from .questions import MAX_ERROR, Questions, ScriptFailed, on_one_line

#: Longer titles and descriptions are cut, in characters.
MAX_TITLE, MAX_DESCRIPTION = 128, 300
#: The maximum number of on-connect lines, and their maximum length in characters.
MAX_LINES, MAX_LINE = 1000, 1024


def inspect(questions: Questions, path: Path) -> Script:
    """Return the script in the file at `path`; what is wrong with it is its `error`."""
    file = path.name
    if not file.isprintable():
        name = printable(file)
        return Script(name, title=name, error="the file name has characters that cannot be shown: rename the file")
    try:
        return _script(file, questions.ask("inspect", path))
    except ScriptFailed as error:
        return Script(file, title=file, error=str(error)[:MAX_ERROR])


def connect_commands(questions: Questions, path: Path, stored: Settings) -> tuple[str, ...]:
    """Return the on-connect lines of the script at `path`, called with its `stored` settings.

    Raises:
        ScriptFailed: `__script_commands__` failed.
    """
    lines = questions.ask("commands", path, stored=stored).get("lines")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ScriptFailed("__script_commands__ must return a string or a list of strings")
    if len(lines) > MAX_LINES:
        raise ScriptFailed(f"__script_commands__ must return at most {MAX_LINES} lines")
    for line in lines:
        if len(line) > MAX_LINE or not line.isprintable():
            raise ScriptFailed(f"__script_commands__ must return printable lines of at most {MAX_LINE} characters")
    return tuple(lines)


def _script(file: str, reply: Mapping[str, Any]) -> Script:
    """Return the script that `reply` describes. The script's own code runs in that process and could send anything.

    Raises:
        ScriptFailed: the reply breaks a rule for scripts.
    """
    script_id, title, hint, description = (reply.get(key) for key in ("id", "title", "hint", "description"))
    if not is_valid_id(script_id):
        raise ScriptFailed(f"__script_id__ must be {ID_RULE}, not {script_id!r:.80}")
    title = on_one_line(title)[:MAX_TITLE] if isinstance(title, str) else ""
    if not title:
        raise ScriptFailed("__script_title__ must be a string that is not empty")
    try:
        settings = as_json(reply.get("settings"))
        json.dumps(settings, ensure_ascii=False).encode()
    except InvalidSettings as error:
        raise ScriptFailed(f"__script_settings__: {error}") from None
    except UnicodeEncodeError:
        raise ScriptFailed("__script_settings__ must be valid Unicode text") from None
    return Script(
        file,
        title,
        str(script_id),
        settings,
        reply.get("has_commands") is True,
        hint=on_one_line(hint)[:MAX_ERROR] if isinstance(hint, str) else None,
        description=on_one_line(description)[:MAX_DESCRIPTION] or None if isinstance(description, str) else None,
    )


def printable(name: str) -> str:
    """Return a file name with escapes for what cannot be shown on one line."""
    return name if name.isprintable() else name.encode("unicode_escape").decode()
