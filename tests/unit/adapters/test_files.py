"""The data folder: saved values are loaded, damaged files are set aside, and saving is retried."""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoprint_temp_eta.adapters import files
from octoprint_temp_eta.adapters.files import MAX_BYTES, Files, discard
from octoprint_temp_eta.adapters.problems import Problems
from octoprint_temp_eta.adapters.threads.tasks import Tasks
from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.messages import stored
from tests.support.waiting import eventually

LOGGER = logging.getLogger("test-files")


class Folder:
    """A folder, and what writes to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.background = Tasks("test-background", LOGGER)
        self.background.start()
        self.files = Files(path, self.background, LOGGER)

    def save(self, name: str, value: Any) -> None:
        """Save and wait until it is done."""
        self.files.save(Save(name, value))
        self.finish()

    def finish(self) -> None:
        """Wait until everything so far is written."""
        done = threading.Event()
        self.background.put(done.set)
        assert done.wait(10)

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path)
    yield folder
    folder.files.close()
    folder.background.close(10)


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


def test_a_folder_that_is_gone_is_made_again(folder: Folder):
    files = Files(folder.path / "gone", folder.background, LOGGER)
    files.save(Save("heaters", []))
    folder.finish()
    assert files.load() == {"heaters": []}
    files.close()


def test_a_file_in_place_of_the_folder_is_reported_until_it_is_gone(folder: Folder, caplog: pytest.LogCaptureFixture):
    problems = Problems()
    (folder.path / "gone").write_text("")
    files = Files(folder.path / "gone", folder.background, LOGGER, problems=problems)
    assert files.load() == {}
    assert problems.texts[0].startswith(f"Cannot save to {folder.path / 'gone'}: it is not a folder")
    assert "Cannot write" in caplog.text
    (folder.path / "gone").unlink()
    files.save(Save("heaters", []))
    eventually(lambda: not problems.texts, "the problem to be cleared")
    files.close()


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


def test_unused_files_are_deleted(folder: Folder):
    for name in ("old_bed.json", "old_tool0.json", "heaters.json"):
        (folder.path / name).write_text("1")
    assert discard(str(folder.path), "old_*.json")
    assert not discard(str(folder.path), "old_*.json")
    assert not discard(str(folder.path / "nowhere"), "*")
    assert folder.names == ["heaters.json"]


# Damaged content, and a disk that refuses


def reported(folder: Folder) -> list[str]:
    """Load the folder with the formats of the stored files and return the problems that a user sees."""
    problems = Problems()
    assert Files(folder.path, folder.background, LOGGER, stored.problem, problems).load() == {}
    return problems.texts


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("learned", '{"version":1,"heaters":{"p/bed":{"learned":{"version":2,"heating":{"mean":[1e308]}}}}}'),
        ("learned", '{"version":1,"heaters":{"p/bed":{"accuracy":[[NaN,null]]}}}'),
        ("learned", '{"version":1,"heaters":[]}'),
        ("learned", "[" * 900 + "]" * 900),
        ("announced", '{"version":1,"departed":[],"places":[%s]}'),
        ("scripts", '{"version":1,"settings":{"hello":{"speed":1e999}}}'),
        ("heaters", '["bed", 7]'),
        ("heaters", '{"bed": 1}'),
        ("left_behind", '[""]'),
        ("scripts", '{"version":1,"settings":{"hello":[]}}'),
    ],
)
def test_content_that_does_not_match_the_format_is_set_aside_and_reported(folder: Folder, name: str, content: str):
    place = {
        **dict.fromkeys(("prefix", "form", "device_id", "key", "platform"), "a"),
        "identity": "",
        "device": [["", "id"]],
        "enabled": True,
    }
    (folder.path / f"{name}.json").write_text(content.replace("%s", json.dumps(place)))
    [text] = reported(folder)
    assert text.startswith(f"{name}.json was damaged")
    assert folder.names == [f"{name}.damaged"]


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "socket"])
def test_a_special_file_does_not_hang_the_start(folder: Folder, kind: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder.path)  # the path of a socket must be short
    if kind == "fifo":
        os.mkfifo("learned.json")
    elif kind == "device":
        Path("learned.json").symlink_to("/dev/zero")
    elif kind == "folder":
        Path("learned.json").mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("learned.json")
    [text] = reported(folder)
    assert "not a regular file" in text
    folder.save("learned", {"version": 1, "heaters": {}})
    assert folder.files.load() == {"learned": {"version": 1, "heaters": {}}}


def test_a_draft_that_cannot_be_completed_is_removed(folder: Folder, monkeypatch: pytest.MonkeyPatch):
    """On a full disk it would take the last space."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    folder.save("heaters", ["bed"])
    monkeypatch.setattr(os, "fsync", full)
    folder.save("heaters", ["tool0"])
    assert folder.names == ["heaters.json"]
    assert folder.files.load() == {"heaters": ["bed"]}


