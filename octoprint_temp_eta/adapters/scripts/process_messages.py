"""The messages from a script's process. The script's own code runs in it and could send anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ...bridge.protocol.script_inputs import (
    ScriptLine,
    ScriptLogged,
    ScriptMessage,
    ScriptRaised,
    ScriptReturned,
    ScriptRunning,
    ScriptStatus,
)
from ...core.scripts.settings import InvalidSettings, as_json

#: Longer texts are cut, in characters.
MAX_TEXT = 4000
_NoneType = type(None)
#: The messages of a script's process by kind: the input class, and the fields with their types.
MESSAGES: Mapping[str, tuple[Callable[..., ScriptMessage], Mapping[str, tuple[type, ...]]]] = {
    "running": (ScriptRunning, {}),
    "send": (ScriptLine, {"seq": (int,), "line": (str,), "reply": (bool,)}),
    "status": (ScriptStatus, {"status": (str,)}),
    "log": (ScriptLogged, {"level": (str,), "message": (str,)}),
    "result": (ScriptReturned, {"success": (bool,), "storage": (dict,), "message": (str, _NoneType)}),
    "error": (ScriptRaised, {"error": (str,)}),
}


def parse_message(run_id: str, line: bytes) -> ScriptMessage | None:
    """Return the input for a line from the run's process, None if it is not a valid message."""
    try:
        message = json.loads(line)
        kind, fields = MESSAGES[message["kind"]]
        values = {name: message[name] for name in fields}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if any(type(values[name]) not in types for name, types in fields.items()):
        return None
    try:
        return kind(run_id, **{name: _usable(value) for name, value in values.items()})
    except InvalidSettings:
        return None


def _usable(value: Any) -> Any:
    """Return a value from a script's process with texts cut. Raises `InvalidSettings` for an object that is not JSON.

    Lone surrogates become U+FFFD: they can neither be logged nor be read by most JSON parsers.

    The process sends nothing else, but the script's own code runs in it and could write to the pipe: a NaN, which
    Python reads as JSON, could not be published.
    """
    if isinstance(value, dict):
        return json.loads(_without_surrogates(json.dumps(as_json(value), ensure_ascii=False)))
    return _without_surrogates(value)[:MAX_TEXT] if isinstance(value, str) else value


def _without_surrogates(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
