"""The events of print and printer."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.job.events import KEEP_S, MOST_AWAITED_S, PORT_FAILED, RESET, RESET_S, SAME_S
from octoprint_temp_eta.bridge.printer.printer import OPENING_S
from octoprint_temp_eta.bridge.protocol.inputs import Stopping
from octoprint_temp_eta.bridge.protocol.job_inputs import PrinterEvent
from octoprint_temp_eta.bridge.protocol.script_inputs import PrinterGone
from tests.support.bridge_driver import connected

DONE = PrinterEvent("print_done", file="boxes/lid.gcode", origin="local", user="anna", elapsed=4391.4)


def test_an_event_is_published_with_all_keys():
    driver = connected()
    driver.handle(DONE)
    [body] = driver.bodies("event")
    assert body.pop("timestamp") == driver.now.wall
    assert body == {
        "event_type": "print_done",
        "file": "boxes/lid.gcode",
        "origin": "local",
        "user": "anna",
        "elapsed_seconds": 4391,
        "reason": None,
        "error": None,
    }


ENDS = [
    ("print_done", "FINISHING", "OPERATIONAL"),
    ("print_cancelled", "CANCELLING", "OPERATIONAL"),
    ("print_failed", "CANCELLING", "OPERATIONAL"),
    ("print_paused", "PAUSING", "PAUSED"),
]


@pytest.mark.parametrize(("kind", "during", "after"), ENDS)
def test_an_end_or_pause_waits_until_the_printer_accepts_what_follows(kind: str, during: str, after: str):
    driver = connected()
    driver.printer(state=during)
    happened_at = driver.now.wall
    driver.handle(PrinterEvent(kind))
    driver.advance(5)
    assert driver.bodies("event") == []
    driver.printer(state=after)
    [body] = driver.bodies("event")
    assert (body["event_type"], body["timestamp"]) == (kind, happened_at)
    topics = [publish.topic for _, publish in driver.sent]
    assert topics.index(f"{driver.base}/event") > max(
        at for at, topic in enumerate(topics) if topic.endswith("/printer")
    )


def test_it_waits_for_half_a_minute_at_most_and_no_longer_than_until_the_next_one_or_the_stop():
    for ends in (
        lambda driver: driver.advance(MOST_AWAITED_S + 1),
        lambda driver: driver.handle(PrinterEvent("disconnected")),
        lambda driver: driver.handle(Stopping()),
    ):
        driver = connected()
        driver.printer(state="FINISHING")
        driver.handle(DONE)
        assert driver.bodies("event") == []
        ends(driver)
        assert [body["event_type"] for body in driver.bodies("event")][:1] == ["print_done"]


def test_without_a_connection_it_waits_with_its_own_time():
    driver = connected()
    driver.lose()
    happened_at = driver.now.wall
    driver.handle(DONE)
    driver.skip(60)
    driver.connect()
    assert [body["timestamp"] for body in driver.bodies("event")] == [happened_at]


def test_an_old_event_is_dropped_and_counted():
    driver = connected()
    driver.lose()
    driver.handle(DONE)
    driver.skip(KEEP_S + 1)
    driver.connect()
    driver.advance(70)
    assert driver.bodies("event") == []
    assert driver.state("diagnostics")["messages"]["dropped"] == 1


def test_a_runout_that_the_firmware_reports_twice_is_one_event():
    driver = connected()
    driver.handle(PrinterEvent("filament_runout"))
    driver.advance(1)
    driver.handle(PrinterEvent("filament_runout"))
    driver.advance(SAME_S + 1)
    driver.handle(PrinterEvent("filament_runout"))
    assert [body["event_type"] for body in driver.bodies("event")] == ["filament_runout"] * 2


def test_an_error_that_is_reported_again_at_once_is_one_event():
    driver = connected()
    halted = PrinterEvent("error", reason="firmware", error="Timer too close")
    for _ in range(20):  # Klipper's reply to each line
        driver.handle(halted)
        driver.advance(5)
    driver.handle(PrinterEvent("error", reason="firmware", error="Must home axis first"))
    driver.advance(SAME_S + 1)
    driver.handle(halted)
    assert [body["error"] for body in driver.bodies("event")] == [
        "Timer too close",
        "Must home axis first",
        "Timer too close",
    ]


def test_the_same_error_on_a_new_connection_is_another_one():
    driver = connected()
    for kind in ("error", "disconnected", "connected", "error"):
        driver.handle(PrinterEvent(kind, error="Heating failed" if kind == "error" else None))
    assert [body["event_type"] for body in driver.bodies("event")] == ["error", "disconnected", "connected", "error"]


def test_a_print_that_octoprint_cancels_because_the_firmware_was_reset_has_failed():
    driver = connected()
    driver.handle(PrinterEvent("print_started", "a.gcode", "local"))
    driver.handle(PrinterGone("the firmware was reset", reset=True))
    driver.handle(PrinterEvent("print_cancelled", "a.gcode", "local"))
    failed = driver.bodies("event")[-1]
    assert (failed["event_type"], failed["reason"], failed["error"]) == ("print_failed", "error", RESET)


def test_a_pause_that_octoprint_completes_after_the_print_was_cancelled_is_no_event():
    driver = connected()
    for kind in ("print_started", "print_cancelled", "print_paused", "print_started", "print_paused"):
        driver.handle(PrinterEvent(kind, "a.gcode", "local"))
    kinds = [body["event_type"] for body in driver.bodies("event")]
    assert kinds == ["print_started", "print_cancelled", "print_started", "print_paused"]


@pytest.mark.parametrize("opened", [True, False])
def test_a_port_that_octoprint_cannot_open_is_an_error(*, opened: bool):
    driver = connected()
    driver.printer(state="OPEN_SERIAL", connected=False)
    driver.advance(OPENING_S - 1)
    if opened:
        driver.printer(state="CONNECTING", connected=False)
    driver.advance(OPENING_S)
    errors = [(body["reason"], body["error"]) for body in driver.bodies("event") if body["event_type"] == "error"]
    assert errors == ([] if opened else [("connection", PORT_FAILED)])


def test_a_print_that_octoprint_cancels_because_of_an_error_has_failed():
    driver = connected()
    driver.handle(PrinterEvent("print_cancelled", "a.gcode", "local", error="Timer too close"))
    failed = driver.bodies("event")[-1]
    assert (failed["event_type"], failed["reason"], failed["error"]) == ("print_failed", "error", "Timer too close")


@pytest.mark.parametrize(("started", "after"), [(True, 0.0), (False, RESET_S + 1)])
def test_an_earlier_reset_is_not_why_a_print_is_cancelled(started: bool, after: float):
    driver = connected()
    driver.handle(PrinterGone("the firmware was reset", reset=True))
    if started:
        driver.handle(PrinterEvent("print_started", "a.gcode", "local"))
    driver.advance(after)
    driver.handle(PrinterEvent("print_cancelled", "a.gcode", "local"))
    assert driver.bodies("event")[-1]["event_type"] == "print_cancelled"
