"""The retained job: what it contains, and how often it is published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octoprint_temp_eta.bridge.job.job import INTERVAL_S
from octoprint_temp_eta.bridge.protocol.job_inputs import JobChanged, LayerChanged
from octoprint_temp_eta.home_assistant.entities.parts import HEARTBEAT_S
from tests.support.bridge_driver import BridgeDriver, connected
from tests.support.print_jobs import LID, print_lid

STAMPS = {"seq", "boot_id", "timestamp"}


def job(driver: BridgeDriver) -> dict[str, object]:
    return {key: value for key, value in driver.state("job").items() if key not in STAMPS}


def test_without_a_file_everything_is_null():
    assert set(job(connected()).values()) == {None}


def test_a_selected_file_is_shown_before_its_print():
    driver = connected()
    driver.handle(JobChanged(LID))
    assert job(driver) == {
        "file": "boxes/lid.gcode",
        "name": "lid.gcode",
        "origin": "local",
        "size": 1_830_422,
        "user": "anna",
        "progress": None,
        "elapsed_seconds": None,
        "remaining_seconds": None,
        "finish_at": None,
        "layer": None,
        "layers": None,
        "filament": {"tool0": {"length": 4213.7, "volume": 10.14}},
    }
    driver.handle(JobChanged(None))
    assert set(job(driver).values()) == {None}


def test_the_finish_is_announced_while_printing_and_not_while_paused():
    driver = connected()
    print_lid(driver, 5)
    announced = job(driver)["finish_at"]
    assert announced is not None
    driver.printer(printing=True, state="PAUSED")
    assert job(driver)["finish_at"] is None
    assert job(driver)["remaining_seconds"] is not None
    driver.printer(printing=True, state="PRINTING")
    assert job(driver)["finish_at"] is not None


def test_after_the_print_the_job_is_complete():
    driver = connected()
    print_lid(driver, 5)
    driver.handle(JobChanged(replace(LID, progress=1.0, elapsed=3600.0, remaining=0.0)))
    driver.printer()
    assert (job(driver)["progress"], job(driver)["elapsed_seconds"], job(driver)["finish_at"]) == (1, 3600, None)


def test_progress_is_published_at_an_interval_and_the_finish_time_stays():
    driver = connected()
    mark = len(driver.sent)
    print_lid(driver, 600)
    published = driver.bodies("job", since=mark)
    assert 600 / 20 < len(published) <= 600 / INTERVAL_S + 3
    assert len({body["finish_at"] for body in published if body["finish_at"]}) == 1


def test_a_slow_print_repeats_the_job_at_the_heartbeat_with_its_current_times():
    driver = connected()
    print_lid(driver, 5, total=1e6)
    mark = len(driver.sent)
    print_lid(driver, int(2 * HEARTBEAT_S) + 5, total=1e6, start=5)
    published = driver.bodies("job", since=mark)
    assert len(published) >= 2
    for body in published:
        assert body["elapsed_seconds"] == pytest.approx(body["timestamp"] - 1_795_188_600.0, abs=3)


def test_an_idle_job_is_repeated_at_the_heartbeat():
    driver = connected()
    driver.advance(10)
    mark = len(driver.sent)
    driver.advance(2 * HEARTBEAT_S + 5)
    assert len(driver.bodies("job", since=mark)) == 2


def test_layers_are_shown_while_printing_and_belong_to_their_file():
    driver = connected()
    print_lid(driver, 2)
    driver.handle(LayerChanged(3, 96))
    driver.advance(INTERVAL_S)
    print_lid(driver, 12, start=12)
    assert (job(driver)["layer"], job(driver)["layers"]) == (3, 96)
    driver.handle(JobChanged(replace(LID, file="other.gcode", progress=0.0)))
    assert (job(driver)["layer"], job(driver)["layers"]) == (None, None)


def test_a_new_connection_gets_the_job_again():
    driver = connected()
    print_lid(driver, 5)
    driver.lose()
    driver.connect(forget=True)
    assert job(driver)["file"] == LID.file


def test_the_snapshot_of_rest_has_the_job():
    driver = connected()
    driver.handle(JobChanged(LID))
    assert driver.bridge.snapshot(driver.now)["job"]["name"] == "lid.gcode"
