"""The catalogue of scripts, and the state of their folder."""

from __future__ import annotations

import logging

from octoprint_temp_eta.bridge.protocol.effects import Log, RestReply
from octoprint_temp_eta.bridge.protocol.inputs import ApiCommand
from octoprint_temp_eta.bridge.protocol.script_effects import CreateScriptFolder, ReadConnectCommands, ScanScripts
from octoprint_temp_eta.bridge.protocol.script_inputs import ScriptFolderCreated, ScriptsFound
from octoprint_temp_eta.bridge.scripts.library import SCAN_S, SLOW_S
from octoprint_temp_eta.core.scripts.catalogue import FolderState, Script
from tests.support.bridge_driver import BridgeDriver
from tests.support.script_bridge_driver import BROKEN, ON_CONNECT, STEPS, ScriptBridgeDriver

CREATE = ApiCommand("create_script_folder", {}, 7)


def test_the_catalogue_is_published_with_its_errors() -> None:
    assert ScriptBridgeDriver().state("scripts") == [
        {"id": "steps", "title": "Steps", "settings": {"count": 3, "name": "x"}, "error": None},
        {"id": "on_connect", "title": "On connect", "settings": {}, "error": None},
        {"id": "broken.py", "title": "broken.py", "settings": {}, "error": BROKEN.error},
    ]


def test_a_broken_script_is_logged_once() -> None:
    driver = ScriptBridgeDriver()
    driver.found((STEPS, ON_CONNECT, BROKEN))
    driver.found((STEPS, BROKEN))
    warnings = [log.text for log in driver.of(Log) if log.level == logging.WARNING]
    assert warnings == [f"Script broken.py: {BROKEN.error}"]


def test_the_folder_is_looked_at_again_when_it_was_looked_at() -> None:
    driver = BridgeDriver(script_folder="/scripts", scripts=None)
    driver.advance(60)
    assert driver.of(ScanScripts) == [ScanScripts("/scripts")]
    driver.found(())
    driver.advance(SCAN_S)
    assert len(driver.of(ScanScripts)) == 2


def test_another_folder_is_looked_at_at_once() -> None:
    driver = ScriptBridgeDriver(script_folder="/scripts")
    driver.change_settings(script_folder="/others")
    driver.advance(0.5)
    assert driver.of(ScanScripts)[-1] == ScanScripts("/others")


def test_without_a_folder_there_are_no_scripts_and_nothing_is_scanned() -> None:
    driver = ScriptBridgeDriver(script_folder="", found=False)
    driver.advance(2 * SCAN_S)
    assert driver.of(ScanScripts) == []
    assert driver.state("scripts") == []


def test_scripts_are_listed_while_others_are_still_inspected() -> None:
    driver = ScriptBridgeDriver(scripts=())
    driver.found((STEPS,), complete=False)
    assert [entry["id"] for entry in driver.state("scripts")] == ["steps"]
    driver.found((STEPS, ON_CONNECT), complete=False)
    assert [entry["id"] for entry in driver.state("scripts")] == ["steps", "on_connect"]


def test_on_connect_commands_are_read_from_the_complete_catalogue() -> None:
    driver = ScriptBridgeDriver(found=False)
    driver.found((STEPS, ON_CONNECT), complete=False)
    assert driver.of(ReadConnectCommands) == []
    driver.found((STEPS, ON_CONNECT))
    assert len(driver.of(ReadConnectCommands)) == 1


def test_a_hint_is_logged_once() -> None:
    hinted = Script("a.py", "A", "a_b", hint="use a_b")
    driver = ScriptBridgeDriver(scripts=(hinted,))
    driver.found((hinted,))
    assert [log for log in driver.of(Log) if "a.py" in log.text] == [Log(logging.INFO, "Script a.py: use a_b")]


def test_a_folder_that_cannot_be_read_is_logged_once_and_shown() -> None:
    driver = ScriptBridgeDriver(script_folder="/s")
    for _ in range(2):
        driver.found((STEPS,), FolderState(error="it is away"))
    (warning,) = [log.text for log in driver.of(Log) if "cannot be read" in log.text]
    assert warning == "The script folder /s cannot be read: it is away"
    shown = driver.bridge.snapshot(driver.now)["script_folder"]
    assert shown == {"path": "/s", "missing": False, "writable": [], "error": "it is away"}


def test_a_folder_that_cannot_be_read_keeps_its_scripts_and_one_that_is_missing_does_not() -> None:
    driver = ScriptBridgeDriver(script_folder="/s", scripts=(STEPS,))
    scripts = driver.state("scripts")
    for _ in range(60):
        driver.found((), FolderState(error="it is away"))
        driver.advance(SCAN_S)
    assert driver.of(ScanScripts)[-10:] == [ScanScripts("/s")] * 10
    assert driver.state("scripts") == scripts
    driver.found((), FolderState(missing=True))
    assert driver.state("scripts") == []


