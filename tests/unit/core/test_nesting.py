"""How deeply a JSON value is nested."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.core.nesting import is_deeper


@pytest.mark.parametrize(("value", "levels"), [(1, 1), ([], 1), ([1], 2), ({"a": [1]}, 3), ([1, {"a": {"b": []}}], 4)])
def test_each_array_and_object_with_content_is_a_level(value: Any, levels: int) -> None:
    assert not is_deeper(value, levels)
    assert is_deeper(value, levels - 1)
