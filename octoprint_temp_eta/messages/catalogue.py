"""The catalogue of messages and commands, read from the JSON Schemas, and the validation of payloads.

The schemas are the single source of truth. Only this module uses the JSON Schema library.
References are never fetched; they lead to other schemas of the package.
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

#: The package with the schemas.
SCHEMAS = "octoprint_temp_eta.schemas"
_SUFFIX = ".schema.json"

#: The maximum nesting of a payload. Deeper ones that the parser accepts could exceed the recursion limit later.
DEEPEST = 32


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


@dataclass(frozen=True, slots=True)
class PayloadType:
    """A payload, as its schema describes it."""

    name: str
    schema: Mapping[str, Any] = field(repr=False, compare=False)
    validator: Validator = field(repr=False, compare=False)

    def validate(self, payload: Any) -> None:
        """Raise `InvalidPayload` if `payload`, the result of `json.loads` or a plain text, is invalid."""
        if _is_deeper(payload, DEEPEST):
            raise InvalidPayload("", "nesting", wording.sentence([], "nesting", DEEPEST, payload))
        error = best_match(self.validator.iter_errors(payload))
        if error is not None:
            raise _explained(error)
        where = _not_finite(payload)
        if where is not None:
            raise InvalidPayload(wording.pointer(where), "finite", wording.sentence(where, "finite", None, math.inf))


@dataclass(frozen=True, slots=True)
class RestCommand(PayloadType):
    """A command that only REST accepts."""

    command: str


@dataclass(frozen=True, slots=True)
class MessageType(PayloadType):
    """An MQTT message, as its schema describes it.

    `topic` is a template with `{base}` and, for topics of a heater, `{heater}`. `retain` is None for what we
    receive. `expiry_seconds` is MQTT 5's message expiry. For a command, `press` is whether the plain text `PRESS`
    means `{}`, and `text` the field that a plain text fills.
    """

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
        """The command's name in replies, such as "script/start"; None if the message is not a command."""
        prefix = "{base}/command/"
        return self.topic.removeprefix(prefix) if self.topic.startswith(prefix) else None


def _explained(error: ValidationError) -> InvalidPayload:
    """Convert the library's error into ours, which points to the field itself instead of its parent."""
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


def _not_finite(payload: object) -> list[str | int] | None:
    """Return where in `payload` there is a number that no float can hold, such as 1e999; None without one."""
    nodes: list[tuple[list[str | int], object]] = [([], payload)]
    while nodes:
        where, node = nodes.pop()
        if isinstance(node, float) and not math.isfinite(node):
            return where
        if isinstance(node, dict | list):
            children = node.items() if isinstance(node, dict) else enumerate(node)
            nodes += [([*where, key], child) for key, child in children]
    return None


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """Compile with JSON Schema's semantics: in Python, `$` also matches before a final line break."""
    return re.compile(pattern.replace("$", r"\Z"), re.ASCII)


def _pattern(_: Validator, pattern: str, instance: object, __: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _regex(pattern).search(instance):
        yield ValidationError(f"does not match {pattern}")


def _is_integer(_: object, instance: object) -> bool:
    """Return whether it is written as an integer. JSON Schema also accepts 1.0, which is not suitable as an id."""
    return isinstance(instance, int) and not isinstance(instance, bool)


def _is_number(_: object, instance: object) -> bool:
    """Return whether it is a JSON number. Python's parser also accepts NaN and Infinity."""
    return math.isfinite(instance) if isinstance(instance, float) else _is_integer(_, instance)


def _is_date_time(instance: object) -> bool:
    """Return whether a text that matches the pattern is a valid date."""
    return not isinstance(instance, str) or datetime.fromisoformat(instance) is not None


def _load() -> Iterator[PayloadType]:
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
    for name, schema in schemas.items():
        validator = strict(schema, registry=registry, format_checker=formats)
        if "x-mqtt" in schema:
            yield MessageType(name, schema, validator, **schema["x-mqtt"])
        elif "x-rest" in schema:
            yield RestCommand(name, schema, validator, **schema["x-rest"])


_ALL = tuple(_load())

#: All MQTT messages by the name of their schema, such as "eta" or "command_script_start".
MESSAGES: Mapping[str, MessageType] = MappingProxyType(
    {each.name: each for each in _ALL if isinstance(each, MessageType)}
)

#: The commands that only REST accepts, by their name.
REST_COMMANDS: Mapping[str, RestCommand] = MappingProxyType(
    {each.command: each for each in _ALL if isinstance(each, RestCommand)}
)

#: The commands that MQTT and REST accept, by their name in replies, such as "script/start".
COMMANDS: Mapping[str, MessageType] = MappingProxyType(
    {message.command: message for message in MESSAGES.values() if message.command is not None}
)
