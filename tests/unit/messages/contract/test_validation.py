"""The validation of payloads: numbers, depth, and where the invalid field is."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest

from octoprint_temp_eta.core.nesting import DEEPEST
from octoprint_temp_eta.messages.contract.catalogue import MESSAGES, InvalidPayload
from octoprint_temp_eta.messages.contract.validation import validate


@pytest.mark.parametrize("wrap", [lambda inner: {"id": "a", "settings": {"x": inner}}, lambda inner: inner])
def test_a_payload_is_not_nested_without_bound(wrap):
    inner: Any = []
    for _ in range(900):
        inner = [inner]
    with pytest.raises(InvalidPayload, match=f"more than {DEEPEST} levels"):
        MESSAGES["command_script_start"].validate(wrap(inner))


def refused(name: str, payload: Any) -> tuple[str, str]:
    with pytest.raises(InvalidPayload) as caught:
        validate(name, payload)
    return caught.value.path, caught.value.rule


@pytest.mark.parametrize("number", [math.inf, math.nan, True])
def test_what_json_has_not_is_no_number(number: float):
    assert refused("command_target", {"heater": "bed", "target": number}) == ("/target", "type")


def test_a_number_that_no_float_can_hold_is_found_where_anything_is_accepted():
    payload = {"id": "a", "settings": {"list": [1, {"deep": math.inf}]}}
    assert refused("command_script_start", payload) == ("/settings/list/1/deep", "finite")


def test_a_pattern_does_not_match_before_a_final_line_break():
    validate("command_target", {"heater": "bed", "target": 60})
    assert refused("command_target", {"heater": "bed\n", "target": 60}) == ("/heater", "pattern")


def test_a_missing_field_is_named_itself():
    assert refused("command_target", {"heater": "bed"}) == ("/target", "required")


def test_of_several_unknown_fields_the_same_one_is_always_named():
    assert refused("command_reset", {"b": 1, "a": 1, "c": 1}) == ("/a", "additionalProperties")


def test_the_deepest_payload_is_accepted():
    inner: Any = []
    for _ in range(DEEPEST - 3):
        inner = [inner]
    validate("command_script_start", {"id": "a", "settings": {"x": inner}})
    assert refused("command_script_start", {"id": "a", "settings": {"x": [inner]}}) == ("", "nesting")


FIRST_COMMAND = """
from octoprint_temp_eta.messages.contract import catalogue, schemas

names = []
read = schemas.read
schemas.read = lambda name: names.append(name) or read(name)
catalogue.COMMANDS["target"].validate({"heater": "bed", "target": 60})
print(*names)
"""


def test_the_first_command_reads_only_the_schemas_that_it_needs() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_COMMAND], check=True, capture_output=True, text=True)
    assert set(done.stdout.split()) == {"common", "command_target"}
