"""A user's script file: loading it and checking its magic variables."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.frozen import frozen
from ..core.scripts.catalogue import ID_RULE, convert_id, is_valid_id
from ..core.scripts.settings import InvalidSettings, Settings, as_json

#: Longer titles and descriptions are cut, in characters: only their beginning is shown.
MAX_TEXT = 1000


class ScriptError(Exception):
    """The file is not a valid script; the message has the remedy."""


@frozen
class Script:
    """The magic variables of a file."""

    id: str
    title: str
    settings: Settings
    make: Callable[..., Any]
    commands: Callable[..., Any] | None
    hint: str | None = None
    #: The first paragraph of the file's docstring.
    description: str | None = None


def load(path: Path) -> Script:
    """Import the file at `path`, in its folder, and return the script that it defines.

    Raises:
        ScriptError: the file cannot be imported, or a magic variable is missing or wrong.
    """
    variables = vars(_import(path))
    for name in ("__script_id__", "__script_title__", "__script_obj__"):
        if name not in variables:
            raise ScriptError(f"{name} is missing")
    script_id = _checked_id(variables["__script_id__"])
    return Script(
        id=script_id,
        hint=_id_hint(variables["__script_id__"], script_id),
        title=_checked_title(variables["__script_title__"]),
        settings=_checked_settings(variables.get("__script_settings__")),
        description=_first_paragraph(variables.get("__doc__")),
        make=_callable("__script_obj__", variables["__script_obj__"]),
        commands=(
            None
            if variables.get("__script_commands__") is None
            else _callable("__script_commands__", variables["__script_commands__"])
        ),
    )


def describe(error: BaseException) -> str:
    """Return `error` as one line, with the script's line number."""
    name = type(error).__name__
    try:
        words = str(error)
    except Exception:  # the script's own class
        words = ""
    text = f"{name}: {words}" if words else name
    if isinstance(error, SyntaxError):
        return text
    trace = error.__traceback__
    line = None
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == MODULE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return text if line is None else f"{text} (line {line})"


def traceback_of(error: BaseException) -> str:
    """Return the traceback of `error` from the first line of the script's own file on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__") != MODULE:
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace, chain=False)).rstrip()


#: The name under which the user's file is imported.
MODULE = "mecodescript"


def _import(path: Path) -> Any:
    try:
        os.chdir(path.parent)
    except OSError as error:
        raise ScriptError(f"its folder cannot be opened: {error}") from error
    # Scripts may import modules beside them; appended last so that they do not hide other modules.
    sys.path.append(str(path.parent))
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None or spec.loader is None:
        raise ScriptError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ScriptError(describe(error)) from error
    return module


def _checked_id(value: object) -> str:
    if value == "cancel":
        raise ScriptError("__script_id__ must not be 'cancel'")
    if not isinstance(value, str) or not is_valid_id(convert_id(value)):
        raise ScriptError(f"__script_id__ must be {ID_RULE}, not {value!r:.80}")
    return convert_id(value)


def _first_paragraph(docstring: object) -> str | None:
    text = docstring.strip()[:MAX_TEXT].partition("\n\n")[0] if isinstance(docstring, str) else ""
    return " ".join(text.split()) or None


def _id_hint(declared: object, script_id: str) -> str | None:
    if declared == script_id:
        return None
    return f"__script_id__ {declared!r} contains dashes or blanks; the script's id is {script_id!r}"


def _checked_title(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ScriptError("__script_title__ must be a string that is not empty")
    return value.strip()[:MAX_TEXT]


def _checked_settings(value: object) -> Settings:
    try:
        return {} if value is None else as_json(value)
    except InvalidSettings as error:
        raise ScriptError(f"__script_settings__: {error}") from None


def _callable(name: str, value: Any) -> Callable[..., Any]:
    if not callable(value):
        raise ScriptError(f"{name} must be callable, not {type(value).__name__}")
    made: Callable[..., Any] = value
    return made
