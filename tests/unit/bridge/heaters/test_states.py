"""When each heater is published."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from octoprint_temp_eta.home_assistant.entities.parts import HEARTBEAT_S
from tests.support import curves
from tests.support.bridge_driver import connected


def test_three_heaters_at_one_second_are_each_published():
    driver = connected(mqtt_publish_interval=1)
    for second in range(120):
        driver.advance(1)
        actual = 22.0 + 0.4 * second
        driver.read(tool0=(actual, 200.0), tool1=(actual + 5, 200.0), bed=(actual, 100.0))
    for heater in ("tool0", "tool1", "bed"):
        bodies = [body for body in driver.bodies("eta") if body["heater"] == heater]
        assert len(bodies) > 10, heater
        ages = [after["timestamp"] - before["timestamp"] for before, after in pairwise(bodies)]
        assert max(ages) <= 10, heater


def test_a_heater_is_published_at_most_every_interval():
    driver = connected(mqtt_publish_interval=10, ha_discovery_enabled=False)
    driver.heat("bed", curves.heating(100.0, rate=0.5, hold=60.0))
    times = [body["timestamp"] for body in driver.bodies("eta") if body["state"] == "heating"]
    assert len(times) > 10
    assert min(after - before for before, after in pairwise(times)) >= 7.9, "readings come when they come"


def test_a_change_of_state_is_published_at_once():
    driver = connected(mqtt_publish_interval=300)
    driver.read(bed=(22.0, 0.0))
    driver.skip(0.1)
    driver.read(bed=(22.1, 60.0))
    assert driver.eta()["state"] == "heating"
    assert driver.eta()["timestamp"] == pytest.approx(driver.now.wall)


def test_what_hardly_moves_is_not_published():
    driver = connected(mqtt_publish_interval=1)
    driver.heat("bed", curves.resting(60.0, 60.0, lasting=30))
    mark = len(driver.sent)
    driver.heat("bed", [(t, 60.0 + 0.2 * math.sin(t / 20), 60.0) for t in range(300)])
    assert len(driver.bodies("eta", since=mark)) <= 300 / HEARTBEAT_S


def test_what_waited_for_its_interval_is_published_without_a_further_reading():
    driver = connected(mqtt_publish_interval=5)
    driver.read(bed=(22.0, 0.0))
    driver.advance(1)
    driver.read(bed=(30.0, 0.0))
    assert driver.eta()["actual"] == 22.0
    driver.advance(5)
    assert driver.eta()["actual"] == 30.0


def test_a_moving_heater_is_published_with_its_reading():
    """Between readings, a tick has nothing new."""
    driver = connected(mqtt_publish_interval=1)
    for second in range(0, 60, 2):
        driver.read(bed=(22.0 + 0.02 * second**2, 100.0))
        driver.advance(2)
    read_at = {round(1000 * body["timestamp"]) % 2000 for body in driver.bodies("eta")}
    assert len(driver.bodies("eta")) > 15
    assert len(read_at) == 1


@pytest.mark.parametrize(("poll", "interval"), [(1.0, 1.0), (0.98, 1.0), (2.0, 2.0), (1.9, 2.0)])
def test_readings_at_the_interval_do_not_wait_for_the_next_one(poll: float, interval: float):
    driver = connected(mqtt_publish_interval=interval)
    for number in range(20):
        mark = len(driver.sent)
        driver.read(bed=(22.0 + 1.5 * number * (number % 3), 200.0))
        assert driver.bodies("eta", since=mark), number
        driver.advance(poll, tick=poll / 2)
