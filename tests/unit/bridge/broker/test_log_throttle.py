"""What log and pages are told of a connection that does not want to work."""

from __future__ import annotations

import logging

from octoprint_temp_eta.bridge.broker.log_throttle import LASTS_S, PATIENCE, Complaints
from octoprint_temp_eta.bridge.broker.ui_feed import Pages
from octoprint_temp_eta.bridge.protocol.effects import Effect, Log
from octoprint_temp_eta.core.clock import Now


def at(seconds: float) -> Now:
    return Now(seconds, 1_700_000_000.0 + seconds)


def texts(effects: list[Effect]) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, Log)]


def test_what_fails_again_and_again_is_told_once_in_log_and_pages():
    pages = Pages()
    complaints = Complaints(pages)
    told = [effect for second in range(3600) for effect in complaints.lost("nobody answers", at(second))]
    assert told == [Log(logging.WARNING, "nobody answers")]
    assert [page.message["message"] for page in pages.drain()] == ["nobody answers"]


def test_a_connection_that_breaks_every_second_is_told_a_few_times():
    pages = Pages()
    complaints, told = Complaints(pages), []
    for second in range(0, 3600, 2):
        told += complaints.connected("Connected", at(second))
        told += complaints.refused("Not permitted")
        told += complaints.lost("Lost", at(second + 1))
    last = "Connected; it keeps breaking, so no more is said until it lasts for a minute"
    rounds = ["Connected", "Not permitted", "Lost"] * PATIENCE
    assert texts(told) == [*rounds[:-3], last, *rounds[-2:]]
    assert len(pages.drain()) == 2 * PATIENCE


def test_a_broker_that_was_started_again_is_told_each_time():
    complaints, told = Complaints(Pages()), []
    for hour in range(PATIENCE + 3):
        told += complaints.connected("Connected", at(hour * 3600))
        told += complaints.lost("Lost", at(hour * 3600 + LASTS_S))
        told += complaints.lost("Refused", at(hour * 3600 + LASTS_S + 1))
    assert texts(told) == ["Connected", "Lost", "Refused"] * (PATIENCE + 3)


def test_other_settings_begin_anew():
    complaints = Complaints(Pages())
    complaints.lost("Not authorised", at(0))
    complaints.forget()
    assert texts(complaints.lost("Not authorised", at(1))) == ["Not authorised"]
