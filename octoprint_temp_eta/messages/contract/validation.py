"""The validation of payloads against the JSON Schemas. It is imported by the first payload that is validated.

References are never fetched; they lead to other schemas of the package. A schema is read by the first payload that
needs it: all of them take 0.4 MiB.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry, Resource

from ...core.nesting import DEEPEST, is_deeper
from . import wording
from .schemas import SUFFIX, InvalidPayload, read


def validate(name: str, payload: Any) -> None:
    """Raise `InvalidPayload` if `payload` violates the schema `name`."""
    if is_deeper(payload):
        raise InvalidPayload("", "nesting", wording.sentence([], "nesting", DEEPEST, payload))
    error = best_match(_validator(name).iter_errors(payload))
    if error is not None:
        raise _explained(error)
    where = _not_finite(payload)
    if where is not None:
        raise InvalidPayload(wording.pointer(where), "finite", wording.sentence(where, "finite", None, math.inf))


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


@cache
def _resource(uri: str) -> Resource[Any]:
    """Return the schema that another one refers to."""
    return Resource.from_contents(read(uri.rpartition("/")[2].removesuffix(SUFFIX)))


@cache
def _tools() -> tuple[Any, FormatChecker, Registry[Any]]:
    """Return what all validators have: their class, the formats, and the definitions that almost all refer to."""
    types = Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer})
    strict: Any = extend(Draft202012Validator, {"pattern": _pattern}, type_checker=types)  # type: ignore[no-untyped-call]
    formats = FormatChecker(())
    formats.checks("date-time", raises=ValueError)(_is_date_time)
    registry: Registry[Any] = Registry(retrieve=_resource)  # type: ignore[call-arg]
    return strict, formats, _resource("common") @ registry


@cache
def _validator(name: str) -> Validator:
    strict, formats, registry = _tools()
    validator: Validator = strict(read(name), registry=registry, format_checker=formats)
    return validator
