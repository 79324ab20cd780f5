"""The table of error codes, and all places that must agree with it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from octoprint_temp_eta.messages.errors import ERRORS, status_of
from tests.support.contract import PROJECT

#: What raises or returns an error, and the position of the code among its arguments.
RAISERS = {"CommandError": 0, "NoReply": 0, "failed": 1, "_refusal": 1}


def used_codes() -> Iterator[tuple[str, str]]:
    """Yield file and code of each error in the plugin's source."""
    for path in sorted((PROJECT / "octoprint_temp_eta").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                position = RAISERS.get(ast.unparse(node.func).split(".")[-1])
                argument = node.args[position] if position is not None and len(node.args) > position else None
                if isinstance(argument, ast.Constant):
                    yield str(path.relative_to(PROJECT)), str(argument.value)


def test_the_schema_has_the_codes_and_meanings_of_the_table() -> None:
    common = json.loads((PROJECT / "schemas" / "common.schema.json").read_text(encoding="utf-8"))
    schema = common["$defs"]["error_code"]
    assert schema["enum"] == list(ERRORS)
    assert schema["x-values"] == {code: error.meaning for code, error in ERRORS.items()}


def test_every_code_that_the_plugin_uses_is_in_the_table() -> None:
    used = list(used_codes())
    assert {"invalid_json", "busy", "timeout", "not_settable", "not_permitted"} <= {code for _, code in used}
    assert [each for each in used if each[1] not in ERRORS] == []


def test_the_rest_reference_names_each_code_at_its_status() -> None:
    text = (PROJECT / "docs" / "reference" / "rest.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:\d{3}(?:, )?)+) \| (.*) \|$", text, re.MULTILINE)
    named = {code: statuses for statuses, meaning in rows for code in re.findall(r"`(\w+)`", meaning) if code in ERRORS}
    assert {code for code, error in ERRORS.items() if error.status is not HTTPStatus.BAD_REQUEST} <= named.keys()
    assert {code: statuses for code, statuses in named.items() if str(int(status_of(code))) not in statuses} == {}


@pytest.mark.parametrize("code", ERRORS)
def test_every_status_is_an_error(code: str):
    assert status_of(code) >= HTTPStatus.BAD_REQUEST
