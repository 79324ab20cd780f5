"""Whose a line is, by its tags."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.adapters.line_tags import TAGS, ends_heat_up, is_jog, is_ours, key_of, run_of, tags_of


def test_the_key_of_a_line_is_in_its_tags() -> None:
    assert key_of({"source:api", *tags_of("r1.7")}) == "r1.7"
    assert is_ours(tags_of("r1.7"))
    assert key_of(TAGS) is None
    assert key_of(None) is None


@pytest.mark.parametrize(("key", "run"), [("r1.7", "r1"), ("r2.7", "r2"), ("r1.end", None), ("r1.ask1", None)])
def test_a_line_is_the_scripts_if_its_key_has_a_number(key: str, run: str | None) -> None:
    assert run_of(key) == run


def test_the_lines_of_octoprints_buttons() -> None:
    assert is_jog({"source:api", "trigger:printer.jog"})
    assert not is_jog({"source:api"})
    assert ends_heat_up("M108", {*TAGS, "trigger:abort_heatup"})
    assert not ends_heat_up("M108", set(TAGS))