def test_a_fifo_in_place_of_a_draft_does_not_hang_saving(folder: Folder):
    os.mkfifo(folder.path / "heaters.draft")
    folder.save("heaters", ["bed"])
    assert folder.files.load() == {"heaters": ["bed"]}


def test_what_is_too_large_to_be_read_again_is_not_written(folder: Folder, monkeypatch: pytest.MonkeyPatch):
    folder.save("scripts", ["old"])
    monkeypatch.setattr(files, "MAX_BYTES", 100)
    folder.save("scripts", ["x" * 100])
    assert folder.files.load() == {"scripts": ["old"]}


def test_a_huge_file_is_not_read(folder: Folder):
    with (folder.path / "heaters.json").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "was damaged" in reported(folder)[0]


def failing_disk(folder: Folder, retry_s: float) -> tuple[Files, Problems]:
    """Return files in a folder on a drive that is not attached: writing fails as on a full disk."""
    problems = Problems()
    (folder.path / "later").symlink_to("drive")
    return Files(folder.path / "later", folder.background, LOGGER, problems=problems, retry_s=retry_s), problems


def test_saving_is_retried_until_it_works_and_the_problem_is_shown_meanwhile(folder: Folder):
    files, problems = failing_disk(folder, 0.01)
    files.save(Save("heaters", ["old"]))
    files.save(Save("heaters", ["new"]))
    eventually(lambda: problems.texts, "the problem")
    assert "Saving is tried again" in problems.texts[0]
    (folder.path / "drive").mkdir()
    eventually(lambda: files.load() == {"heaters": ["new"]}, "the newest value")
    eventually(lambda: not problems.texts, "the problem to be cleared")
    files.close()


def test_a_drive_that_does_not_respond_is_reported_and_only_the_newest_values_wait(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
):
    responds, written = threading.Event(), []
    monkeypatch.setattr(files, "replace_file", lambda path, text: responds.wait(10) and written.append(text))
    monkeypatch.setattr(files, "LATE_S", 0.0)
    problems = Problems()
    stored_files = Files(folder.path, folder.background, LOGGER, problems=problems)
    stored_files.save(Save("heaters", [0]))
    eventually(lambda: stored_files.save(Save("heaters", [1])) or problems.texts, "the problem")
    assert "the drive does not respond" in problems.texts[0]
    for number in range(2, 50):
        stored_files.save(Save("heaters", [number]))
    responds.set()
    folder.finish()
    assert len(written) <= 3
    assert written[-1] == "[49]"
    assert problems.texts == []
    stored_files.close()


def test_what_a_backup_has_brought_is_not_overwritten_before_the_restart(folder: Folder):
    folder.save("learned", ["old"])
    folder.files.backup_restores()
    (folder.path / "learned.json").write_text('["of the backup"]')
    folder.save("learned", ["newer"])
    folder.save("scripts", ["newer"])
    folder.files.close()
    folder.finish()
    assert folder.files.load() == {"learned": ["of the backup"]}


def test_after_a_backup_that_could_not_be_restored_everything_is_written(folder: Folder):
    folder.files.backup_restores()
    folder.save("learned", ["older"])
    folder.save("learned", ["newer"])
    folder.files.backup_not_restored()
    folder.finish()
    assert folder.files.load() == {"learned": ["newer"]}
    folder.save("learned", ["newest"])
    assert folder.files.load() == {"learned": ["newest"]}


def test_the_end_tries_once_more_and_leaves_no_timer(folder: Folder):
    files, problems = failing_disk(folder, 3600)
    files.save(Save("heaters", ["bed"]))
    eventually(lambda: problems.texts, "the problem")
    (folder.path / "drive").mkdir()
    files.close()
    folder.finish()
    assert files.load() == {"heaters": ["bed"]}
    assert not [each for each in threading.enumerate() if isinstance(each, threading.Timer)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=60) | st.sampled_from([b"[" * 9999, b"1e999", b"NaN", b"\xff\xfe[", b'{"a":' * 5000]))
def test_whatever_a_file_contains_it_is_loaded_or_set_aside(folder: Folder, content: bytes):
    path = folder.path / "heaters.json"
    path.write_bytes(content)
    loaded = Files(folder.path, folder.background, LOGGER, stored.problem).load()
    assert path.exists() == ("heaters" in loaded)
    if loaded:
        assert stored.problem("heaters", loaded["heaters"]) is None
        path.unlink()
