"""The JSON Schemas of the messages and commands, as files of a package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

#: The package with the schemas, and how the names of their files end.
PACKAGE = "octoprint_temp_eta.schemas"
SUFFIX = ".schema.json"


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


#: The folder of the schemas, and the names of all, also of those of shared definitions.
_FOLDER = files(PACKAGE)
NAMES = tuple(sorted(each.name.removesuffix(SUFFIX) for each in _FOLDER.iterdir() if each.name.endswith(SUFFIX)))


def read(name: str) -> Mapping[str, Any]:
    """Return the schema `name`, read anew: all of them take 0.3 MiB, and little is needed until the first command."""
    return dict(json.loads((_FOLDER / f"{name}{SUFFIX}").read_text(encoding="utf-8")))
