"""What one setting accepts, by its rule."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import pytest

from octoprint_temp_eta.settings.forms import NAMES, NAMES_FORM
from octoprint_temp_eta.settings.rules import MAX_TEXT, InvalidSetting, check_value, names, setting


def _even(text: str) -> None:
    if int(text) % 2:
        raise ValueError("must be even")


@dataclass
class Rows:
    flag: bool = setting(False, "Flag", "Help.")
    text: str = setting("", "Text", "Help.")
    hidden: str = setting("", "Hidden", "Help.", secret=True)
    listed: str = setting("", "Listed", "Help.", names=True, pattern=NAMES, form=NAMES_FORM)
    choice: str = setting("a", "Choice", "Help.", choices={"a": "A", "b": "B"})
    form: str = setting("x1", "Form", "Help.", pattern=r"x\d", form="x and a digit")
    parsed: str = setting("2", "Parsed", "Help.", parse=_even)
    whole: int = setting(1, "Whole", "Help.", low=0, high=10, unit="s")
    share: float = setting(0.5, "Share", "Help.", low=0, high=1)
    optional: float | None = setting(None, "Optional", "Help.", nullable=True)


def checked(key: str, value: Any) -> Any:
    return check_value(next(row for row in fields(Rows) if row.name == key), value)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("flag", "TRUE", True),
        ("text", "  a b  ", "a b"),
        ("hidden", "  a ", "  a "),
        ("listed", "a,, b\tc", "a, b, c"),
        ("listed", ["a", 1], "a, 1"),
        ("choice", " b ", "b"),
        ("form", "x7", "x7"),
        ("parsed", "4", "4"),
        ("whole", "7", 7),
        ("whole", 7.0, 7),
        ("share", "1", 1.0),
        ("optional", "", None),
        ("optional", "3", 3.0),
    ],
)
def test_a_value_is_converted_to_the_type_of_its_setting(key: str, value: Any, expected: Any) -> None:
    accepted = checked(key, value)
    assert accepted == expected
    assert type(accepted) is type(expected)


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("flag", 1, "must be true or false"),
        ("flag", None, "must have a value"),
        ("text", 1, "must be text"),
        ("text", "a\nb", "must be one line of at most 1024 characters"),
        ("text", "\ud800", "must be one line of at most 1024 characters"),
        ("text", "x" * (MAX_TEXT + 1), "must be one line of at most 1024 characters"),
        ("listed", [["a"]], "must be text"),
        # Blank may mean all: where somebody has written no name by mistake, it would allow everything.
        ("listed", ",", f"must be {NAMES_FORM}"),
        ("choice", "A", "must be one of a, b"),
        ("form", "x77", "must be x and a digit"),
        ("parsed", "3", "must be even"),
        ("whole", True, "must be a whole number"),
        ("whole", 1.5, "must be a whole number"),
        ("whole", 11, "must be from 0 to 10 s"),
        ("share", -0.1, "must be from 0 to 1"),
        ("share", "nan", "must be a number"),
        ("share", 10**400, "must be a number"),
    ],
)
def test_an_error_names_the_setting_and_the_rule(key: str, value: Any, rule: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        checked(key, value)
    assert (caught.value.key, caught.value.rule) == (key, rule)


def test_an_error_of_a_parser_does_not_contain_the_value() -> None:
    with pytest.raises(InvalidSetting) as caught:
        checked("parsed", "13")
    assert caught.value.value is None
    assert caught.value.__cause__ is None


def test_a_secret_is_not_in_the_representation() -> None:
    assert "hush" not in repr(Rows(hidden="hush"))


def test_names_are_separated_by_commas_and_blanks() -> None:
    assert names(" a,b  c,\n") == ["a", "b", "c"]
