"""The catalogue of messages and commands, read from the schemas."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.messages.contract.catalogue import COMMANDS, MESSAGES, REST_COMMANDS


def test_a_command_has_the_name_of_its_topic():
    assert {name: message.name for name, message in COMMANDS.items() if name.startswith("script/")} == {
        "script/start": "command_script_start",
        "script/cancel": "command_script_cancel",
    }


def test_a_message_that_is_no_command_has_no_name_of_one():
    assert MESSAGES["eta"].command is None
    assert MESSAGES["eta"] not in COMMANDS.values()


def test_a_command_is_received_and_a_state_is_retained():
    assert {message.direction for message in COMMANDS.values()} == {"in"}
    assert {message.retain for message in COMMANDS.values()} == {None}
    assert MESSAGES["eta"].retain is True


def test_a_message_gets_the_stamps_of_its_schema():
    assert MESSAGES["eta"].stamps == ("timestamp", "seq", "boot_id")
    assert MESSAGES["status"].stamps == ()


def test_commands_of_rest_alone_are_no_messages():
    assert REST_COMMANDS
    assert not REST_COMMANDS.keys() & COMMANDS.keys()
    assert not {command.name for command in REST_COMMANDS.values()} & MESSAGES.keys()


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        MESSAGES["eta"] = MESSAGES["info"]  # type: ignore[index]
