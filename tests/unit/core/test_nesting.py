"""How deeply a JSON value is nested."""

from __future__ import annotations

import json

import pytest

from octoprint_temp_eta.core.nesting import is_deeper


@pytest.mark.parametrize(
    ("text", "levels"), [("1", 0), ('"[[["', 0), ("[]", 1), ("[1]", 1), ('{"a": [1, {}]}', 3), ('[[], [[["x"]]]]', 4)]
)
def test_levels_are_arrays_and_objects(text: str, levels: int) -> None:
    value = json.loads(text)
    assert not is_deeper(value, levels + 1)
    if levels:
        assert is_deeper(value, levels - 1)
