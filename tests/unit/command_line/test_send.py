"""The fields of a command on the command line."""

from __future__ import annotations

import contextlib
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.command_line.send import fields_of


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ((), {}),
        (("heater=bed", "target=60.5"), {"heater": "bed", "target": 60.5}),
        (('{"heater": "bed"}',), {"heater": "bed"}),
        (("learned=true", 'id="7"', "note=a=b"), {"learned": True, "id": "7", "note": "a=b"}),
    ],
)
def test_fields_are_pairs_or_an_object(arguments: tuple[str, ...], fields: dict[str, Any]):
    assert fields_of(arguments) == fields


@given(st.lists(st.text(max_size=20), max_size=4))
def test_anything_else_is_refused(arguments: list[str]):
    with contextlib.suppress(click.BadParameter):
        assert isinstance(fields_of(arguments), dict)
