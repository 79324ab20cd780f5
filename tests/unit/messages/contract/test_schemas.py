"""The schemas as files of the package."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.messages.contract.schemas import SCHEMAS
from tests.support.contract import PROJECT


def test_every_schema_of_the_folder_is_there_by_its_name():
    files = {path.name.removesuffix(".schema.json") for path in (PROJECT / "schemas").glob("*.schema.json")}
    assert set(SCHEMAS) == files
    assert {"common", "eta"} <= files


def test_the_schemas_cannot_be_replaced():
    with pytest.raises(TypeError):
        SCHEMAS["eta"] = {}  # type: ignore[index]
