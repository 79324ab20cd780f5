"""Describes a violated schema rule in one sentence with the field and the rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

#: Quoted input is cut to this many characters, so that no reply returns a whole payload.
ECHO_LIMIT = 40

_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}

#: Rules that need no further information: what is wrong with a field, from the rule's value.
_WRONG: Mapping[str, Callable[[Any], str]] = {
    "required": lambda _: "is missing",
    "dependentRequired": lambda beside: f"is missing: it is needed beside {beside}",
    "additionalProperties": lambda _: "is no field of this message",
    "not": lambda _: "does not belong into this message",
    "nesting": lambda limit: f"must not be nested more than {limit} levels deep",
}

#: Rules about a field's value: the requirement, from the rule's value.
_MUST: Mapping[str, Callable[[Any], str]] = {
    "type": lambda types: "be " + _either(_TYPES[name] for name in ([types] if isinstance(types, str) else types)),
    "enum": lambda values: "be " + _either(map(quoted, values)),
    "finite": lambda _: "be a finite number",
    "const": lambda value: f"be {quoted(value)}",
    "minimum": lambda limit: f"be {limit} or more",
    "maximum": lambda limit: f"be {limit} or less",
    "minLength": lambda limit: "not be empty" if limit == 1 else f"have {limit} characters or more",
    "maxLength": lambda limit: f"have {limit} characters or less",
    "maxProperties": lambda limit: f"have {limit} fields or less",
    "uniqueItems": lambda _: "not hold the same value twice",
}


def sentence(where: Sequence[str | int], rule: str, limit: Any, value: Any, form: str | None = None) -> str:
    """Return a sentence: `value` at `where` violates the schema's `rule` with the value `limit`.

    `form` describes a `pattern` or `format` in words.
    """
    name = _dotted(where)
    if rule in _WRONG:
        return f"{name} {_WRONG[rule](limit)}."
    must = f"be {form}" if form is not None else _MUST[rule](limit)
    return f"{name} must {must}, not {quoted(value)}."


def pointer(where: Sequence[str | int]) -> str:
    """Return `where` as a JSON Pointer (RFC 6901)."""
    return "".join("/" + clipped(str(part)).replace("~", "~0").replace("/", "~1") for part in where)


def quoted(value: object) -> str:
    """Return `value` as JSON, clipped; for an object or a list only its type."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    return clipped(json.dumps(value, ensure_ascii=False, default=repr))


def clipped(text: str) -> str:
    """Return `text` cut to the limit for quotes, with unprintable characters escaped."""
    plain = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text[: ECHO_LIMIT + 1]
    )
    return plain if len(plain) <= ECHO_LIMIT else plain[: ECHO_LIMIT - 1] + "…"


def _dotted(where: Sequence[str | int]) -> str:
    name = ""
    for part in where:
        name += f"[{part}]" if isinstance(part, int) else f".{clipped(part)}" if name else clipped(part)
    return name or "the payload"


def _either(words: Any) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else str(last)
