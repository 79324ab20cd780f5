"""What log and pages are logs of a connection that does not want to work."""

from __future__ import annotations

import logging

from octoprint_temp_eta.bridge.broker.log_throttle import MAX_REPORTED, STABLE_S, LogThrottle
from octoprint_temp_eta.bridge.pages import Pages
from octoprint_temp_eta.bridge.protocol.effects import Effect, Log
from octoprint_temp_eta.core.clock import Now


def at(seconds: float) -> Now:
    return Now(seconds, 1_700_000_000.0 + seconds)


def texts(effects: list[Effect]) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, Log)]


def test_a_repeated_failure_is_reported_once():
    pages = Pages()
    throttle = LogThrottle(pages)
    logs = [effect for second in range(3600) for effect in throttle.lost("nobody answers", at(second))]
    assert logs == [Log(logging.WARNING, "nobody answers")]
    assert [page.message["message"] for page in pages.drain()] == ["nobody answers"]


def test_a_connection_that_breaks_every_second_is_reported_a_few_times():
    pages = Pages()
    throttle, logs = LogThrottle(pages), []
    for second in range(0, 3600, 2):
        logs += throttle.connected("Connected", at(second))
        logs += throttle.refused("Not permitted")
        logs += throttle.lost("Lost", at(second + 1))
    last = "Connected; it keeps breaking, so no more is said until it lasts for a minute"
    rounds = ["Connected", "Not permitted", "Lost"] * MAX_REPORTED
    assert texts(logs) == [*rounds[:-3], last, *rounds[-2:]]
    assert len(pages.drain()) == 2 * MAX_REPORTED


def test_each_restart_of_the_broker_is_reported():
    throttle, logs = LogThrottle(Pages()), []
    for hour in range(MAX_REPORTED + 3):
        logs += throttle.connected("Connected", at(hour * 3600))
        logs += throttle.lost("Lost", at(hour * 3600 + STABLE_S))
        logs += throttle.lost("Refused", at(hour * 3600 + STABLE_S + 1))
    assert texts(logs) == ["Connected", "Lost", "Refused"] * (MAX_REPORTED + 3)


def test_changed_settings_reset_the_throttle():
    throttle = LogThrottle(Pages())
    throttle.lost("Not authorised", at(0))
    throttle.forget()
    assert texts(throttle.lost("Not authorised", at(1))) == ["Not authorised"]
