"""OctoPrint's hook for the command line."""

from __future__ import annotations

import sys

import click
import pytest

from octoprint_temp_eta.plugin.hooks.command_line import commands

MODULE = "octoprint_temp_eta.command_line.commands"


def test_without_paho_mqtt_there_are_no_commands_and_the_log_names_the_reason(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setitem(sys.modules, MODULE, None)
    assert commands(click.Group()) == []
    assert "No commands: " in caplog.text
