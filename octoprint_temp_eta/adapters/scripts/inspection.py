"""Questions to a script file, each answered by a process of its own within a time limit; the replies are checked."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from ...core.scripts.catalogue import ID_RULE, Script, is_valid_id
from ...core.scripts.settings import InvalidSettings, Settings, as_json
from ..threads.inbox import now
from .process import child, describe_exit

#: The maximum length of a reply, in bytes.
MAX_REPLY = 1 << 20
#: Longer titles, errors and descriptions are cut, in characters.
MAX_TITLE, MAX_ERROR, MAX_DESCRIPTION = 128, 1000, 300
#: The maximum number of on-connect lines, and their maximum length in characters.
MAX_LINES, MAX_LINE = 1000, 1024


class ScriptFailed(Exception):
    """A script could not be inspected; the message is the reason."""


def inspect(path: Path, timeout: float) -> Script:
    """Return the script in the file at `path`; what is wrong with it is its `error`."""
    file = path.name
    if not file.isprintable():
        name = printable(file)
        return Script(name, title=name, error="the file name has characters that cannot be shown: rename the file")
    try:
        return _script(file, _request("inspect", path, timeout))
    except ScriptFailed as error:
        return Script(file, title=file, error=str(error)[:MAX_ERROR])


def connect_commands(path: Path, stored: Settings, timeout: float) -> tuple[str, ...]:
    """Return the on-connect lines of the script at `path`, called with its `stored` settings.

    Raises:
        ScriptFailed: `__script_commands__` failed.
    """
    lines = _request("commands", path, timeout, stored=stored).get("lines")
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
    title = _shown(title)[:MAX_TITLE] if isinstance(title, str) else ""
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
        hint=_shown(hint)[:MAX_ERROR] if isinstance(hint, str) else None,
        description=_shown(description)[:MAX_DESCRIPTION] or None if isinstance(description, str) else None,
    )


def printable(name: str) -> str:
    """Return a file name with escapes for what cannot be shown on one line."""
    return name if name.isprintable() else name.encode("unicode_escape").decode()


def _shown(text: str) -> str:
    """Return `text` on one line, without characters that cannot be shown."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _request(task: str, path: Path, timeout: float, **job: object) -> Mapping[str, Any]:
    """Run `task` for the script at `path` in a process and return its reply.

    Raises:
        ScriptFailed: with the script's error, or how the process ended.
    """
    request = (json.dumps({"path": str(path), **job}) + "\n").encode()
    try:
        with child(task, subprocess.DEVNULL) as process:
            reply = _exchange(process, request, now().at + timeout)
            if not reply:
                process.wait(timeout)
        message = json.loads(reply, parse_constant=_refuse_constant)
    except (subprocess.TimeoutExpired, TimeoutError):
        raise ScriptFailed(f"did not finish within {timeout:g} s") from None
    except OSError as error:
        raise ScriptFailed(f"its process could not be started: {error}") from None
    except (ValueError, RecursionError):
        ended = process.returncode is not None and not reply
        raise ScriptFailed(f"its process {describe_exit(process.returncode)}" if ended else _INVALID) from None
    if not isinstance(message, dict) or message.get("kind") not in (task, "script", "error"):
        raise ScriptFailed(_INVALID)
    if message["kind"] == "error":
        raise ScriptFailed(_shown(str(message.get("error")))[:MAX_ERROR] or _INVALID)
    return message


_INVALID = "its process sent an invalid reply"


def _exchange(process: subprocess.Popen[bytes], request: bytes, deadline: float) -> bytes:
    """Write `request` to the process and return its first line: empty if it ends without one, cut if too long.

    Raises:
        TimeoutError: it takes until after `deadline`.
    """
    stdin, stdout = _pipe(process.stdin), _pipe(process.stdout)
    reply = b""
    with selectors.DefaultSelector() as selector:
        for pipe, events in ((stdin, selectors.EVENT_WRITE), (stdout, selectors.EVENT_READ)):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, events)
        while b"\n" not in reply and len(reply) <= MAX_REPLY:
            ready = selector.select(max(0.0, deadline - now().at))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                if key.fileobj is stdin:
                    request = _write(stdin, request)
                    if not request:
                        selector.unregister(stdin)
                    continue
                data = os.read(stdout.fileno(), 65_536)
                if not data:
                    return b""
                reply += data
    return reply.partition(b"\n")[0]


def _write(pipe: IO[bytes], data: bytes) -> bytes:
    """Write what the pipe accepts now and return the rest; a process that does not read gets nothing more."""
    try:
        return data[os.write(pipe.fileno(), data) :]
    except BlockingIOError:
        return data
    except BrokenPipeError:
        return b""


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
