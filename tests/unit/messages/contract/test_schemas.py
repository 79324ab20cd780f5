"""The schemas as files of the package."""

from __future__ import annotations

from octoprint_temp_eta.messages.contract.schemas import NAMES, read
from tests.support.contract import PROJECT


def test_every_schema_of_the_folder_is_there_by_its_name():
    files = {path.name.removesuffix(".schema.json") for path in (PROJECT / "schemas").glob("*.schema.json")}
    assert set(NAMES) == files
    assert {"common", "eta"} <= files


def test_a_schema_is_read_anew_so_that_nobody_changes_that_of_others():
    read("eta")["properties"].clear()
    assert "heater" in read("eta")["properties"]
