"""Questions whose process hangs, or does not start."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from octoprint_temp_eta.adapters.scripts import questions
from octoprint_temp_eta.adapters.scripts.drives import Drives
from octoprint_temp_eta.adapters.scripts.questions import NoAnswer, Questions, ScriptFailed


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes: none replies, and killing them has no effect. What is below /far may hang."""
    processes: list[subprocess.Popen[bytes]] = []

    @contextlib.contextmanager
    def unkillable(task: str, errors: int) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(["sleep", "100"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        processes.append(process)
        yield process

    monkeypatch.setattr(questions, "child", unkillable)
    monkeypatch.setattr(questions, "KILLED_S", 0.01)
    monkeypatch.setattr(Drives, "answers", lambda _, path: not path.startswith("/far"))
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("hangs", "asked", "starts"),
    [
        ("inspect /here/a.py", "commands /here/a.py", False),
        ("inspect /here/a.py", "inspect /here/b.py", True),
        ("inspect /here/a.py", "list /here", True),
        ("inspect /far/a.py", "inspect /far/b.py", False),
        ("inspect /far/a.py", "list /far", False),
        ("inspect /far/a.py", "create /far", False),
        ("inspect /far/a.py", "list /here", False),  # there is a link to the other drive
        ("inspect /far/a.py", "inspect /here/a.py", True),
        ("inspect /far/a.py", "create /here", True),
        ("list /far", "inspect /far/a.py", False),
        ("list /here", "inspect /far/a.py", False),
        ("list /here", "inspect /here/a.py", True),
    ],
)
def test_while_a_process_hangs_none_is_started_that_would_wait_for_the_same(
    started: list[subprocess.Popen[bytes]], hangs: str, asked: str, *, starts: bool
) -> None:
    ask = Questions(timeout=0.05).ask
    for question in (hangs, asked):
        task, path = question.split(" ")
        with pytest.raises(NoAnswer):
            ask(task, Path(path))
    assert len(started) == 1 + starts


def test_a_process_that_is_not_started_in_time_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object, **__: object) -> None:
        raise TimeoutError("the drive of Python does not respond")

    monkeypatch.setattr(subprocess, "Popen", late)
    with pytest.raises(ScriptFailed, match="could not be started: the drive of Python"):
        Questions(timeout=1).ask("inspect", Path("/here/a.py"))
