"""The folder of scripts: what is listed, and what a broken script does to the others."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from octoprint_temp_eta.adapters.scripts import folder as script_folder
from octoprint_temp_eta.adapters.scripts.folder import PARALLEL, NotWanted, ScriptFolder
from octoprint_temp_eta.adapters.scripts.inspection import MAX_DESCRIPTION
from octoprint_temp_eta.adapters.scripts.questions import MAX_REPLY, Questions, ScriptFailed
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.core.scripts.catalogue import FolderState, Script
from tests.support.scripts import write_script

GOOD = Script("good.py", "Good", "good", {"temperature": 60}, False)


def head(script_id: str = "good", title: str = "Good", more: str = "") -> str:
    return f"__script_id__ = {script_id!r}\n__script_title__ = {title!r}\n{more}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_script(tmp_path, "pass", head(more="__script_settings__ = {'temperature': 60}"), "good.py")
    return tmp_path


def error_of(folder: Path, file: str) -> str:
    scripts = ScriptFolder(folder).scan()
    assert GOOD in scripts
    (broken,) = [script for script in scripts if script.file == file]
    assert broken.error is not None
    return broken.error


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert ScriptFolder(tmp_path / "none").scan() == ()


def test_only_python_files_are_scripts(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")
    (folder / "sub.py").mkdir()
    assert ScriptFolder(folder).scan() == (GOOD,)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("def run(:\n", "SyntaxError: invalid syntax (broken.py, line 1)"),
        ("import nothing_like_that\n", "ModuleNotFoundError: No module named 'nothing_like_that' (line 1)"),
        ("\nraise ValueError('not today')\n", "ValueError: not today (line 2)"),
        ("import sys; sys.exit(1)\n", "SystemExit: 1 (line 1)"),
        ("import os; os._exit(3)\n", "its process ended with status 3"),
        ("import ctypes; ctypes.string_at(0)\n", "its process was ended by SIGSEGV"),
        ("x = 1\n", "__script_id__ is missing"),
        ("__script_id__ = 'a'\n", "__script_title__ is missing"),
        ("__script_id__ = 'a'\n__script_title__ = 'A'\n", "__script_obj__ is missing"),
        (head() + "__script_obj__ = 5\n", "__script_obj__ must be callable, not int"),
        (head("cancel") + "__script_obj__ = object\n", "__script_id__ must not be 'cancel'"),
        (head("") + "__script_obj__ = object\n", "__script_id__ must be a string of 1 to 64 characters"),
        (head("a\x07b") + "__script_obj__ = object\n", "__script_id__ must be a string of 1 to 64 characters"),
        (head("a" * 65) + "__script_obj__ = object\n", "__script_id__ must be a string of 1 to 64 characters"),
        (head(title=" ") + "__script_obj__ = object\n", "__script_title__ must be a string that is not empty"),
        (head(title="\u200b") + "__script_obj__ = object\n", "__script_title__ must be a string that is not empty"),
        (head(more="__script_settings__ = [1]") + "__script_obj__ = object\n", "__script_settings__: must be a dict"),
        (
            head(more="__script_settings__ = {'a': object}") + "__script_obj__ = object\n",
            "__script_settings__: a: is not a JSON",
        ),
        (
            head(more="__script_commands__ = 'G28'") + "__script_obj__ = object\n",
            "__script_commands__ must be callable",
        ),
    ],
)
def test_a_broken_script_is_listed_with_its_error(folder: Path, text: str, error: str) -> None:
    (folder / "broken.py").write_text(text)
    assert error_of(folder, "broken.py").startswith(error)


def test_an_endless_import_is_given_up(folder: Path) -> None:
    (folder / "endless.py").write_text("while True: pass\n")
    scripts = ScriptFolder(folder, timeout=8).scan()
    assert scripts == (Script("endless.py", "endless.py", error="did not finish within 8 s"), GOOD)


def test_printing_at_import_does_no_harm(folder: Path) -> None:
    loud = 'import os\nprint(\'{"kind": "error", "error": "no"}\')\nos.write(1, b\'noise\' * 100_000)\n'
    write_script(folder, "pass", head("loud", "Loud") + loud, "loud.py")
    assert ScriptFolder(folder).scan() == (GOOD, Script("loud.py", "Loud", "loud"))


def test_of_two_scripts_with_one_id_the_first_file_keeps_it(folder: Path) -> None:
    write_script(folder, "pass", head(title="Again"), "later.py")
    again = Script("later.py", "Again", "good", error="__script_id__ 'good' is taken by good.py")
    assert ScriptFolder(folder).scan() == (GOOD, again)


def test_new_changed_and_deleted_files_are_noticed(folder: Path) -> None:
    scripts = ScriptFolder(folder)
    assert scripts.scan() == (GOOD,)
    write_script(folder, "pass", head("more", "More"), "more.py")
    assert scripts.scan() == (GOOD, Script("more.py", "More", "more"))
    write_script(folder, "pass", head(title="Better"), "good.py")
    os.utime(folder / "good.py", ns=(0, 0))
    assert scripts.scan() == (Script("good.py", "Better", "good"), Script("more.py", "More", "more"))
    (folder / "good.py").unlink()
    assert scripts.scan() == (Script("more.py", "More", "more"),)


def test_a_file_that_stays_is_imported_once(folder: Path) -> None:
    count = folder / "count"
    with (folder / "good.py").open("a") as file:
        file.write(f"\nwith open({str(count)!r}, 'a') as file: file.write('x')\n")
    scripts = ScriptFolder(folder)
    scripts.scan()
    scripts.scan()
    assert count.read_text() == "x"


FLAKY = """import os, pathlib
flag = pathlib.Path(__file__).with_name("flag")
if not flag.exists():
    flag.touch()
    raise OSError("the drive is slow")
