"""The data folder: what was saved is loaded, whatever befell the files."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from octoprint_temp_eta.adapters.files import Files, discard
from octoprint_temp_eta.bridge.protocol.effects import Save

LOGGER = logging.getLogger("test-files")


class Folder:
    """A folder, and what writes to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.background = ThreadPoolExecutor(max_workers=1)
        self.files = Files(path, self.background, LOGGER)

    def save(self, name: str, value: Any) -> None:
        """Save and wait until it is done."""
        self.files.save(Save(name, value))
        self.background.submit(int).result(10)

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path)
    yield folder
    folder.background.shutdown()


@pytest.mark.parametrize("value", [["tool0", "bed"], {"é": None}, 7, "text", None])
def test_what_was_saved_is_loaded(folder: Folder, value: Any):
    folder.save("heaters", value)
    assert folder.files.load() == {"heaters": value}
    assert folder.names == ["heaters.json"]


def test_the_last_of_several_saves_stays(folder: Folder):
    for number in range(20):
        folder.files.save(Save("heaters", [number]))
    folder.save("other", 1)
    assert folder.files.load() == {"heaters": [19], "other": 1}


def test_an_empty_folder_is_no_memory(folder: Folder):
    assert folder.files.load() == {}
    assert Files(folder.path / "nowhere", folder.background, LOGGER).load() == {}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"nul\0"])
def test_a_damaged_file_is_set_aside_and_named_in_the_log(
    folder: Folder, content: bytes, caplog: pytest.LogCaptureFixture
):
    (folder.path / "learned.json").write_bytes(content)
    folder.save("heaters", [])
    assert folder.files.load() == {"heaters": []}
    assert folder.names == ["heaters.json", "learned.damaged"]
    assert "learned.json is damaged" in caplog.text


def test_a_draft_that_a_crash_left_is_not_loaded(folder: Folder):
    folder.save("heaters", ["bed"])
    (folder.path / "heaters.draft").write_text('["to')
    assert folder.files.load() == {"heaters": ["bed"]}
    folder.save("heaters", ["tool0"])
    assert folder.names == ["heaters.json"]


@pytest.mark.parametrize("value", [{1, 2}, float, {(1, 2): 3}])
def test_what_cannot_be_saved_leaves_what_was_and_is_named_in_the_log(
    folder: Folder, value: Any, caplog: pytest.LogCaptureFixture
):
    folder.save("heaters", ["bed"])
    folder.save("heaters", value)
    assert folder.files.load() == {"heaters": ["bed"]}
    assert "Cannot write" in caplog.text


def test_a_folder_that_is_gone_is_named_in_the_log(folder: Folder, caplog: pytest.LogCaptureFixture):
    files = Files(folder.path / "gone", folder.background, LOGGER)
    files.save(Save("heaters", []))
    folder.background.submit(int).result(10)
    assert "Cannot write" in caplog.text


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_left_alone(folder: Folder, caplog: pytest.LogCaptureFixture):
    folder.save("heaters", ["bed"])
    (folder.path / "heaters.json").chmod(0)
    assert folder.files.load() == {}
    assert "Cannot read" in caplog.text
    assert folder.names == ["heaters.json"]


def test_a_folder_in_the_place_of_a_file_does_no_harm(folder: Folder, caplog: pytest.LogCaptureFixture):
    (folder.path / "learned.json").mkdir()
    assert folder.files.load() == {}
    assert "Cannot read" in caplog.text


def test_what_nobody_reads_any_more_is_discarded(folder: Folder):
    for name in ("old_bed.json", "old_tool0.json", "heaters.json"):
        (folder.path / name).write_text("1")
    discard(str(folder.path), "old_*.json")
    discard(str(folder.path / "nowhere"), "*")
    assert folder.names == ["heaters.json"]
