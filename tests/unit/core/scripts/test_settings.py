"""The settings of a script: types by their defaults, and who overrides whom."""

from __future__ import annotations

import json

import pytest

from octoprint_temp_eta.core.scripts.settings import MAX_LENGTH, InvalidSettings, as_json, check_given, merge, misfits

DEFAULTS = {"on": True, "count": 1, "ratio": 0.5, "name": "x", "list": [1], "map": {"a": 1}, "any": None}


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("on", [True, False], [1, "true", None]),
        ("count", [2, -1, 3.0], [2.5, True, "2", None, [2]]),
        ("ratio", [0.1, 2], [True, "0.1", None, 10**400]),
        ("name", ["", "y"], [1, None, ["y"]]),
        ("list", [[], ["y"]], [{}, "y", None]),
        ("map", [{}, {"b": []}], [[], "y", None]),
        ("any", [None, 1, "y", [], {}, True], []),
    ],
)
def test_a_value_has_the_type_of_its_default(key: str, good: list[object], bad: list[object]) -> None:
    for value in good:
        check_given(DEFAULTS, {key: value})
        for merged in (merge(DEFAULTS, {key: value}, {}), merge(DEFAULTS, {}, {key: value})):
            assert merged[key] == value
            assert key == "any" or type(merged[key]) is type(DEFAULTS[key])
    for value in bad:
        with pytest.raises(InvalidSettings, match=f"^{key}: must be "):
            check_given(DEFAULTS, {key: value})
        assert merge(DEFAULTS, {key: value}, {})[key] == DEFAULTS[key]


def test_keys_that_are_not_declared() -> None:
    assert list(misfits(DEFAULTS, {"measured": 1})) == []
    with pytest.raises(InvalidSettings, match=r"^measured: is not a setting of this script$") as caught:
        check_given(DEFAULTS, {"measured": 1})
    assert caught.value.key == "measured"


def test_what_is_given_overrides_what_is_stored_overrides_the_defaults() -> None:
    assert merge({"a": 1, "b": 1, "c": 1}, {"b": 2, "c": 2, "m": 2}, {"c": 3}) == {"a": 1, "b": 2, "c": 3, "m": 2}


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ([], "must be a dictionary, not list"),
        ({1: 2}, "keys must be strings, not 1"),
        ({"a": {1, 2}}, "a: is not a JSON value"),
        ({"a": float("inf")}, "a: is not a JSON value"),
        ({"a": json.loads("[" * 40 + "1" + "]" * 40)}, "a: must not be nested in more than 24 levels"),
        ({"a": "x" * MAX_LENGTH}, "must not be longer than"),
    ],
)
def test_what_is_no_json_object(values: object, rule: str) -> None:
    with pytest.raises(InvalidSettings, match=f"^{rule}"):
        as_json(values)


def test_a_value_that_holds_itself_is_no_json() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(InvalidSettings, match=r"^a: is not a JSON value"):
        as_json({"a": endless})


def test_json_values_come_back_as_json_has_them() -> None:
    assert as_json({"a": (1, 2), "b": {"c": None}}) == {"a": [1, 2], "b": {"c": None}}


@pytest.mark.parametrize(
    "value",
    [
        "x\nM104 S250",
        "x\rM104 S250",
        "x\x00",
        "x\x7f",
        "x\x85M104 S250",
        "x\u2028M104 S250",
        "x\ud800",
        ["a", "x\n"],
        {"a": [{"b": "x\n"}]},
        {"a\nb": 1},
    ],
)
def test_control_characters_in_given_settings_are_refused(value: object) -> None:
    defaults = {"name": "x", "list": [], "map": {}}
    key = next(key for key, default in defaults.items() if type(default) is type(value))
    with pytest.raises(InvalidSettings, match="must not contain control characters") as caught:
        check_given(defaults, {key: value})
    assert caught.value.key == key


def test_given_settings_may_contain_any_other_text_and_the_default_itself() -> None:
    check_given({"name": "", "code": "G28\nG90"}, {"name": "größe ° 1\u00a0mm", "code": "G28\nG90"})
    with pytest.raises(InvalidSettings, match=r"^code: must not contain control characters"):
        check_given({"code": "G28\nG90"}, {"code": "G28\nG91"})
