"""The sentences of the server that the pages show, read from the source code: each is a key of the translations.

A message consists of sentences, and these of parts. `TempETA.translated` finds the key of each part in
`static/js/temp_eta_sentences.js`, which `python -m tests.support.translations` writes, and translates it and its
values.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.contract import PROJECT

PACKAGE = PROJECT / "octoprint_temp_eta"
SCRIPT = PACKAGE / "static" / "js" / "temp_eta_sentences.js"
#: Modules and packages whose texts the pages show. The others' texts are for log, command line, or MQTT clients.
SOURCES = (
    "adapters/actions.py", "adapters/broker", "adapters/connection_test", "adapters/files.py",
    "adapters/installation/numpy_probe.py", "adapters/installation/optional.py", "adapters/leftovers.py",
    "adapters/printer.py", "adapters/printer_tasks.py", "adapters/scripts", "adapters/targets.py",
    "adapters/threads/pending_replies.py", "adapters/unqueued_line.py", "app.py", "bridge/broker",
    "bridge/connection_test.py", "bridge/heaters/commands.py", "bridge/heaters/heaters.py",
    "bridge/home_assistant/fitting.py", "bridge/job/commands.py", "bridge/outbox", "bridge/scripts",
    "core/gcode/acknowledgements.py", "core/scripts/catalogue.py", "core/scripts/runner.py",
    "core/scripts/settings.py", "messages/decode.py", "plugin/hooks/gcode.py", "plugin/settings/store.py",
    "plugin/web/rest.py", "settings/broker_address.py", "settings/rules.py", "settings/table.py",
)  # fmt: skip
#: Calls whose arguments are no messages: log lines are English.
NO_MESSAGES = {"Log", "Thread", "ValueError", "RuntimeError", "debug", "info", "warning", "error", "exception", "run"}
#: Texts that are no messages: code, names of threads, keys.
IGNORED = re.compile(
    r"import numpy.*|temp_eta %.*|(event|script|setting|target|file) %[^ ]*( in phase .*)?|[:;] .*"
    r"|HomeAssistant Discovery|printer ID"
)
#: What an error begins with, which is translated separately: the step that failed.
STEP = re.compile(r"(TCP|TLS|CONNACK|WebSocket|Name look-up): ")
HEAD = "/* Made from the sentences in the Python code by python -m tests.support.translations: do not change. */\n"
#: Messages of one word, which nothing else distinguishes from keys.
WORDS = ("banned",)
VALUE = re.compile(r"%\(\w+\)s")
#: A part of a message ends before a blank and a capital letter, a quote or a value.
END = re.compile(r"(?<=[.?]) (?=[A-Z'%])")


def sentences() -> list[str]:
    """Return the keys, those with the most text first: they are tried in this order."""
    found = {part for path in modules() for text in _texts(ast.parse(path.read_text())) for part in _parts(text)}
    found.update(WORDS)
    # The same sentence may have its values from other variables.
    once = {VALUE.sub("%s", key): key for key in sorted(found, reverse=True)}
    return sorted(once.values(), key=lambda key: (-len(VALUE.sub("", key)), key))


def script() -> str:
    """Return the script with the keys."""
    keys = ",\n".join(f"    {json.dumps(key, ensure_ascii=False)}" for key in sentences())
    return f"{HEAD}window.TempETA = window.TempETA || {{}};\nwindow.TempETA.sentences = [\n{keys}\n];\n"


def modules() -> Iterator[Path]:
    """Yield the modules in SOURCES."""
    for source in SOURCES:
        path = PACKAGE / source
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def _texts(node: ast.AST) -> Iterator[str]:
    """Yield the texts in a syntax tree, without docstrings; an f-string's values have the names of their variables."""
    if isinstance(node, ast.Call) and NO_MESSAGES.intersection(_names(node.func)[:1]):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.JoinedStr):
        yield _template(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.sub(r"\{(\w+)(![rs])?\}", r"%(\1)s", node.value)
    for child in ast.iter_child_nodes(node):
        if not isinstance(node, ast.JoinedStr) or isinstance(child, ast.FormattedValue):
            yield from _texts(child)


def _template(text: ast.JoinedStr) -> str:
    template = ""
    used: set[str] = set()
    for part in text.values:
        if isinstance(part, ast.FormattedValue):
            name = next(iter(_names(part.value)), "value").strip("_").lower()
            name = name if name not in used else f"{name}_{len(used) + 1}"
            used.add(name)
            template += f"%({name})s"
        elif isinstance(part, ast.Constant):
            template += str(part.value)
    return template


def _names(expression: ast.AST) -> list[str]:
    """Return the names in an expression, the outermost attribute first."""
    nodes = ast.walk(expression)
    return [n.attr if isinstance(n, ast.Attribute) else n.id for n in nodes if isinstance(n, ast.Attribute | ast.Name)]


def _parts(text: str) -> Iterator[str]:
    for sentence in END.split(text.strip()):
        # A value before a capital letter is a sentence of its own.
        part = re.sub(r"^%\(\w+\)s (?=[A-Z])", "", STEP.sub("", sentence.strip()).removesuffix("."))
        words = VALUE.sub("", part)
        if " " in part and re.search(r"[A-Za-z]{3}", words) and not IGNORED.fullmatch(part):
            yield part
