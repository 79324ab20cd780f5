"""Reading the folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from octoprint_temp_eta.script_child.folder import Listing, list_folder


def test_a_folder_that_vanishes_while_it_is_read_is_missing_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def gone(*_: object) -> None:
        raise FileNotFoundError

    tmp_path.chmod(0o777)
    monkeypatch.setattr(os, "scandir", gone)
    assert list_folder(tmp_path) == Listing(missing=True)
