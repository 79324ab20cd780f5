"""The folder of scripts as the bridge has it looked at, again and again."""

from __future__ import annotations

import logging
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from octoprint_temp_eta.adapters.scripts.drives import Drives
from octoprint_temp_eta.adapters.scripts.folder import ScriptFolder
from octoprint_temp_eta.adapters.scripts.scripts import Scripts
from octoprint_temp_eta.bridge.protocol.script_effects import ReadConnectCommands, ScanScripts
from octoprint_temp_eta.bridge.protocol.script_inputs import ConnectCommandsRead, ScriptInput, ScriptsFound
from octoprint_temp_eta.core.scripts.catalogue import FolderState
from tests.support.scripts import write_script

UNKNOWN_USER = "~nobody-of-that-name/scripts"


class Looker:
    """The adapter, and what it posts."""

    def __init__(self) -> None:
        self._posted: queue.SimpleQueue[ScriptInput] = queue.SimpleQueue()
        self.scripts = Scripts(self._posted.put, logging.getLogger("looker"))
        self.scripts.start()

    def do(self, effect: ScanScripts | ReadConnectCommands) -> ScriptInput:
        self.scripts.performers[type(effect)](effect)
        return self._posted.get(timeout=20)


def test_an_unreadable_folder_has_the_reason(tmp_path: Path) -> None:
    looker = Looker()
    for _ in range(3):
        found = looker.do(ScanScripts(UNKNOWN_USER))
        assert isinstance(found, ScriptsFound)
        assert (found.path, found.scripts, found.complete) == (UNKNOWN_USER, (), True)
        assert "home directory" in str(found.folder.error)
    write_script(tmp_path, "pass")
    found = looker.do(ScanScripts(str(tmp_path)))
    assert isinstance(found, ScriptsFound)
    assert [script.id for script in found.scripts] == ["trial"]
    assert found.folder.error is None
    looker.scripts.close()


@pytest.mark.parametrize("process", [False, True])
def test_the_reason_does_not_name_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, process: bool) -> None:
    """Everyone who may start scripts gets it, and the setting is private."""
    monkeypatch.setattr(Drives, "answers", lambda *_: not process)
    looker, circle = Looker(), tmp_path / "circle"
    circle.symlink_to(circle)
    found = looker.do(ScanScripts(str(circle)))
    assert found == ScriptsFound(str(circle), (), FolderState(error="Too many levels of symbolic links"))
    looker.scripts.close()


@pytest.mark.parametrize(("raised", "logged"), [(OSError(), 0), (KeyError(), 1)])
def test_a_fault_of_the_plugin_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, raised: Exception, logged: int
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(ScriptFolder, "scan", fail)
    looker = Looker()
    for _ in range(2):
        assert looker.do(ScanScripts("/s")) == ScriptsFound("/s", (), FolderState(error=type(raised).__name__))
    assert [record.exc_info is not None for record in caplog.records] == [True] * logged
    looker.scripts.close()


INSPECTING = """
import sys, threading, time
from pathlib import Path
from octoprint_temp_eta.adapters.scripts.drives import Drives
from octoprint_temp_eta.adapters.scripts.folder import ScriptFolder
folder = Path(sys.argv[1])
threading.Thread(target=ScriptFolder(folder, timeout=60).scan, daemon=True).start()
while not (folder / "begun").exists():
    time.sleep(0.05)
"""


def test_python_ends_while_files_are_inspected(tmp_path: Path) -> None:
    """It waits for threads that are no daemons: OctoPrint would not shut down, and a running script go on."""
    for name in ("slow.py", "slower.py", "slowest.py"):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'begun')!r}, 'w').close()\nimport time\ntime.sleep(60)\n")
    subprocess.run([sys.executable, "-c", INSPECTING, str(tmp_path)], check=True, timeout=30)


def test_failing_on_connect_commands_are_reported(tmp_path: Path) -> None:
    looker = Looker()
    read = looker.do(ReadConnectCommands(str(tmp_path), "none.py", "none", {}))
    assert isinstance(read, ConnectCommandsRead)
    assert read.script_id == "none"
    assert read.error
    looker.scripts.close()


def test_a_scan_of_another_folder_ends_early(tmp_path: Path) -> None:
    slow, quick = tmp_path / "slow", tmp_path / "quick"
    for each in (slow, quick):
        each.mkdir()
    for number in range(30):
        write_script(
            slow, "pass", f"import time; time.sleep(1)\n__script_id__ = __script_title__ = 's{number}'", f"s{number}.py"
        )
    write_script(quick, "pass")
    looker = Looker()
    scan = looker.scripts.performers[ScanScripts]
    scan(ScanScripts(str(slow)))
    found = looker.do(ScanScripts(str(quick)))
    assert isinstance(found, ScriptsFound)
    assert (found.path, found.complete, len(found.scripts)) == (str(quick), True, 1)
    looker.scripts.close()


def test_a_folder_that_does_not_answer_holds_up_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Such as one on a network drive that is away."""
    looker, back, scan = Looker(), threading.Event(), ScriptFolder.scan
    begun = threading.Event()

    def hanging(folder: ScriptFolder, *arguments: Any) -> Any:
        if folder._folder == tmp_path / "away":
            begun.set()
            back.wait(20)
        return scan(folder, *arguments)

    monkeypatch.setattr(ScriptFolder, "scan", hanging)
    looker.scripts.performers[ScanScripts](ScanScripts(str(tmp_path / "away")))
    assert begun.wait(20)
    (tmp_path / "here").mkdir()
    write_script(tmp_path / "here", "pass")
    found = looker.do(ScanScripts(str(tmp_path / "here")))
    assert isinstance(found, ScriptsFound)
    assert found.path == str(tmp_path / "here")
    back.set()
    looker.scripts.close()