"""


def test_a_file_that_failed_once_is_inspected_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_folder, "RETRY_S", 0.0)
    write_script(folder, "pass", head("flaky", "Flaky", FLAKY), "flaky.py")
    scripts = ScriptFolder(folder)
    assert [script.id for script in scripts.scan()] == [None, "good"]
    assert [script.id for script in scripts.scan()] == ["flaky", "good"]


def test_a_file_that_fails_is_inspected_after_growing_pauses_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspected: list[str] = []

    def fail(_: Questions, path: Path) -> Script:
        inspected.append(path.name)
        return Script(path.name, path.name, error="it fails")

    at = 0.0
    monkeypatch.setattr(script_folder, "inspect", fail)
    monkeypatch.setattr(script_folder, "now", lambda: Now(at, at))
    scripts, times = ScriptFolder(folder), []
    while at < 3600:
        before = len(inspected)
        scripts.scan()
        times += [at] * (len(inspected) - before)
        at += 5
    assert times == [0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430, 3030]


def test_a_missing_module_that_is_added_to_the_folder_is_found_at_once(folder: Path) -> None:
    write_script(folder, "pass", head("user", "User", "import my_helper"), "user.py")
    scripts = ScriptFolder(folder)
    assert [script.error for script in scripts.scan() if script.file == "user.py"] != [None]
    (folder / "my_helper.py").write_text("")
    assert [script.error for script in scripts.scan() if script.file == "user.py"] == [None]


def test_the_script_folder_is_not_imported_in_this_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.delitem(sys.modules, "mecode", raising=False)  # other tests import it
    ScriptFolder(folder).scan()
    assert "mecodescript" not in sys.modules
    assert "mecode" not in sys.modules


COMMANDS = "__script_settings__ = {'speed': 100}\ndef __script_commands__(settings): return "


@pytest.mark.parametrize(
    ("returned", "lines"),
    [
        ("'M220 S%d' % settings['speed']", ["M220 S80"]),
        ("'G21\\nG90'", ["G21", "G90"]),
        ("['G21', ' G90 ', '']", ["G21", "G90"]),
        ("None", []),
    ],
)
def test_the_commands_on_connect(tmp_path: Path, returned: str, lines: list[str]) -> None:
    write_script(tmp_path, "pass", head(more=COMMANDS + returned), "a.py")
    scripts = ScriptFolder(tmp_path)
    (script,) = scripts.scan()
    assert script.has_commands
    assert list(scripts.commands(script.file, {"speed": 80})) == lines


@pytest.mark.parametrize(
    ("returned", "error"),
    [
        ("5", "__script_commands__ must return a string or a list of strings"),
        ("settings['none']", "__script_commands__: KeyError: 'none'"),
        ("__import__('time').sleep(1000)", "did not finish within 8 s"),
    ],
)
def test_wrong_commands_on_connect(tmp_path: Path, returned: str, error: str) -> None:
    write_script(tmp_path, "pass", head(more=COMMANDS + returned), "a.py")
    scripts = ScriptFolder(tmp_path, timeout=8)
    (script,) = scripts.scan()
    with pytest.raises(ScriptFailed, match="^" + error.replace("(", r"\(")):
        scripts.commands(script.file, {})


def test_modules_beside_the_scripts_can_be_imported_and_in_a_folder_are_no_scripts(folder: Path) -> None:
    (folder / "shared").mkdir()
    (folder / "shared" / "moves.py").write_text("SPEED = 80\n")
    (folder / "beside.py").write_text("from shared.moves import SPEED\n")
    more = "from beside import SPEED\n__script_settings__ = {'speed': SPEED}"
    write_script(folder, "pass", head("uses", "Uses", more), "uses.py")
    listed = {script.file: script for script in ScriptFolder(folder).scan()}
    assert listed["uses.py"] == Script("uses.py", "Uses", "uses", {"speed": 80})
    assert listed.keys() == {"good.py", "uses.py", "beside.py"}
    assert listed["beside.py"].error == "__script_id__ is missing"


@pytest.mark.parametrize(("declared", "script_id"), [("bed-level it", "bed_level_it"), ("a-b", "a_b"), ("a b", "a_b")])
def test_dashes_and_blanks_in_an_id_are_converted(tmp_path: Path, declared: str, script_id: str) -> None:
    write_script(tmp_path, "pass", head(declared), "a.py")
    (script,) = ScriptFolder(tmp_path).scan()
    hint = f"__script_id__ {declared!r} contains dashes or blanks; the script's id is {script_id!r}"
    assert (script.id, script.error, script.hint) == (script_id, None, hint)


#: Writes a raw reply to the pipe that the inspecting process uses, and ends it.
FORGED = """
import json, os
for fd in range(3, 20):
    try:
        if os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:"):
            os.write(fd, REPLY)
    except OSError:
        pass
