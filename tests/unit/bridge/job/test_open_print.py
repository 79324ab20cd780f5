"""The ends of prints that OctoPrint does not report."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.job.open_print import REASON_S, REPORTED_S
from octoprint_temp_eta.bridge.protocol.inputs import Stopping
from octoprint_temp_eta.bridge.protocol.job_inputs import PrinterEvent
from tests.support.bridge_driver import BridgeDriver, connected

STARTED = PrinterEvent("print_started", file="lid.gcode", origin="local", user="anna")
PAUSED, GONE, BACK = (PrinterEvent(kind) for kind in ("print_paused", "disconnected", "connected"))


def kinds(driver: BridgeDriver) -> list[str]:
    return [body["event_type"] for body in driver.bodies("event")]


def lose_paused_print(*before: PrinterEvent) -> BridgeDriver:
    driver = connected()
    for event in (STARTED, PAUSED, *before, GONE):
        driver.handle(event)
    return driver


def test_a_paused_print_whose_connection_ends_has_failed_at_that_time():
    driver = lose_paused_print()
    lost_at = driver.now.wall
    driver.advance(REPORTED_S - 1)
    assert kinds(driver)[-1] == "disconnected"
    driver.advance(2)
    failed = driver.bodies("event")[-1]
    assert (failed["event_type"], failed["file"], failed["origin"], failed["user"], failed["timestamp"]) == (
        "print_failed",
        "lid.gcode",
        "local",
        "anna",
        lost_at,
    )
    assert (failed["reason"], failed["error"]) == ("disconnected", None)


def test_an_error_just_before_is_the_reason():
    driver = lose_paused_print(PrinterEvent("error", reason="firmware", error="Heating failed"))
    driver.advance(REPORTED_S + 1)
    failed = driver.bodies("event")[-1]
    assert (failed["reason"], failed["error"]) == ("error", "Heating failed")


def test_an_error_long_before_is_not():
    driver = connected()
    driver.handle(STARTED)
    driver.handle(PrinterEvent("error", error="Must home axis first"))
    driver.advance(REASON_S + 1)
    driver.handle(GONE)
    driver.advance(REPORTED_S + 1)
    assert driver.bodies("event")[-1]["reason"] == "disconnected"


@pytest.mark.parametrize("end", ["print_failed", "print_done", "print_cancelled"])
def test_an_end_that_octoprint_reports_is_the_only_one(end: str):
    for events in ((PrinterEvent(end), GONE), (GONE, PrinterEvent(end)), (GONE, BACK, PrinterEvent(end))):
        driver = connected()
        for event in (STARTED, *events):
            driver.handle(event)
        driver.advance(REPORTED_S + 1)
        assert [kind for kind in kinds(driver) if kind.startswith("print_")] == ["print_started", end]


def test_a_late_end_is_no_second_one():
    driver = lose_paused_print()
    driver.advance(REPORTED_S + 1)
    driver.handle(PrinterEvent("print_failed", reason="error"))
    assert kinds(driver).count("print_failed") == 1


def test_the_end_precedes_the_next_prints_start_and_is_told_at_the_stop():
    for event in (STARTED, Stopping()):
        driver = lose_paused_print()
        driver.handle(event)
        assert kinds(driver)[3:] == ["print_failed", "print_started"][: 2 if event is STARTED else 1]
        driver.advance(REPORTED_S + 1)
        assert kinds(driver).count("print_failed") == 1


def test_the_next_print_has_an_end_of_its_own():
    driver = lose_paused_print()
    driver.advance(REPORTED_S + 1)
    for event in (BACK, STARTED, PrinterEvent("print_done")):
        driver.handle(event)
    assert kinds(driver)[-3:] == ["connected", "print_started", "print_done"]


def test_without_a_print_the_end_of_a_connection_is_no_failure():
    driver = connected()
    driver.handle(GONE)
    driver.advance(REPORTED_S + 1)
    assert kinds(driver) == ["disconnected"]
