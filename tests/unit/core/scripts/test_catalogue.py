"""The ids of scripts, and of two with the same."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.scripts.catalogue import Script, convert_id, find, is_valid_id, without_duplicates


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("level", True),
        ("nivellé_1", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("a b", False),
        ("a-b", False),
        ("a\u202eb", False),
        ("cancel", False),
        (7, False),
        (None, False),
    ],
)
def test_what_can_be_an_id(value: object, valid: bool) -> None:
    assert is_valid_id(value) is valid


def test_dashes_and_blanks_are_converted() -> None:
    assert convert_id("level the-bed\t1") == "level_the_bed_1"


def test_the_first_file_keeps_an_id_that_two_have() -> None:
    first, second = without_duplicates([Script("b.py", "B", "level"), Script("a.py", "A", "level")])
    assert (first.file, first.error) == ("a.py", None)
    assert second.error == "__script_id__ 'level' is taken by a.py"


def test_a_broken_script_reserves_no_id() -> None:
    scripts = without_duplicates([Script("a.py", "A", "level", error="broken"), Script("b.py", "B", "level")])
    assert [script.error for script in scripts] == ["broken", None]
    assert find(scripts, "level") == scripts[1]


def test_a_script_is_found_by_its_id_before_the_conversion() -> None:
    scripts = (Script("a.py", "A", "level_bed"),)
    assert find(scripts, "level-bed") == scripts[0]
    assert find(scripts, "a.py") is None
