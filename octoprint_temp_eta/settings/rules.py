"""What one setting accepts: the `Rule` of a row of the table, and the check of a value against it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field
from typing import Any, ClassVar, TypeVar, dataclass_transform

from ..core.frozen import frozen

T = TypeVar("T")

#: Characters that a text may have at most.
MAX_TEXT = 1024


class InvalidSetting(ValueError):
    """A value that a setting does not accept: `key` names the setting, `rule` is what the value must be."""

    def __init__(self, key: str, value: object, rule: str) -> None:
        self.key, self.value, self.rule = key, value, rule
        super().__init__(f"{key}: {rule}")


@frozen
class Rule:
    """Label, help text and accepted values of one setting."""

    #: A noun phrase or short imperative, as the settings dialog shows it.
    label: str
    #: One sentence about what changes with the setting.
    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    #: The label of each accepted value.
    choices: Mapping[str, str] = field(default_factory=dict)
    pattern: str = ""
    #: In words, what `pattern` accepts.
    form: str = ""
    #: Raises `ValueError` with what the value must be, for a form that no pattern describes.
    parse: Callable[[str], object] | None = None
    nullable: bool = False
    #: Not in any reply, page, message or log.
    secret: bool = False
    #: A text of names separated by commas; a list of names is accepted, too.
    names: bool = False
    #: Shown only to users who may open the settings dialog.
    private: bool = False
    #: The value in place of one that was saved but is invalid, None for the default: it allows no more than was meant.
    safer: Any = None


@frozen
class Group:
    """A group of the settings dialog: a dataclass whose fields are rows."""

    TITLE: ClassVar[str]


@dataclass_transform(kw_only_default=True, frozen_default=True)
def group(cls: type[T]) -> type[T]:
    """Return a class as a dataclass with fields only: `Settings`, which has all of them, has the methods."""
    return dataclass(kw_only=True, init=False, repr=False, eq=False)(cls)


def setting(default: Any, label: str, help: str, **rule: Any) -> Any:
    """Return a dataclass field with a `Rule`; the keywords are the rule's other fields."""
    return field(default=default, repr=not rule.get("secret"), metadata={"rule": Rule(label, help, **rule)})


def allow(default: bool, label: str, help: str) -> Any:
    """Return the field of a setting that allows something; an invalid value does not."""
    return setting(default, label, help, safer=False)


def names(text: str) -> list[str]:
    """Return the names in the text of a setting that holds names."""
    return [name for name in re.split(r"[,\s]+", text) if name]


def check_value(row: Field[Any], value: Any) -> Any:
    """Return `value` in the type of the row's setting. Raises `InvalidSetting`."""
    rule: Rule = row.metadata["rule"]
    if value is None or value == "":
        if rule.nullable:
            return None
        if value is None:
            raise InvalidSetting(row.name, value, "must have a value")
    kind: type = float if rule.nullable else type(row.default)
    if kind is bool:
        return _bool(row.name, value)
    if kind is str:
        return _text(row.name, value, rule)
    return _number(row.name, value, rule, whole=kind is int)


def _bool(key: str, value: Any) -> bool:
    words = {"true": True, "false": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if not isinstance(value, bool):
        raise InvalidSetting(key, value, "must be true or false")
    return value


def _text(key: str, value: Any, rule: Rule) -> str:
    if rule.names and isinstance(value, list | tuple) and all(isinstance(name, str | int) for name in value):
        value = ", ".join(map(str, value))
    if not isinstance(value, str):
        raise InvalidSetting(key, value, "must be text")
    text = value if rule.secret else value.strip()
    if rule.names:
        text = ", ".join(names(text)) or text
    if len(text) > MAX_TEXT or any(_is_control_or_surrogate(character) for character in text):
        raise InvalidSetting(key, value, f"must be one line of at most {MAX_TEXT} characters")
    if rule.choices and text not in rule.choices:
        raise InvalidSetting(key, value, f"must be one of {', '.join(rule.choices)}")
    if rule.pattern and not re.fullmatch(rule.pattern, text):
        raise InvalidSetting(key, value, f"must be {rule.form}")
    if rule.parse:
        try:
            rule.parse(text)
        except ValueError as error:
            # Without the value: there may be a password in it, such as in a URL.
            raise InvalidSetting(key, None, str(error)) from None
    return text


def _is_control_or_surrogate(character: str) -> bool:
    """Return whether a character breaks a line, or (a lone surrogate) cannot be written to config.yaml."""
    return character < " " or character == "\x7f" or "\ud800" <= character <= "\udfff"


def _number(key: str, value: Any, rule: Rule, *, whole: bool) -> float | int:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or (whole and number != int(number)):
        raise InvalidSetting(key, value, "must be a whole number" if whole else "must be a number")
    if (rule.low is not None and number < rule.low) or (rule.high is not None and number > rule.high):
        raise InvalidSetting(key, value, f"must be from {rule.low} to {rule.high}{rule.unit and ' ' + rule.unit}")
    return int(number) if whole else number
