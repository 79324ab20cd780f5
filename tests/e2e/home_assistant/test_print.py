"""A print in a real Home Assistant: progress, buttons, events and device triggers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.home_assistant.expected import is_time
from tests.support.full_stack import DEVICE, SEEN, FullStack, automation
from tests.support.gcode_files import add_file, print_file
from tests.support.mqtt_client import Observer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.home_assistant, pytest.mark.timeout(600)]


@pytest.fixture
def printing(cold: FullStack) -> Iterator[FullStack]:
    """The full stack while a long print runs."""
    add_file(cold.octoprint, "long.gcode", 600)
    print_file(cold.octoprint, "long.gcode")
    cold.wait("status", "Printing")
    yield cold
    if cold.octoprint.printer_state() not in ("Operational", "Cancelling"):
        cold.octoprint.post("/api/job", {"command": "cancel"})
    cold.wait("status", "Idle", "Ready", "Cooling")


def press(full_stack: FullStack, key: str) -> None:
    """Press a button that is available."""
    eventually(lambda: full_stack.ha.state(full_stack.id_of(key)) != "unavailable", f"{key} to be available", 30)
    full_stack.ha.call("button.press", entity_id=full_stack.id_of(key))


def is_available(full_stack: FullStack, key: str) -> bool:
    return full_stack.ha.state(full_stack.id_of(key)) != "unavailable"


def test_the_job_is_shown_from_start_to_end(cold: FullStack) -> None:
    add_file(cold.octoprint, "short.gcode", 40)
    print_file(cold.octoprint, "short.gcode")
    cold.wait("file", "short.gcode")
    eventually(lambda: is_time(cold.ha.state(cold.id_of("finish_at"))), "the finish", 60)
    cold.wait("progress", "100", timeout=90)

    def last_event() -> str:
        return str(cold.entities()["printer_event"].attributes["event_type"])

    # the last line may be sent before OctoPrint reports the end
    eventually(lambda: last_event() != "print_started", "the end of the print", 30)
    shown = cold.entities()["printer_event"].attributes
    assert (shown["event_type"], shown["file"]) == ("print_done", "short.gcode")


def test_a_print_is_paused_and_resumed_with_buttons(printing: FullStack) -> None:
    assert not is_available(printing, "job_resume")
    press(printing, "job_pause")
    printing.wait("status", "Paused")
    eventually(lambda: not is_available(printing, "job_pause"), "pause to be unavailable", 30)
    press(printing, "job_resume")
    printing.wait("status", "Printing")
    assert not is_available(printing, "printer_connect")


def test_a_cancelled_print_is_an_event_and_a_trigger(printing: FullStack, watcher: Observer) -> None:
    [device] = printing.ha.devices(DEVICE)
    trigger = {"platform": "device", "domain": "mqtt", "device_id": device["id"]}
    printing.ha.automate("cancelled", automation({**trigger, "type": "was cancelled", "subtype": "Print"}, "cancelled"))
    since = watcher.mark()
    press(printing, "job_cancel")
    watcher.wait_for(SEEN, lambda message: message.text == "cancelled", since=since, timeout=30)
    shown = printing.entities()["printer_event"].attributes
    assert (shown["event_type"], shown["file"]) == ("print_cancelled", "long.gcode")
    printing.ha.forget_automation("cancelled")


def test_the_printer_is_disconnected_and_connected_with_buttons(cold: FullStack) -> None:
    press(cold, "printer_disconnect")
    cold.wait("printer", "off")
    cold.wait("status", "Offline")
    press(cold, "printer_connect")
    cold.wait("printer", "on")
    eventually(lambda: not is_available(cold, "printer_connect"), "connect to be unavailable", 30)
