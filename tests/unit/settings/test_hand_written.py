"""Settings as people write them in config.yaml."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.settings import table
from octoprint_temp_eta.settings.hand_written import as_written

#: Every setting that is text without a form of its own.
TEXTS = [row.name for row, rule in table.rows() if isinstance(row.default, str) and not rule.choices]


def test_a_number_in_config_yaml_is_text_where_a_setting_is_text():
    written = {"mqtt_username": 1001, "mqtt_custom_identifier": 3, "max_eta": 100, "enabled": True, "other": 1}
    assert as_written(written) == {**written, "mqtt_username": "1001", "mqtt_custom_identifier": "3"}


def read(line: str) -> Any:
    """Return the value of the setting in a line of config.yaml, as the plugin reads it."""
    [(key, value)] = yaml.safe_load(line).items()
    written = yaml.load(line, Loader=yaml.BaseLoader)[key]
    return as_written({key: value}, {key: written} if isinstance(written, str) else {})[key]


@pytest.mark.parametrize(
    "text",
    ["0123", "0o17", "0x1F", "12:30", "1e3", "1_000", "on", "off", "Yes", "NO", "true", "2024-01-05", "007", "1.50"],
)  # fmt: skip
@pytest.mark.parametrize("key", ["mqtt_username", "mqtt_password", "mqtt_custom_identifier", "script_folder"])
def test_a_text_is_what_is_written(key: str, text: str):
    assert read(f"{key}: {text}") == text


def test_a_date_and_a_number_of_another_file_are_text():
    loaded = {"mqtt_username": 5, "mqtt_password": date(2024, 1, 5)}
    assert as_written(loaded) == {"mqtt_username": "5", "mqtt_password": "2024-01-05"}


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_that_is_left_blank_is_the_default(key: str):
    assert read(f"{key}:") == table.defaults()[key]
    assert read(f"{key}: null") == table.defaults()[key]


@pytest.mark.parametrize("key", TEXTS)
@pytest.mark.parametrize("value", ["[1, {a: b}]", "{a: 1}", "[[]]", "!!set {a, b}"])
def test_what_is_no_text_is_reported_and_not_used(key: str, value: str):
    settings, invalid = table.salvage({key: read(f"{key}: {value}")})
    safer = {"allow_scripts": "cancel"} if key == "allow_scripts" else {}
    assert (settings, [error.key for error in invalid]) == (table.Settings(**safer), [key])


def test_names_are_a_list_or_a_text():
    settings, invalid = table.salvage({"extra_heaters": read("extra_heaters: [X, P1, 7]")})
    assert (settings.extra_heaters, invalid) == ("X, P1, 7", [])


@pytest.mark.parametrize(
    ("text", "meant"),
    [("on", True), ("'on'", True), ("'No'", False), ("'off'", False), ("0", False), ("1", True), ("'1'", True)],
)
def test_a_switch_is_on_or_off_with_quotes_or_without(text: str, meant: bool):
    assert read(f"mqtt_enabled: {text}") is meant


@pytest.mark.parametrize("text", ["maybe", "2", "[]", "1.5"])
def test_a_switch_that_is_neither_is_reported(text: str):
    assert [error.key for error in table.salvage({"mqtt_enabled": read(f"mqtt_enabled: {text}")})[1]] == [
        "mqtt_enabled"
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [("'45,5'", 45.5), ("45,5", 45.5), ("'45.5'", 45.5), ("45", 45.0), ("4.5e1", 45.0), ("'45,50 '", 45.5)],
)
def test_a_number_may_have_a_decimal_comma(text: str, number: float):
    assert table.check("cooldown_target_bed", read(f"cooldown_target_bed: {text}")) == number


@pytest.mark.parametrize(
    "text", ["'3,600'", "'1,2,3'", ".nan", ".inf", "-.inf", "1e400", "9" * 401, "on", "2024-01-05"]
)
def test_a_number_that_is_none_is_reported(text: str):
    settings, invalid = table.salvage({"max_eta": read(f"max_eta: {text}")})
    assert (settings.max_eta, [error.key for error in invalid]) == (3600.0, ["max_eta"])


@pytest.mark.parametrize("text", ["home/printers/", "/home/printers", " home/printers ", "/home/printers//"])
def test_a_topic_may_begin_and_end_with_a_slash(text: str):
    assert table.check("mqtt_base_topic", read(f"mqtt_base_topic: '{text}'")) == "home/printers"


@pytest.mark.parametrize("text", ["'/'", "''", "a//b", "7.5"])
def test_no_topic_has_an_empty_level(text: str):
    settings, invalid = table.salvage({"mqtt_base_topic": read(f"mqtt_base_topic: {text}")})
    assert (settings.mqtt_base_topic, len(invalid)) == ("octoprint/temp_eta", 1)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text()


@given(value=SCALARS | st.lists(SCALARS))
def test_whatever_is_written_is_valid_or_reported(value: Any):
    meant = as_written(dict.fromkeys(table.defaults(), value))
    settings, invalid = table.salvage(meant)
    assert table.salvage({key: getattr(settings, key) for key in meant})[1] == []
    assert {error.key for error in invalid} <= set(meant)
