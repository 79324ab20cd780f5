"""What OctoPrint is asked for, and what comes back."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from octoprint.printer import InvalidFileType

from octoprint_temp_eta.adapters import actions
from octoprint_temp_eta.adapters.actions import Actions
from octoprint_temp_eta.bridge.protocol.job_effects import PrinterAction
from octoprint_temp_eta.bridge.protocol.job_inputs import ActionDone


class OctoPrintsPrinter:
    """OctoPrint's printer, as far as it is used."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.calls: list[Any] = []
        self.blocked = threading.Event()
        self.blocked.set()

    def get_state_id(self) -> str:
        return self.state

    def get_state_string(self) -> str:
        return self.state.title()

    def pause_print(self, tags: set[str]) -> None:
        assert "plugin:temp_eta" in tags
        self.blocked.wait(10)
        self.calls.append("pause")

    def resume_print(self, tags: set[str]) -> None:
        raise RuntimeError("the plugin before us failed")

    def connect(self, profile: str) -> None:
        self.calls.append(("connect", profile))

    def disconnect(self) -> None:
        self.calls.append("disconnect")

    def commands(self, lines: list[str], tags: set[str], *, force: bool) -> None:
        self.calls.append((*lines, force))

    def get_sd_files(self) -> list[dict[str, Any]]:
        return [{"name": "lid~1.gco"}]

    def select_file(self, path: str, sd: bool, *, printAfterSelect: bool, tags: set[str]) -> None:  # noqa: N803
        if path.endswith(".stl"):
            raise InvalidFileType(path)
        self.calls.append((path, sd, printAfterSelect))


class Octo:
    def __init__(self, state: str) -> None:
        self.printer = OctoPrintsPrinter(state)
        self.posted: queue.Queue[ActionDone] = queue.Queue()
        self.actions = Actions(
            self.printer,  # type: ignore[arg-type]
            self.has_file,
            lambda: "two_tools",
            self.posted.put,
            logging.getLogger("test"),
        )
        self.actions.start()

    def has_file(self, _: str, path: str) -> bool:
        if ".." in path:
            raise ValueError("path not within base folder")
        if path.startswith("./"):
            raise IndexError("string index out of range")
        return path in ("lid.gcode", "lid.stl")

    def perform(self, command: str, **more: Any) -> ActionDone:
        self.actions.performers[PrinterAction](PrinterAction(command, 1, **more))
        return self.posted.get(timeout=10)


@pytest.fixture
def octo(request: pytest.FixtureRequest) -> Iterator[Octo]:
    made = Octo(getattr(request, "param", "OPERATIONAL"))
    yield made
    made.actions.close()


def in_state(state: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("octo", [state], indirect=True)


@in_state("PRINTING")
def test_a_command_is_carried_out_and_reported(octo: Octo):
    assert octo.perform("job/pause") == ActionDone(1)
    assert octo.printer.calls == ["pause"]


@in_state("OFFLINE")
def test_it_is_checked_again_as_octoprint_ignores_it_silently(octo: Octo):
    done = octo.perform("job/pause")
    assert done.refusal == ("printer_not_ready", "The printer's state is now: Offline.")
    assert octo.printer.calls == []


@in_state("PAUSED")
def test_a_failure_inside_octoprint_is_reported(octo: Octo):
    refusal = octo.perform("job/resume").refusal
    assert refusal is not None
    assert refusal[0] == "internal_error"


@in_state("PRINTING")
def test_a_command_that_blocks_does_not_delay_the_emergency_stop(octo: Octo):
    octo.printer.blocked.clear()
    octo.actions.performers[PrinterAction](PrinterAction("job/pause", 1))
    octo.actions.performers[PrinterAction](PrinterAction("printer/emergency_stop", 2))
    assert octo.posted.get(timeout=10) == ActionDone(2)
    assert octo.printer.calls == [("M112", True)]
    octo.printer.blocked.set()
    assert octo.posted.get(timeout=10) == ActionDone(1)


@in_state("OPERATIONAL")
def test_a_start_that_waited_too_long_is_refused(octo: Octo, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(actions, "LATE_S", -1.0)
    done = octo.perform("job/start", file="lid.gcode", origin="local")
    assert done.refusal == (
        "printer_not_ready",
        "OctoPrint was busy for too long; another plugin may have held it up.",
    )
    assert octo.printer.calls == []


@in_state("PRINTING")
def test_a_stop_is_carried_out_whenever_its_turn_comes(octo: Octo, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(actions, "LATE_S", -1.0)
    assert octo.perform("job/pause") == ActionDone(1)
    assert octo.printer.calls == ["pause"]


def test_the_printer_is_connected_with_the_profile_of_the_settings() -> None:
    """Without its ID, OctoPrint may take its built-in profile: with one tool, it leaves the line T1 out of a print."""
    octo = Octo("OFFLINE")
    assert octo.perform("printer/connect").refusal is None
    assert octo.printer.calls == [("connect", "two_tools")]


def test_a_connection_whose_port_could_not_be_opened_is_given_up_first() -> None:
    octo = Octo("OPEN_SERIAL")
    assert octo.perform("printer/connect").refusal is None
    assert octo.printer.calls == ["disconnect", ("connect", "two_tools")]


@in_state("PRINTING")
def test_a_print_that_was_started_meanwhile_is_not_ended_by_a_late_disconnect(
    octo: Octo, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(actions, "LATE_S", -1.0)
    refusal = octo.perform("printer/disconnect").refusal
    assert refusal is not None
    assert refusal[0] == "printer_not_ready"
    assert octo.printer.calls == []


@pytest.mark.parametrize(("file", "origin", "on_card"), [("lid.gcode", "local", False), ("lid~1.gco", "sdcard", True)])
def test_a_print_is_started(octo: Octo, file: str, origin: str, *, on_card: bool):
    assert octo.perform("job/start", file=file, origin=origin) == ActionDone(1)
    assert octo.printer.calls == [(file, on_card, True)]


@pytest.mark.parametrize(
    ("file", "origin"),
    [
        ("none.gcode", "local"),
        ("../../users.yaml", "local"),
        ("./lid.gcode", "local"),
        ("lid.gcode", "sdcard"),
        ("lid.stl", "local"),
    ],
)
def test_a_file_that_cannot_be_printed_is_refused(octo: Octo, file: str, origin: str):
    refusal = octo.perform("job/start", file=file, origin=origin).refusal
    assert refusal is not None
    assert refusal[0] == "unknown_file"
    assert octo.printer.calls == []
