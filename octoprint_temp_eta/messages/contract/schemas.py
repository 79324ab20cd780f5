"""The JSON Schemas of the messages and commands, as files of a package."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any

#: The package with the schemas.
PACKAGE = "octoprint_temp_eta.schemas"
_SUFFIX = ".schema.json"


class InvalidPayload(ValueError):
    """A payload violates its schema.

    `path` is a JSON Pointer (RFC 6901) to the invalid field, "" for the whole payload; `rule` is the keyword
    of JSON Schema that it violates, such as "maximum"; `message` is a sentence for the user that names both.
    """

    def __init__(self, path: str, rule: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.rule = rule
        self.message = message


def _read() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for file in sorted(files(PACKAGE).iterdir(), key=lambda file: file.name):
        if file.name.endswith(_SUFFIX):
            yield file.name.removesuffix(_SUFFIX), json.loads(file.read_text(encoding="utf-8"))


#: All schemas by name, also those of shared definitions.
SCHEMAS: Mapping[str, Mapping[str, Any]] = MappingProxyType(dict(_read()))
