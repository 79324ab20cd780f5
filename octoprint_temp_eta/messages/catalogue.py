"""The messages of the MQTT contract, read from the JSON Schemas: what there is, and whether a payload is valid.

The schemas are the single source of truth; this is the only module that knows the library which reads them.
Nothing is ever fetched: a reference leads to a schema that lies beside this package, or nowhere.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry, Resource

from octoprint_temp_eta.messages import wording

#: The package that holds the schemas.
SCHEMAS = "octoprint_temp_eta.schemas"
_SUFFIX = ".schema.json"

#: How deep a payload may be nested. Without a bound, one that Python's parser just takes ends the code behind it.
DEEPEST = 32


class InvalidPayload(ValueError):
    """A payload breaks its schema.

    `path` is a JSON Pointer (RFC 6901) to the field at fault, "" for the payload as a whole; `rule` is the keyword
    of JSON Schema that it breaks, such as "maximum"; `message` is one sentence for people that names both.
    """

    def __init__(self, path: str, rule: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.rule = rule
        self.message = message


@dataclass(frozen=True, slots=True)
class MessageType:
    """One message of the contract, as its schema describes it.

    `topic` is a template with `{base}` and, for a heater's own topics, `{heater}`. `retain` is None for what we
    receive. `expiry_seconds` is MQTT 5's message expiry. Of a command, `press` tells whether the bare text `PRESS`
    stands for `{}`, and `text` which field a bare text fills.
    """

    name: str
    schema: Mapping[str, Any] = field(repr=False, compare=False)
    validator: Validator = field(repr=False, compare=False)
    topic: str
    direction: Literal["in", "out"]
    retain: bool | None
    qos: Literal[0, 1]
    content_type: Literal["application/json", "text/plain"]
    expiry_seconds: int | None = None
    press: bool = False
    text: str | None = None

    @property
    def command(self) -> str | None:
        """The command's name as replies give it, such as "script/start"; None for a message that is no command."""
        prefix = "{base}/command/"
        return self.topic.removeprefix(prefix) if self.topic.startswith(prefix) else None

    def validate(self, payload: Any) -> None:
        """Raise `InvalidPayload` where `payload`, as `json.loads` returns it (or the text itself), is not valid."""
        if _is_deeper(payload, DEEPEST):
            raise InvalidPayload("", "nesting", wording.sentence([], "nesting", DEEPEST, payload))
        error = best_match(self.validator.iter_errors(payload))
        if error is not None:
            raise _explained(error)


def _explained(error: ValidationError) -> InvalidPayload:
    """Turn the library's error into ours, which points at the field itself where the library points at its parent."""
    where, rule = list(error.absolute_path), str(error.validator)
    limit: Any = error.validator_value
    value: Any = error.instance
    schema: Any = error.schema
    if "propertyNames" in error.absolute_schema_path:
        where.append(value)
    elif rule == "required":
        where.append(next(key for key in limit if key not in value))
    elif rule == "additionalProperties":
        where.append(min(set(value) - set(schema["properties"])))
    elif rule == "dependentRequired":
        limit, missing = next(
            (key, other) for key in limit if key in value for other in limit[key] if other not in value
        )
        where.append(missing)
    form = schema.get("x-form") if rule in ("pattern", "format") else None
    return InvalidPayload(wording.pointer(where), rule, wording.sentence(where, rule, limit, value, form))


def _is_deeper(payload: object, limit: int) -> bool:
    level = [payload]
    for _ in range(limit):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """Compile as JSON Schema means it: in Python alone `$` would also match before a line break at the end."""
    return re.compile(pattern.replace("$", r"\Z"), re.ASCII)


def _pattern(_: Validator, pattern: str, instance: object, __: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _regex(pattern).search(instance):
        yield ValidationError(f"does not match {pattern}")


def _is_integer(_: object, instance: object) -> bool:
    """Say whether it is written as an integer: 1.0 would be one by the standard, but is no id to be returned."""
    return isinstance(instance, int) and not isinstance(instance, bool)


def _is_number(_: object, instance: object) -> bool:
    """Say whether it is a number of JSON, which knows no NaN and no infinity; Python's parser lets both in."""
    return math.isfinite(instance) if isinstance(instance, float) else _is_integer(_, instance)


def _is_date_time(instance: object) -> bool:
    """Say whether a text that fits the pattern is also on the calendar."""
    return not isinstance(instance, str) or datetime.fromisoformat(instance) is not None


def _load() -> Mapping[str, MessageType]:
    names = sorted(file.name for file in files(SCHEMAS).iterdir() if file.name.endswith(_SUFFIX))
    schemas = {
        name.removesuffix(_SUFFIX): json.loads((files(SCHEMAS) / name).read_text(encoding="utf-8")) for name in names
    }
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()
    )
    types = Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer})
    formats = FormatChecker(())
    formats.checks("date-time", raises=ValueError)(_is_date_time)
    strict: Any = extend(Draft202012Validator, {"pattern": _pattern}, type_checker=types)  # type: ignore[no-untyped-call]
    return MappingProxyType(
        {
            name: MessageType(
                name, schema, strict(schema, registry=registry, format_checker=formats), **schema["x-mqtt"]
            )
            for name, schema in schemas.items()
            if "x-mqtt" in schema
        }
    )


#: Every message of the contract by its schema's name, such as "eta" or "command_script_start".
MESSAGES: Mapping[str, MessageType] = _load()

#: The commands alone, by the name that replies give them, such as "script/start".
COMMANDS: Mapping[str, MessageType] = MappingProxyType(
    {message.command: message for message in MESSAGES.values() if message.command is not None}
)
