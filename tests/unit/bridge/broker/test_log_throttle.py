"""The log lines and notifications about a connection that keeps failing."""

from __future__ import annotations

import logging

from octoprint_temp_eta.bridge.broker.log_throttle import BURST, MAX_REPORTED, PER_S, STABLE_S, LogThrottle
from octoprint_temp_eta.bridge.protocol.effects import Effect, Log, Page
from octoprint_temp_eta.core.clock import Now


def at(seconds: float) -> Now:
    return Now(seconds, 1_700_000_000.0 + seconds)


def texts(effects: list[Effect]) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, Log)]


def notifications(effects: list[Effect]) -> list[str]:
    return [effect.message["message"] for effect in effects if isinstance(effect, Page)]


def test_a_repeated_failure_is_reported_once():
    throttle = LogThrottle()
    effects = [effect for second in range(3600) for effect in throttle.lost("refused", at(second))]
    assert effects[:-1] == [Log(logging.WARNING, "refused")]
    assert notifications(effects) == ["refused"]


def test_a_connection_that_breaks_every_second_is_reported_a_few_times():
    throttle, logs = LogThrottle(), []
    for second in range(0, 3600, 2):
        logs += throttle.connected("Connected", at(second))
        logs += throttle.refused("Not permitted", at(second))
        logs += throttle.lost("Lost", at(second + 1))
    last = "Connected; it keeps breaking, so further connections are not logged until one lasts for a minute"
    rounds = ["Connected", "Not permitted", "Lost"] * MAX_REPORTED
    assert texts(logs) == [*rounds[:-3], last, *rounds[-2:]]
    assert len(notifications(logs)) == 2 * MAX_REPORTED


def test_each_restart_of_the_broker_is_reported():
    throttle, logs = LogThrottle(), []
    for hour in range(MAX_REPORTED + 3):
        logs += throttle.connected("Connected", at(hour * 3600))
        logs += throttle.lost("Lost", at(hour * 3600 + STABLE_S))
        logs += throttle.lost("Refused", at(hour * 3600 + STABLE_S + 1))
    assert texts(logs) == ["Connected", "Lost", "Refused"] * (MAX_REPORTED + 3)


def test_changed_settings_reset_the_throttle():
    throttle = LogThrottle()
    throttle.lost("Not authorised", at(0))
    throttle.forget()
    assert texts(throttle.lost("Not authorised", at(1))) == ["Not authorised"]


def test_sentences_that_differ_each_time_are_reported_at_a_bounded_rate():
    throttle, logs = LogThrottle(), []
    for second in range(3600):
        logs += throttle.refused(f"Not permitted to publish to reply/{second}", at(second))
    assert len(texts(logs)) == BURST + int(3600 * PER_S) - 1
