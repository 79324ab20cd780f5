"""Names, options and arguments of the commands."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from octoprint_temp_eta.command_line.commands import _context, commands


def run(name: str, *arguments: str) -> Any:
    settings = SimpleNamespace(get=lambda *_, **__: {}, getBaseFolder=lambda _: "/nowhere")
    group = SimpleNamespace(settings=settings, plugin_manager=SimpleNamespace(enabled_plugins={}))
    command = next(each for each in commands(group) if each.name == name)
    return CliRunner().invoke(command, arguments)


@pytest.mark.parametrize("name", ["watch", "validate", "clean"])
@pytest.mark.parametrize("printer", ["#", "x/#", "+", "", "a\x1b[2J"])
def test_a_printer_id_that_is_no_topic_level_is_refused_with_a_sentence(name: str, printer: str) -> None:
    result = run(name, *([printer] if name == "clean" else ["--printer", printer]))
    assert result.exit_code == 2
    assert "must be one topic level" in result.output
    assert "Traceback" not in result.output


def test_a_password_that_yaml_takes_for_a_number_is_read_as_it_is_written(tmp_path: Path) -> None:
    """Before OctoPrint's first start, which writes it in quotes."""
    text = "plugins:\n  temp_eta: {mqtt_username: 007, mqtt_password: 0123}\n"
    (tmp_path / "config.yaml").write_text(text)
    settings = SimpleNamespace(
        get=lambda path, **_: {"mqtt_username": 7, "mqtt_password": 83} if "plugins" in path else {},
        getBaseFolder=lambda _: str(tmp_path),
    )
    context = _context(SimpleNamespace(settings=settings, plugin_manager=SimpleNamespace(enabled_plugins={})))
    assert (context.settings.mqtt_username, context.settings.mqtt_password) == ("007", "0123")


@pytest.mark.parametrize(("name", "option"), [("validate", "--seconds"), ("send", "--timeout")])
@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "0", "1e9"])
def test_a_time_that_nobody_can_wait_is_refused_with_a_sentence(name: str, option: str, seconds: str) -> None:
    result = run(name, *(["reset"] if name == "send" else []), option, seconds)
    assert (result.exit_code, "must be more than 0 and at most 86400" in result.output) == (2, True)


def test_without_a_broker_the_command_names_the_remedy() -> None:
    result = run("clean", "Old printer")
    assert (result.exit_code, "use --broker" in result.output) == (5, True)
