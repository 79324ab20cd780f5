"""The script folder on a drive that may hang: it is read by a process."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from octoprint_temp_eta.adapters.scripts import folder as script_folder
from octoprint_temp_eta.adapters.scripts.drives import Drives
from octoprint_temp_eta.adapters.scripts.folder import REMOTE_S, ScriptFolder
from octoprint_temp_eta.adapters.scripts.questions import ScriptFailed
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.core.scripts.catalogue import FolderState
from tests.support.scripts import add_script, write_script


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_script(tmp_path, "pass")
    return tmp_path


def ids(folder: ScriptFolder) -> list[str | None]:
    return [script.id for script in folder.scan()]


@pytest.fixture(params=["the folder", "a link in it"])
def on_another_drive(folder: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder, or what a link in it refers to, is on a drive that may hang."""
    of_link = request.param == "a link in it"
    (folder / "linked.py").symlink_to("/nowhere.py")
    monkeypatch.setattr(Drives, "answers", lambda _, path: of_link and not path.endswith("linked.py"))


@pytest.mark.usefixtures("on_another_drive")
def test_a_drive_that_may_hang_is_read_by_a_process_and_less_often(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Now(1000.0, 0.0)
    monkeypatch.setattr(script_folder, "now", lambda: clock)
    folder.chmod(0o777)
    scripts = ScriptFolder(folder)
    assert ids(scripts) == ["trial"]
    assert scripts.state == FolderState(writable=(".",))
    add_script(folder, "new", "pass")
    assert ids(scripts) == ["trial"]
    clock = Now(1000.0 + REMOTE_S, 0.0)
    assert ids(scripts) == ["new", "trial"]


@pytest.mark.usefixtures("on_another_drive")
def test_a_folder_that_a_process_cannot_read_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    circle = folder / "circle"
    circle.symlink_to(circle)
    monkeypatch.setattr(Drives, "answers", lambda *_: False)
    with pytest.raises(ScriptFailed, match="Too many levels of symbolic links"):
        ScriptFolder(circle).scan()


def test_a_folder_that_was_created_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Drives, "answers", lambda *_: False)
    scripts = ScriptFolder(tmp_path / "scripts")
    scripts.scan()
    assert scripts.state == FolderState(missing=True)
    scripts.create()
    scripts.scan()
    assert scripts.state == FolderState()


def test_a_drive_that_does_not_answer_gets_one_process_until_that_has_ended(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is stopped by the test, and killing it has no effect, as while it waits for such a drive."""
    started: list[subprocess.Popen[bytes]] = []

    @contextlib.contextmanager
    def unkillable(task: str, errors: int) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(100)"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        yield process

    monkeypatch.setattr(Drives, "answers", lambda *_: False)
    with monkeypatch.context() as hanging:
        hanging.setattr("octoprint_temp_eta.adapters.scripts.questions.child", unkillable)
        scripts = ScriptFolder(folder, timeout=3)
        for _ in range(3):
            with pytest.raises(ScriptFailed, match="its drive does not answer"):
                scripts.scan()
        (process,) = started
    process.kill()
    process.communicate()
    assert ids(scripts) == ["trial"]
