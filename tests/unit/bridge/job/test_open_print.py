"""The ends of prints that OctoPrint does not report."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.job.open_print import ENDED, PRINT, REASON_S, REPORTED_S
from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.bridge.protocol.inputs import Stopping
from octoprint_temp_eta.bridge.protocol.job_inputs import PrinterEvent
from octoprint_temp_eta.messages.stored import problem
from tests.support.bridge_driver import BridgeDriver, connected

STARTED = PrinterEvent("print_started", file="lid.gcode", origin="local", user="anna")
FROM_SD = PrinterEvent("print_started", file="lid.gco", origin="sdcard", user="anna")
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


def test_a_failure_that_octoprint_reports_twice_is_published_once():
    driver = connected()
    for event in (STARTED, *2 * [PrinterEvent("print_failed", reason="error")], STARTED, PrinterEvent("print_done")):
        driver.handle(event)
    started = "print_started"
    assert [kind for kind in kinds(driver) if "print_" in kind] == [started, "print_failed", started, "print_done"]


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


def files(driver: BridgeDriver) -> dict[str, Any]:
    return {save.name: save.value for save in driver.of(Save)}


def next_start(former: BridgeDriver) -> BridgeDriver:
    """Start OctoPrint with what `former` has stored."""
    stored = files(former)
    assert problem(PRINT, stored.get(PRINT)) is None
    driver = BridgeDriver(remembered=stored)
    driver.skip(60)
    driver.connect()
    return driver


@pytest.mark.parametrize("before", [(), (PAUSED,), (PAUSED, GONE)])
def test_a_print_that_a_killed_octoprint_has_left_has_failed_at_the_next_start(before: tuple[PrinterEvent, ...]):
    former = connected()
    for event in (STARTED, *before):
        former.handle(event)
    former.advance(REPORTED_S - 1)
    driver = next_start(former)
    [failed] = driver.bodies("event")
    assert (failed["event_type"], failed["file"], failed["origin"], failed["user"], failed["timestamp"]) == (
        "print_failed",
        "lid.gcode",
        "local",
        "anna",
        driver.now.wall - 60,
    )
    assert (failed["reason"], failed["error"]) == ("shutdown", ENDED)
    assert kinds(next_start(driver)) == []


def test_a_print_has_failed_when_octoprint_stops_before_it_is_offline():
    driver = connected()
    driver.handle(STARTED)
    driver.handle(Stopping())
    assert kinds(driver) == ["print_started", "print_failed"]
    failed = driver.bodies("event")[-1]
    assert (failed["file"], failed["reason"], failed["error"]) == ("lid.gcode", "shutdown", ENDED)
    assert kinds(next_start(driver)) == []


def test_without_a_broker_at_the_stop_the_next_start_tells_it():
    for events in ((STARTED,), (STARTED, PAUSED, GONE)):
        former = connected()
        for event in events:
            former.handle(event)
        former.lose()
        former.handle(Stopping())
        assert kinds(next_start(former)) == ["print_failed"]


@pytest.mark.parametrize("end", ["print_failed", "print_done", "print_cancelled"])
def test_a_print_that_has_ended_leaves_nothing(end: str):
    driver = connected()
    driver.handle(STARTED)
    driver.handle(PrinterEvent(end))
    assert kinds(next_start(driver)) == []
    driver.handle(Stopping())
    assert kinds(driver) == ["print_started", end]


def test_a_print_from_the_sd_card_goes_on_without_octoprint():
    for origin in (FROM_SD, PrinterEvent("print_started", file="lid.gco")):
        driver = connected()
        driver.handle(origin)
        driver.handle(Stopping())
        assert kinds(driver) == ["print_started"]
        assert kinds(next_start(driver)) == []


def test_a_print_is_stored_once():
    driver = connected()
    driver.handle(STARTED)
    for _ in range(5):
        driver.advance(60)
        driver.handle(PAUSED)
        driver.handle(PrinterEvent("print_resumed"))
    driver.handle(PrinterEvent("print_done"))
    stored = [save.value for save in driver.of(Save) if save.name == PRINT]
    assert stored == [{"file": "lid.gcode", "user": "anna"}, None]


def test_a_damaged_file_is_set_aside():
    assert problem(PRINT, {"file": None, "user": None}) is None
    for damaged in ([], {"file": "lid.gcode"}, {"file": 1, "user": None}, {"file": "", "user": None}):
        assert problem(PRINT, damaged) is not None
