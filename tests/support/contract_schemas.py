"""The schemas with resolved references, for the documents."""

from __future__ import annotations

import json
from typing import Any

from tests.support.contract import SCHEMAS

Schema = dict[str, Any]

_FILES: dict[str, Schema] = {
    path.name: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.schema.json")
}


def inlined(name: str) -> Schema:
    """Return a message's schema with the common definitions inserted.

    A reference to another message stays, as `{"$ref": "<its name>"}`: the documents show each schema once.
    """
    file = f"{name}.schema.json"
    filled: Schema = _filled(_FILES[file], file)
    return filled


def _filled(node: Any, file: str) -> Any:
    if isinstance(node, list):
        return [_filled(child, file) for child in node]
    if not isinstance(node, dict):
        return node
    node = {key: _filled(value, file) for key, value in node.items() if key != "$ref"} | (
        {"$ref": node["$ref"]} if "$ref" in node else {}
    )
    if "$ref" not in node:
        return node
    other, _, pointer = node.pop("$ref").partition("#/")
    if not pointer:
        return {**node, "$ref": other.removesuffix(".schema.json")}
    target: Any = _FILES[other or file]
    for part in pointer.split("/"):
        target = target[part]
    return {**_filled(target, other or file), **node}
