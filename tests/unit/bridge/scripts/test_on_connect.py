"""The on-connect commands of scripts: when they are read, and when they are sent."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from octoprint_temp_eta.bridge.protocol.effects import Log
from octoprint_temp_eta.bridge.protocol.inputs import ApiCommand, MessageArrived
from octoprint_temp_eta.bridge.protocol.script_effects import HoldJobs, ReadConnectCommands, SendLines
from octoprint_temp_eta.bridge.protocol.script_inputs import ConnectCommandsRead
from octoprint_temp_eta.core.scripts.catalogue import FolderState
from tests.support.script_bridge_driver import ASK, ON_CONNECT, RUN_1, STEPS, ScriptBridgeDriver


def test_on_connect_commands_are_read_when_the_printer_connects() -> None:
    stored = {"version": 1, "settings": {"on_connect": {"a": 1}}}
    driver = ScriptBridgeDriver(remembered={"scripts": stored}, script_folder="/s")
    ask = ReadConnectCommands("/s", "on_connect.py", "on_connect", {"a": 1})
    assert driver.of(ReadConnectCommands) == [ask]
    driver.printer()
    assert driver.of(ReadConnectCommands) == [ask]
    driver.printer(connected=False, state="OFFLINE")
    driver.printer()
    again = replace(ask, request=1)
    assert driver.of(ReadConnectCommands) == [ask, again]
    first, second = (ConnectCommandsRead("on_connect", ("M117 hello",), request=each.request) for each in (ask, again))
    assert driver.handle_all(first) == []
    assert driver.handle_all(second) == [SendLines(("M117 hello",))]
    assert driver.handle_all(ConnectCommandsRead("on_connect", error="no", request=1)) == []


def test_on_connect_commands_wait_for_the_end_of_a_run() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    assert driver.handle_all(ConnectCommandsRead("on_connect", ("M117 hello",))) == []
    driver.end()
    driver.advance(0.5)
    assert driver.of(SendLines) == [ASK, SendLines(("M117 hello",))]
    driver.advance(5.0)
    assert len(driver.of(SendLines)) == 2


def test_of_the_commands_of_a_script_that_wait_only_the_newest_are_sent() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    for number in range(3):
        driver.handle_all(ConnectCommandsRead("on_connect", (f"M92 E{number}",)))
    driver.handle_all(ConnectCommandsRead("other", ("G28",)), ConnectCommandsRead("other", ()))
    driver.end()
    driver.advance(0.5)
    assert driver.of(SendLines) == [ASK, SendLines(("M92 E2",))]


def test_on_connect_commands_wait_until_the_printer_is_ready_and_precede_a_script() -> None:
    driver = ScriptBridgeDriver()
    driver.printer(state="FINISHING")
    assert driver.handle_all(ConnectCommandsRead("on_connect", ("M117 hello",))) == []
    driver.advance(5.0)
    assert driver.of(SendLines) == []
    driver.printer()
    effects = driver.handle_all(MessageArrived(driver.topic("command/script/start"), b'{"id": "steps"}'))
    assert effects == [SendLines(("M117 hello",)), HoldJobs(RUN_1)]


def test_on_connect_commands_are_read_again_when_the_settings_of_their_script_are_saved() -> None:
    catalogue = (replace(ON_CONNECT, settings={"a": 1}), STEPS)
    driver = ScriptBridgeDriver(script_folder="/s")
    driver.found(catalogue)
    saved: list[tuple[str, dict[str, Any]]] = [("on_connect", {"a": 2}), ("steps", {"count": 4})]
    for script_id, settings in saved:
        body = {"id": script_id, "settings": settings}
        effects = driver.handle_all(ApiCommand("save_script_settings", body, 1))
        read = [ReadConnectCommands("/s", "on_connect.py", "on_connect", {"a": 2})]
        assert [each for each in effects if isinstance(each, ReadConnectCommands)] == read[: script_id == "on_connect"]


@pytest.mark.parametrize("read", ["before the print", "during the print", "after the print"])
def test_on_connect_commands_are_not_sent_after_a_print(read: str) -> None:
    """They often home the printer."""
    driver = ScriptBridgeDriver()
    driver.printer(state="STARTING")
    states: list[tuple[str, dict[str, Any]]] = [
        ("before the print", {"state": "STARTING"}),
        ("during the print", {"state": "PRINTING", "printing": True}),
        ("after the print", {}),
    ]
    for when, state in states:
        driver.printer(**state)
        if when == read:
            driver.handle_all(ConnectCommandsRead("on_connect", ("G28",)))
    driver.advance(5.0)
    assert driver.of(SendLines) == []
    sentence = "Script on_connect: its on-connect commands are not sent, as a print has begun"
    assert Log(logging.WARNING, sentence) in driver.of(Log)


def test_on_connect_commands_of_a_folder_that_is_read_during_a_print_are_not_read_after_it() -> None:
    driver = ScriptBridgeDriver(script_folder="/s", found=False)
    driver.printer(printing=True, state="PRINTING")
    driver.printer()
    driver.found((ON_CONNECT,))
    assert driver.of(ReadConnectCommands) == []


@pytest.mark.parametrize("read_before", [False, True])
def test_on_connect_commands_wait_for_a_drive_that_is_away(*, read_before: bool) -> None:
    driver = ScriptBridgeDriver(script_folder="/s", found=read_before)
    driver.printer(connected=False, state="OFFLINE")
    before = len(driver.of(ReadConnectCommands))
    driver.found((), FolderState(error="it is away"))
    driver.printer()
    driver.advance(60.0)
    assert len(driver.of(ReadConnectCommands)) == before
    driver.found((ON_CONNECT,))
    assert len(driver.of(ReadConnectCommands)) == before + 1


def test_on_connect_commands_are_not_read_when_settings_are_saved_during_a_print() -> None:
    """Reading takes a while: the print might have ended."""
    driver = ScriptBridgeDriver(script_folder="/s")
    driver.found((replace(ON_CONNECT, settings={"a": 1}),))
    driver.printer(printing=True, state="PRINTING")
    body = {"id": "on_connect", "settings": {"a": 2}}
    effects = driver.handle_all(ApiCommand("save_script_settings", body, 1))
    assert not any(isinstance(each, ReadConnectCommands) for each in effects)


def test_on_connect_commands_belong_to_one_connection() -> None:
    driver = ScriptBridgeDriver()
    driver.printer(state="FINISHING")
    driver.handle_all(ConnectCommandsRead("on_connect", ("M117 hello",)))
    driver.printer(connected=False, state="OFFLINE")
    driver.handle_all(ConnectCommandsRead("on_connect", ("M117 hello",)))
    driver.printer()
    driver.handle_all(ConnectCommandsRead("on_connect", ("M117 hello",)))
    driver.advance(5.0)
    assert driver.of(SendLines) == []
    assert not [log.text for log in driver.of(Log) if "on-connect" in log.text]
