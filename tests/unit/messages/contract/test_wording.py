"""A violated rule in one sentence with the field and the rule."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.messages.contract.catalogue import MESSAGES, InvalidPayload
from octoprint_temp_eta.messages.contract.wording import pointer, quoted, sentence


@pytest.mark.parametrize(
    ("message", "payload", "sentence"),
    [
        ("command_target", {"heater": "bed", "target": 900}, "target must be 500 or less, not 900."),
        ("command_target", {"heater": "bed", "target": float("nan")}, "target must be a number, not NaN."),
        ("command_target", {"heater": "bed", "target": 10**400}, f"target must be 500 or less, not 1{'0' * 38}…."),
        ("command_reset", {"transaction": 7.0}, "transaction must be a text, a whole number or null, not 7.0."),
        ("command_reset", {"learned": True}, "heater is missing: it is needed beside learned."),
        ("command_reset", {"zz": 1, "aa": 1}, "aa is no field of this message."),
        ("command_reset", {"x" * 99: 1}, f"{'x' * 39}… is no field of this message."),
        ("command_reset", {"\ud800": 1}, r"\ud800 is no field of this message."),
        ("command_reset", {"heater": "bed\n"}, r'heater must be 1 to 64 letters, digits, _ or -, not "bed\n".'),
        ("command_script_start", {"id": ["x"] * 99}, "id must be a text, not a list."),
        ("command_script_start", None, "the payload must be an object, not null."),
        ("forecast", {"presets": [{}], "timestamp": 0}, "presets[0].name is missing."),
    ],
)
def test_an_error_is_one_plain_sentence(message, payload, sentence):
    with pytest.raises(InvalidPayload) as caught:
        MESSAGES[message].validate(payload)
    assert caught.value.message == sentence
    caught.value.path.encode()


@pytest.mark.parametrize(
    ("where", "text"),
    [([], ""), (["presets", 0, "name"], "/presets/0/name"), (["a/b", "~"], "/a~1b/~0"), (["x" * 41], f"/{'x' * 39}…")],
)
def test_a_pointer_is_escaped_and_clipped(where: list[str | int], text: str):
    assert pointer(where) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("é\n", r'"é\n"'),
        ("\u202e", r'"\u202e"'),
        ({"secret": 1}, "an object"),
        ((1, 2), "a list"),
        ("x" * 38, f'"{"x" * 38}"'),
        ("x" * 39, f'"{"x" * 38}…'),
    ],
)
def test_quoted_input_is_short_and_printable(value: object, text: str):
    assert quoted(value) == text


@pytest.mark.parametrize(
    ("rule", "limit", "value", "text"),
    [
        ("type", ["string", "null"], 1, "id must be a text or null, not 1."),
        ("enum", ["a", "b", "c"], "d", 'id must be "a", "b" or "c", not "d".'),
        ("minLength", 1, "", 'id must not be empty, not "".'),
        ("minLength", 3, "", 'id must have 3 characters or more, not "".'),
        ("uniqueItems", True, [1, 1], "id must not hold the same value twice, not a list."),
    ],
)
def test_each_rule_has_its_words(rule: str, limit: Any, value: Any, text: str):
    assert sentence(["id"], rule, limit, value) == text
