"""The message `printer`: what the whole printer is doing, and when it is ready."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.heaters.heaters import STALE_S
from tests.support import curves
from tests.support.bridge_driver import connected


def test_the_printer_is_ready_when_the_last_heater_is():
    driver = connected()
    for second in range(20):
        driver.advance(1)
        driver.read(tool0=(22.0 + 5 * second, 200.0), bed=(22.0 + second / 2, 60.0), chamber=(22.0, 0.0))
    driver.advance(2)
    printer, bed = driver.state("printer"), driver.eta()
    assert printer["waiting_for"] == ["tool0", "bed"]
    assert printer["ready_at"] == bed["ready_at"]
    assert printer["eta_seconds"] == bed["eta_seconds"]


def test_the_printer_has_no_eta_if_one_heater_has_none():
    driver = connected()
    for second in range(20):
        driver.advance(1)
        driver.read(tool0=(22.0 + 5 * second, 200.0), bed=(22.0, 60.0))
    printer = driver.state("printer")
    assert (printer["waiting_for"], printer["ready_at"], printer["eta_seconds"]) == (["tool0", "bed"], None, None)


def test_a_heater_that_just_cools_is_not_waited_for():
    driver = connected()
    driver.heat("bed", curves.cooling(80.0, lasting=60))
    assert driver.state("printer")["waiting_for"] == []
    driver.heat("bed", curves.cooling(70.0, target=50.0, lasting=10))
    assert driver.state("printer")["waiting_for"] == ["bed"]


def test_a_change_of_the_printers_state_is_published_at_once():
    driver = connected(mqtt_publish_interval=300)
    driver.read(bed=(22.0, 0.0))
    driver.printer(state="PRINTING", printing=True)
    assert (driver.state("printer")["status"], driver.state("printer")["printing"]) == ("printing", True)
    driver.printer(connected=False, state="OFFLINE")
    assert driver.state("printer")["status"] == "offline"


def test_after_an_error_the_status_stays_until_a_connection_is_opened():
    driver = connected()
    for state in ("ERROR", "OFFLINE", "OPEN_SERIAL"):
        driver.printer(connected=False, state=state)
    statuses = [(body["state"], body["status"]) for body in driver.bodies("printer")]
    assert statuses[-3:] == [("ERROR", "error"), ("OFFLINE", "error"), ("OPEN_SERIAL", "offline")]


def test_the_last_heater_makes_the_printer_ready_at_once():
    driver = connected(mqtt_publish_interval=300)
    driver.heat("bed", curves.heating(60.0, rate=0.5))
    assert driver.eta()["state"] == "at_target"
    assert (driver.state("printer")["status"], driver.state("printer")["ready"]) == ("ready", True)
    statuses = [body["status"] for body in driver.bodies("printer")]
    assert statuses[-2:] == ["heating", "ready"]


def test_a_printer_is_not_ready_before_it_has_reported_temperatures():
    driver = connected()
    assert not driver.state("printer")["ready"]
    driver.read(bed=(22.0, 0.0))
    assert driver.state("printer")["ready"]
    driver.printer(connected=False, state="OFFLINE")
    driver.printer(connected=True)
    assert not driver.state("printer")["ready"]


def test_a_heater_whose_temperature_is_unknown_is_waited_for_while_it_has_a_target():
    driver = connected()
    driver.read(tool0=(22.0, 0.0), bed=(30.0, 60.0))
    driver.advance(STALE_S + 5)
    printer = driver.state("printer")
    assert driver.eta()["state"] == "unknown"
    assert (printer["status"], printer["ready"], printer["waiting_for"]) == ("heating", False, ["bed"])
    driver.read(tool0=(22.0, 0.0), bed=(60.0, 0.0))
    assert driver.state("printer")["waiting_for"] == []


@pytest.mark.parametrize("enabled_before", [True, False])
def test_with_estimation_off_a_heater_with_a_target_is_waited_for(enabled_before: bool):
    driver = connected(enabled=enabled_before, ignored_heaters="tool1")
    driver.read(bed=(30.0, 60.0))
    driver.change_settings(enabled=False)
    driver.read(bed=(31.0, 60.0), tool1=(25.0, 200.0))
    printer = driver.state("printer")
    assert (printer["status"], printer["ready"], printer["waiting_for"]) == ("heating", False, ["bed"])
    driver.read(bed=(31.0, 0.0), tool1=(25.0, 200.0))
    assert (driver.state("printer")["status"], driver.state("printer")["ready"]) == ("idle", True)
