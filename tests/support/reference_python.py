"""Generates the Python reference from signatures and docstrings. The sources are read, not imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.contract import PROJECT

_INTRODUCTION = """\
# Python API

*Generated from signatures and docstrings by `make docs`.*

For developers who use a part on its own or extend the plugin: the library for Home Assistant's discovery, the
estimators, the messages, the bridge with its inputs and effects, and the adapters around it.
[Architecture](../background/architecture.md) describes how they fit together. Names with a leading underscore are
private and may change at any time.
"""

#: The modules by heading, in reading order.
MODULES = {
    "Home Assistant discovery": "ha_discovery/config/device ha_discovery/config/components "
    "ha_discovery/config/platforms ha_discovery/config/availability ha_discovery/config/templates "
    "ha_discovery/planning/messages ha_discovery/planning/announced ha_discovery/planning/plan "
    "ha_discovery/config/errors",
    "Estimators": "core/estimation/estimator core/estimation/methods",
    "Heaters": "core/heating/state_machine/heater core/heating/track core/heating/countdown",
    "Settings": "settings/rules settings/table settings/migration",
    "The contract": "messages/contract/catalogue messages/topics messages/decode messages/encode",
    "The bridge": "bridge/bridge bridge/protocol/identity bridge/protocol/inputs bridge/protocol/effects",
    "Around the bridge": "adapters/threads/inbox adapters/threads/worker adapters/threads/pending_replies "
    "adapters/files app",
    "In OctoPrint": "plugin/settings/store plugin/web/permissions plugin/web/rest plugin/settings/form "
    "plugin/web/pages plugin/plugin",
}


def python_api() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for title, modules in MODULES.items():
        parts.append(f"\n## {title}\n")
        for module in modules.split():
            parts += _module(module)
    return "".join(parts)


def _module(name: str) -> Iterator[str]:
    path = PROJECT / (name if name.startswith("ha_discovery/") else f"octoprint_temp_eta/{name}")
    tree = ast.parse(path.with_suffix(".py").read_text(encoding="utf-8"))
    yield f"\n### `{_dotted(path)}`\n\n{ast.get_docstring(tree)}\n"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and _is_public(node.name):
            yield f"\n#### `{_signature(node)}`\n\n{_docstring(node)}\n"
        elif isinstance(node, ast.ClassDef) and _is_public(node.name):
            yield from _class(node)


def _class(node: ast.ClassDef) -> Iterator[str]:
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    yield f"\n#### class `{node.name}{f'({bases})' if bases else ''}`\n\n{_docstring(node)}\n"
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign) and _is_public(ast.unparse(each.target))]
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef) and _is_listed(each)]
    if fields and _is_dataclass(node):
        yield "\n"
        yield from (f"* `{ast.unparse(each.target)}: {ast.unparse(each.annotation)}`\n" for each in fields)
    if methods:
        yield "\n"
    for method in methods:
        yield f"* `{_signature(method)}` – {_inline(_docstring(method))}\n"


def _signature(node: ast.FunctionDef) -> str:
    if any(ast.unparse(each) in ("property", "cached_property") for each in node.decorator_list):
        return f"{node.name}: {ast.unparse(node.returns) if node.returns else ''}"
    arguments = ast.unparse(node.args).removeprefix("self, ").removeprefix("cls, ")
    arguments = "" if arguments in ("self", "cls") else arguments
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}({arguments}){returns}"


def _docstring(node: ast.FunctionDef | ast.ClassDef) -> str:
    return ast.get_docstring(node) or ""


def _inline(text: str) -> str:
    return " ".join(text.split())


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _is_listed(node: ast.FunctionDef) -> bool:
    return bool(_docstring(node)) and (_is_public(node.name) or node.name == "__init__")


def _is_dataclass(node: ast.ClassDef) -> bool:
    return any(ast.unparse(each).startswith(("dataclass", "frozen")) for each in node.decorator_list)


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).parts)