def test_the_scripts_of_a_folder_that_was_never_read_are_unknown() -> None:
    driver = ScriptBridgeDriver(script_folder="/s", found=False)
    driver.found((), FolderState(error="it is away"))
    (reply,) = driver.command("script/start", {"id": "steps"})
    assert reply["error"]["code"] == "not_available"
    assert reply["error"]["message"] == "The script folder cannot be read: it is away."
    driver.found((ON_CONNECT,))
    (reply,) = driver.command("script/start", {"id": "steps"})
    assert reply["error"]["code"] == "unknown_script"


def test_files_that_others_may_change_are_logged_once_and_shown() -> None:
    driver = ScriptBridgeDriver(script_folder="/s")
    for _ in range(2):
        driver.found((STEPS,), FolderState(writable=(".", "steps.py")))
    (warning,) = [log.text for log in driver.of(Log) if "Other users" in log.text]
    assert warning == (
        "Other users of this machine may change scripts in /s (the folder itself, steps.py), which run with"
        " OctoPrint's rights: remove their write permission (chmod go-w)"
    )
    shown = driver.bridge.snapshot(driver.now)["script_folder"]
    assert shown == {"path": "/s", "missing": False, "writable": [".", "steps.py"], "error": None}


def test_files_that_others_may_change_are_not_logged_again_after_the_drive_was_away() -> None:
    driver = ScriptBridgeDriver(script_folder="/s")
    for _ in range(3):
        driver.found((STEPS,), FolderState(writable=("steps.py",)))
        driver.found((), FolderState(error="it is away"))
    assert len([log for log in driver.of(Log) if "Other users" in log.text]) == 1
    driver.found((STEPS,))
    driver.found((STEPS,), FolderState(writable=("steps.py",)))
    assert len([log for log in driver.of(Log) if "Other users" in log.text]) == 2


def test_a_missing_folder_is_created_on_request() -> None:
    driver = ScriptBridgeDriver(script_folder="/s", scripts=())
    driver.found((), FolderState(missing=True))
    assert driver.bridge.snapshot(driver.now)["script_folder"]["missing"]
    assert driver.handle(CREATE) == [CreateScriptFolder("/s", 1)]
    (answer,) = driver.handle(ScriptFolderCreated(1))
    assert isinstance(answer, RestReply)
    assert (answer.ticket, answer.reply["status"]) == (7, "completed")
    scans = len(driver.of(ScanScripts))
    driver.advance(0.5)
    assert len(driver.of(ScanScripts)) == scans + 1


def test_a_folder_that_cannot_be_created_is_an_error() -> None:
    driver = ScriptBridgeDriver(script_folder="/s")
    driver.handle(CREATE)
    (answer,) = driver.handle(ScriptFolderCreated(1, "/s cannot be created: Permission denied"))
    assert isinstance(answer, RestReply)
    assert answer.reply["error"]["message"] == "/s cannot be created: Permission denied."


def test_without_a_folder_none_is_created() -> None:
    driver = ScriptBridgeDriver(script_folder="")
    (answer,) = driver.handle(CREATE)
    assert isinstance(answer, RestReply)
    assert answer.reply["error"]["code"] == "not_available"


def test_the_scripts_of_the_former_folder_are_gone_at_once() -> None:
    driver = ScriptBridgeDriver(script_folder="/s")
    driver.change_settings(script_folder="/others")
    assert driver.state("scripts") == []
    (reply,) = driver.command("script/start", {"id": "steps"})
    assert reply["error"]["code"] == "not_available", "whether there is one is not known yet"
    driver.handle(ScriptsFound("/s", (STEPS,)))
    assert driver.state("scripts") == []
    driver.found((ON_CONNECT,))
    (reply,) = driver.command("script/start", {"id": "steps"})
    assert reply["error"]["code"] == "unknown_script"
    assert [entry["id"] for entry in driver.state("scripts")] == ["on_connect"]


def test_other_settings_leave_the_catalogue() -> None:
    driver = ScriptBridgeDriver(script_folder="/s")
    driver.change_settings(script_line_timeout=1000)
    assert [entry["id"] for entry in driver.state("scripts")] == ["steps", "on_connect", "broken.py"]


def test_a_folder_that_does_not_answer_is_reported_once_until_it_does() -> None:
    driver = BridgeDriver(scripts=None)
    driver.advance(2 * SLOW_S)
    assert [log.text for log in driver.of(Log) if "does not answer" in log.text] == [
        f"The script folder {driver.settings.script_folder} does not answer. Check its drive, or choose another folder."
    ]
    driver.found(())
    driver.advance(SLOW_S + 10)
    assert len([log for log in driver.of(Log) if "does not answer" in log.text]) == 2


def test_a_folder_with_many_scripts_is_not_slow_while_they_are_found() -> None:
    driver = BridgeDriver(scripts=None)
    for _ in range(5):
        driver.advance(SLOW_S / 2)
        driver.found((STEPS,), complete=False)
    assert not [log for log in driver.of(Log) if "does not answer" in log.text]
