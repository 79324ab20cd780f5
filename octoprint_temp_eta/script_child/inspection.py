"""Reading a script without running it: its magic variables, and its on-connect commands."""

from __future__ import annotations

from pathlib import Path

from ..core.scripts.settings import merge
from .channel.channel import Channel
from .script import ScriptError, describe, load


def inspect(channel: Channel) -> None:
    """Import the file of the job and send its id, title and settings, or its error."""
    job = channel.receive() or {}
    try:
        script = load(Path(job["path"]))
    except ScriptError as error:
        channel.send("error", error=str(error))
    else:
        channel.send(
            "inspect",
            id=script.id,
            title=script.title,
            settings=script.settings,
            has_commands=script.commands is not None,
            hint=script.hint,
            description=script.description,
        )


def commands(channel: Channel) -> None:
    """Call the file's `__script_commands__` with its settings and send the returned lines."""
    job = channel.receive() or {}
    try:
        script = load(Path(job["path"]))
        settings = merge(script.settings, job["stored"], {})
        lines = _lines(script.commands(settings)) if script.commands is not None else []
    except ScriptError as error:
        channel.send("error", error=str(error))
    except (Exception, SystemExit) as error:
        channel.send("error", error=f"__script_commands__: {describe(error)}")
    else:
        channel.send("commands", lines=lines)


def _lines(value: object) -> list[str]:
    """Return the lines of G-code in `value`: a string with one or more lines, a list of strings, or None."""
    texts = [value] if isinstance(value, str) else value
    if texts is None:
        return []
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise ScriptError("__script_commands__ must return a string or a list of strings")
    return [line.strip() for text in texts for line in text.splitlines() if line.strip()]
