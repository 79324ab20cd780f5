"""The one table of settings: what each takes, and that nothing else gets in."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.scripts.catalogue import is_valid_id
from octoprint_temp_eta.settings import table
from octoprint_temp_eta.settings.table import InvalidSetting, Rule, Settings

ROWS = [(row.name, row.default, rule) for row, rule in table.rows()]
NUMBERS = [(name, rule) for name, default, rule in ROWS if rule.low is not None]
NAMES = st.sampled_from([name for name, *_ in ROWS])
VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())
    | st.sampled_from([10**400, "1e400", "nan", "5", "linear", "-0", "1_0", b"5", {}])
)  # fmt: skip


def of(rows: list[Any]) -> list[Any]:
    return [pytest.param(*row, id=row[0]) for row in rows]


def refused(key: str, value: Any) -> InvalidSetting:
    with pytest.raises(InvalidSetting) as caught:
        table.check(key, value)
    return caught.value


# The table


@pytest.mark.parametrize(("name", "default", "rule"), of(ROWS))
def test_a_row_has_a_help_text_and_its_default_is_valid(name: str, default: Any, rule: Rule):
    assert rule.label
    assert rule.help.endswith(".")
    assert not rule.label.endswith(".")
    assert table.check(name, default) == default
    assert type(table.check(name, default)) is type(default)
    assert bool(rule.pattern) == bool(rule.form)


def test_the_defaults_are_those_of_the_settings():
    assert Settings(**table.defaults()) == Settings() == table.parse({})
    assert list(table.defaults()) == [row.name for row in fields(Settings)]


def test_secrets_are_marked_and_are_not_shown():
    assert "mqtt_password" in table.secret_keys()
    for key in table.secret_keys():
        assert "hush" not in repr(table.parse({key: "hush"}))


# What is taken


@pytest.mark.parametrize(("name", "rule"), of(NUMBERS))
def test_a_number_is_accepted_from_its_minimum_to_its_maximum(name: str, rule: Rule):
    assert rule.low is not None
    assert rule.high is not None
    assert table.check(name, rule.low) == rule.low
    assert table.check(name, str(rule.high)) == rule.high
    for outside in (rule.low - 1e-3 if rule.low else -1, rule.high + 1):
        assert refused(name, outside).key == name


@pytest.mark.parametrize("value", [True, "", " ", "five", math.nan, math.inf, "nan", 10**400, "1e400", [], None, {}])
def test_what_is_no_number_is_refused(value: object):
    refused("min_rate", value)
    refused("mqtt_broker_port", value)


def test_a_whole_number_has_no_fraction():
    assert table.check("mqtt_broker_port", 1884.0) == 1884
    assert isinstance(table.check("mqtt_broker_port", "1884"), int)
    assert "whole" in refused("mqtt_broker_port", 1883.5).rule


@pytest.mark.parametrize(("value", "taken"), [(True, True), (False, False), ("true", True), ("False", False)])
def test_a_switch_is_true_or_false(value: object, taken: bool):
    assert table.check("enabled", value) is taken


@pytest.mark.parametrize("value", [1, 0, "yes", "", None, []])
def test_what_is_neither_true_nor_false_is_refused(value: object):
    refused("enabled", value)


@pytest.mark.parametrize("value", [None, ""])
def test_what_may_be_empty_is_none(value: object):
    assert table.check("cooldown_ambient_temp", value) is None


def test_a_choice_is_one_of_those_offered():
    assert table.check("cooldown_mode", " ambient ") == "ambient"
    assert "ambient" in refused("cooldown_mode", "sometimes").rule


@pytest.mark.parametrize("value", ["a", "octoprint/temp_eta", "A-b_9/x"])
def test_a_topic_is_made_of_plain_levels(value: str):
    assert table.check("mqtt_base_topic", value) == value


@pytest.mark.parametrize("value", ["", "/a", "a/", "a//b", "a b", "#", "a/+", "ä", "$SYS/x", "a\nb", 7])
def test_topics_with_special_meaning_are_rejected(value: object):
    refused("mqtt_base_topic", value)


@pytest.mark.parametrize("value", ["two\nlines", "nul\0", "x" * 1025, "lone \ud800", "del\x7f", 7, None])
def test_a_text_is_one_line_of_bounded_length(value: object):
    refused("mqtt_broker_host", value)


@pytest.mark.parametrize("character", ["\uffff", "\ufffe", "\U0001fffe", "\ufdd0", "\x85"])
def test_a_username_has_no_characters_at_which_brokers_close_the_connection(character: str):
    assert "control characters" in refused("mqtt_username", f"a{character}b").rule
    assert table.check("mqtt_username", "Jörg 1") == "Jörg 1"


def test_spaces_around_a_text_are_cut_but_not_around_a_secret():
    assert table.check("mqtt_broker_host", " broker ") == "broker"
    assert table.check("mqtt_password", " secret ") == " secret "


# All of them


def test_parse_refuses_as_a_whole_with_key_and_rule():
    with pytest.raises(InvalidSetting, match=r"^min_rate: must be from 0.001 to 10 °C/s$") as caught:
        table.parse({"max_eta": 100, "min_rate": 11})
    assert (caught.value.key, caught.value.value) == ("min_rate", 11)


def test_a_secret_is_in_no_error_text():
    assert "hush" not in str(refused("mqtt_password", "hush\n"))


def test_salvage_keeps_what_is_valid():
    settings, invalid = table.salvage({"max_eta": "100", "min_rate": 11, "enabled": 3, "unknown": 1})
    assert settings == Settings(max_eta=100.0)
    assert [error.key for error in invalid] == ["enabled", "min_rate"]


@pytest.mark.parametrize(
    ("key", "value", "used"),
    [
        ("mqtt_use_tls", "ture", True),
        ("allow_printer_emergency_stop", "never", False),
        ("allow_script_start", None, False),
        ("allow_scripts", "hello; other", "cancel"),
    ],
)
def test_an_invalid_value_of_what_restricts_allows_no_more_than_was_meant(key: str, value: Any, used: Any):
    settings, invalid = table.salvage({key: value})
    assert (getattr(settings, key), [error.key for error in invalid]) == (used, [key])


def test_no_script_has_the_id_that_stands_for_none():
    assert not is_valid_id(table.salvage({"allow_scripts": 7})[0].allow_scripts)


@given(raw=st.dictionaries(NAMES | st.text(max_size=5), VALUES, max_size=6))
def test_whatever_was_saved_the_settings_are_valid(raw: dict[str, Any]):
    settings, invalid = table.salvage(raw)
    kept = {name: getattr(settings, name) for name in table.defaults()}
    assert table.parse(kept) == settings
    assert {error.key for error in invalid} <= raw.keys()
    for name, value in kept.items():
        assert not isinstance(value, float) or math.isfinite(value), name


@given(key=NAMES, value=VALUES)
def test_a_value_is_accepted_or_refused_with_its_name(key: str, value: Any):
    settings, invalid = table.salvage({key: value})
    assert [(error.key, str(error).startswith(f"{key}: must ")) for error in invalid] in ([], [(key, True)])
    if not invalid:
        taken = getattr(settings, key)
        assert table.check(key, taken) == taken


@pytest.mark.parametrize(
    ("key", "topic", "accepted"),
    [
        ("ha_status_topic", "printers/mine/status", False),
        ("ha_discovery_prefix", "printers/mine/command", False),
        ("ha_discovery_prefix", "printers/mine", False),
        ("ha_status_topic", "printers/mine2/status", True),
        ("ha_discovery_prefix", "printers", True),
    ],
)
def test_home_assistants_topics_are_none_of_the_printers_own(key: str, topic: str, accepted: bool):
    """Otherwise the bridge receives what it publishes, and publishes again."""
    raw = {"mqtt_base_topic": "printers", "mqtt_custom_identifier": "mine", key: topic}
    settings, invalid = table.salvage(raw)
    assert [error.key for error in invalid] == ([] if accepted else [key])
    assert getattr(settings, key) == (topic if accepted else table.defaults()[key])
    if not accepted:
        with pytest.raises(InvalidSetting, match="own topics: printers/mine/"):
            table.parse(raw)
