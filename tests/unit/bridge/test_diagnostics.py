"""The line with diagnostics in OctoPrint's log."""

from __future__ import annotations

import json

import pytest

from octoprint_temp_eta.bridge.diagnostics import (
    FIRST_LOGGED_S,
    INTERVAL_S,
    LOG_INTERVAL_S,
    LOGGED_ELSEWHERE,
    LONGEST_INTERVAL_S,
)
from octoprint_temp_eta.bridge.protocol.effects import Log
from tests.support.bridge_driver import BridgeDriver, heating


def lines(driver: BridgeDriver) -> list[str]:
    return [e.text for e in driver.effects if isinstance(e, Log) and e.text.startswith("Diagnostics: ")]


def test_the_counters_are_logged_soon_after_the_start_and_then_hourly():
    driver = BridgeDriver()
    driver.advance(FIRST_LOGGED_S - 2)
    assert lines(driver) == []
    driver.advance(4)
    assert len(lines(driver)) == 1
    driver.advance(LOG_INTERVAL_S - 10)
    assert len(lines(driver)) == 1
    driver.advance(20)
    assert len(lines(driver)) == 2


def test_they_are_logged_without_a_connection_and_without_what_is_logged_anyway():
    driver = BridgeDriver()
    driver.advance(FIRST_LOGGED_S + 2)
    logged = json.loads(lines(driver)[0].removeprefix("Diagnostics: "))
    assert logged["connections"] == 0
    assert {"uptime_seconds", "messages", "commands", "inbox", "accuracy"} <= set(logged)
    assert set(LOGGED_ELSEWHERE) & set(logged) == set()


def test_the_log_has_the_published_keys():
    driver = BridgeDriver()
    driver.connect()
    driver.advance(FIRST_LOGGED_S + 2)
    logged = json.loads(lines(driver)[0].removeprefix("Diagnostics: "))
    assert {*logged, *LOGGED_ELSEWHERE, "boot_id", "seq", "timestamp"} >= set(driver.state("diagnostics"))


def test_diagnostics_come_with_the_connection_and_then_every_five_minutes_while_only_what_always_rises_changes():
    driver = heating()
    driver.advance(2 * LONGEST_INTERVAL_S + INTERVAL_S)
    times = [body["timestamp"] for body in driver.bodies("diagnostics")]
    assert 3 <= len(times) <= 4
    body = driver.state("diagnostics")
    assert body["broker"]["host"] == "broker.test"
    assert body["uptime_seconds"] == pytest.approx(2 * LONGEST_INTERVAL_S, abs=120)
    assert body["messages"]["sent"] > 20


def test_news_are_published_within_a_minute():
    driver = heating()
    driver.advance(2 * INTERVAL_S)
    before = len(driver.bodies("diagnostics"))
    driver.command("nonsense", {})
    driver.advance(INTERVAL_S + 1)
    assert len(driver.bodies("diagnostics")) == before + 1
    assert driver.state("diagnostics")["commands"]["rejected"] == 1