os._exit(0)
"""


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"[1]\n", "its process sent an invalid"),
        (b"nonsense\n", "its process sent an invalid"),
        (b'{"kind": "inspect"}\n', "__script_id__ must be a string"),
        (b'{"kind": "inspect", "id": "a", "title": 5}\n', "__script_title__ must be a string"),
        (b'{"kind": "inspect", "id": "a", "title": "A", "settings": 5}\n', "__script_settings__: must be a dictionary"),
        (
            b'{"kind": "inspect", "id": "a", "title": "A", "settings": {"a": NaN}}\n',
            "its process sent an invalid",
        ),
        (
            b'{"kind": "inspect", "id": "a", "title": "A", "settings": {"a": "\\ud800"}}\n',
            "__script_settings__ must be",
        ),
        (b'{"kind": "inspect", "id": "cancel", "title": "A", "settings": {}}\n', "__script_id__ must be a string"),
        (b'{"kind": "error", "error": ["x"]}\n', "['x']"),
        (b"[" * 100_000 + b"\n", "its process sent an invalid"),
    ],
)
def test_a_reply_that_a_script_forges_harms_no_other_script(folder: Path, reply: bytes, error: str) -> None:
    (folder / "forged.py").write_text(f"REPLY = {reply!r}\n{FORGED}")
    assert error_of(folder, "forged.py").startswith(error)


def test_an_endless_reply_is_cut(folder: Path) -> None:
    (folder / "forged.py").write_text(f"REPLY = b'x' * {2 * MAX_REPLY}\n{FORGED}")
    assert error_of(folder, "forged.py") == "its process sent an invalid reply"


def test_a_title_is_one_short_line(folder: Path) -> None:
    write_script(folder, "pass", head("long", "A\n" + "x" * 5000), "long.py")
    long = next(script for script in ScriptFolder(folder).scan() if script.file == "long.py")
    assert long.title == "A " + "x" * 126


def test_a_docstring_of_any_length_is_cut(folder: Path) -> None:
    long = f'"""{"x" * (2 * MAX_REPLY)}"""\n' + head("long", "A")
    write_script(folder, "pass", long, "long.py")
    found = next(script for script in ScriptFolder(folder).scan() if script.file == "long.py")
    assert (found.error, found.description) == (None, "x" * MAX_DESCRIPTION)


def test_a_file_name_with_a_line_break_is_shown_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "a\nb\x1b.py").write_text("pass")
    (tmp_path / "a\nb\x1b.py").chmod(0o666)
    folder = ScriptFolder(tmp_path)
    (script,) = folder.scan()
    assert (script.file, script.title) == (r"a\nb\x1b.py", r"a\nb\x1b.py")
    assert folder.state.writable == (r"a\nb\x1b.py",)


def test_a_file_name_that_is_not_utf8_harms_no_other_script(folder: Path) -> None:
    (folder / os.fsdecode(b"b\xff.py")).write_text("pass")
    (broken, good) = ScriptFolder(folder).scan()
    assert good == GOOD
    assert broken.title == "b\\udcff.py"
    assert broken.error == "the file name has characters that cannot be shown: rename the file"


def test_slow_scripts_do_not_hide_the_others(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}_slow.py").write_text("import time; time.sleep(1000)\n")
    for number in range(12):
        write_script(tmp_path, "pass", head(f"s{number}"), f"s{number}.py")
    reports: list[tuple[Script, ...]] = []
    scripts = ScriptFolder(tmp_path, timeout=10).scan(reports.append)
    assert len(scripts) == 14
    assert reports
    assert all(len(report) < 14 for report in reports)
    assert [script.error for script in scripts if script.error] == ["did not finish within 10 s"] * 2


def test_a_missing_folder_is_reported_and_can_be_created(tmp_path: Path) -> None:
    scripts = ScriptFolder(tmp_path / "of" / "scripts")
    assert scripts.scan() == ()
    assert scripts.state == FolderState(missing=True)
    scripts.create()
    scripts.scan()
    assert scripts.state == FolderState()
    assert (tmp_path / "of" / "scripts").stat().st_mode & 0o777 == 0o700


def test_files_that_others_may_change_are_reported(folder: Path) -> None:
    scripts = ScriptFolder(folder)
    scripts.scan()
    assert scripts.state == FolderState()
    folder.chmod(0o777)
    (folder / "good.py").chmod(0o666)
    assert scripts.scan() == (GOOD,)
    assert scripts.state == FolderState(writable=(".", "good.py"))


def test_a_missing_module_that_is_added_to_a_subfolder_is_found_at_once(folder: Path) -> None:
    (folder / "shared").mkdir()
    write_script(folder, "pass", head("user", "User", "import shared.moves"), "user.py")
    scripts = ScriptFolder(folder)
    assert [script.error for script in scripts.scan() if script.file == "user.py"] != [None]
    (folder / "shared" / "moves.py").write_text("")
    assert [script.error for script in scripts.scan() if script.file == "user.py"] == [None]


def test_a_scan_that_nobody_wants_any_more_ends_early(tmp_path: Path) -> None:
    for number in range(4 * PARALLEL):
        write_script(tmp_path, "pass", head(f"s{number}"), f"s{number}.py")
    scripts = ScriptFolder(tmp_path)
    with pytest.raises(NotWanted):
        scripts.scan(wanted=lambda: False)
