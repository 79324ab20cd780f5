"""The settings of a script: defaults that it declares, values that are stored, and values given for one run.

A value must have the type of its default. A default of None accepts any JSON value.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..nesting import DEEPEST, is_deeper

#: JSON values by name.
Settings = dict[str, Any]

#: The maximum length of a script's settings as JSON, in characters.
MAX_LENGTH = 65_536
#: The maximum nesting of a setting; the messages that contain it have some levels more.
MAX_LEVELS = DEEPEST - 8
#: Unicode categories that no setting may contain: control characters, lone surrogates, line and paragraph separators.
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: Whole numbers below this one fit into a float.
LARGEST = 2**1023


class InvalidSettings(ValueError):
    """The value of `key` (None: the settings as a whole) breaks `rule`."""

    def __init__(self, key: str | None, rule: str) -> None:
        super().__init__(rule if key is None else f"{key}: {rule}")
        self.key = key
        self.rule = rule


def as_json(values: object, convert: Callable[[Any], Any] | None = None) -> Settings:
    """Return `values` as a JSON object; `convert` replaces values that JSON cannot represent.

    Raises:
        InvalidSettings: `values` is not a JSON object, is too long, or nested too deeply.
    """
    if not isinstance(values, Mapping):
        raise InvalidSettings(None, f"must be a dictionary, not {type(values).__name__}")
    settings: Settings = {}
    for key, value in values.items():
        if not isinstance(key, str):
            raise InvalidSettings(None, f"keys must be strings, not {key!r:.50}")
        try:
            settings[key] = json.loads(json.dumps(value, allow_nan=False, default=convert))
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidSettings(key, f"is not a JSON value ({error})") from None
        if is_deeper(settings[key], MAX_LEVELS):
            raise InvalidSettings(key, f"must not be nested in more than {MAX_LEVELS} levels")
    if len(json.dumps(settings)) > MAX_LENGTH:
        raise InvalidSettings(None, f"must not be longer than {MAX_LENGTH} characters as JSON")
    return settings


def check_given(defaults: Settings, given: Settings) -> None:
    """Check settings from outside, given for a run or saved: only declared keys, of the right type, one line each.

    A script may put a text into a line of G-code. A line break in it would start another line, so control characters
    are refused in keys and values at any depth. The script's own default is valid as it is.

    Raises:
        InvalidSettings: for the first key that breaks a rule.
    """
    for key in given:
        if key not in defaults:
            raise InvalidSettings(key, "is not a setting of this script")
    for error in misfits(defaults, given):
        raise error
    for key, value in given.items():
        if value != defaults[key]:
            check_text(key, value)


def check_text(key: str, value: object) -> None:
    """Check that the JSON value of `key` contains no control characters, in nested keys and values too.

    Raises:
        InvalidSettings: naming `key`.
    """
    for text in (key, *_texts(value)):
        if any(unicodedata.category(character) in _FORBIDDEN for character in text):
            raise InvalidSettings(key, "must not contain control characters such as line breaks")


def _texts(value: object) -> Iterator[str]:
    """Yield every key and text in a JSON value; without recursion, as it may be nested deeply."""
    values = [value]
    while values:
        nested = values.pop()
        if isinstance(nested, str):
            yield nested
        elif isinstance(nested, Mapping):
            yield from nested
            values += nested.values()
        elif isinstance(nested, list):
            values += nested


def misfits(defaults: Settings, given: Settings) -> Iterator[InvalidSettings]:
    """Yield an error for each value that has not the type of its default; `merge` ignores it. Other keys are free."""
    for key, value in given.items():
        expected = _expected(defaults.get(key))
        if expected is not None and not _is(value, expected):
            yield InvalidSettings(key, f"must be {expected}")


def merge(defaults: Settings, stored: Settings, given: Settings) -> Settings:
    """Return the settings of a run: defaults, overridden by stored values of the right type, then by given ones."""
    fitting = {
        key: value
        for key, value in stored.items()
        if (expected := _expected(defaults.get(key))) is None or _is(value, expected)
    }
    return {key: _typed(value, defaults.get(key)) for key, value in {**defaults, **fitting, **given}.items()}


def _typed(value: Any, default: object) -> Any:
    """Return a number in the type of its default, because JSON does not distinguish 3 from 3.0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or type(default) not in (int, float):
        return value
    return int(value) if type(default) is int else float(value)


def _expected(default: object) -> str | None:
    """Return the description of the type of `default`, None if any value is valid."""
    return None if default is None else _NAMES[type(default)]


_NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


def _is(value: object, expected: str) -> bool:
    if isinstance(value, bool):
        return expected == "true or false"
    if isinstance(value, int):
        return expected == "a whole number" or (expected == "a number" and abs(value) < LARGEST)
    if isinstance(value, float):
        return expected == "a number" or (expected == "a whole number" and value.is_integer())
    return _NAMES.get(type(value)) == expected
