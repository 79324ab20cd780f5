"""The alerts on the pages: which are played and shown, how often, and what they say."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support import browser as browsers
from tests.support.octoprint_page import open_settings
from tests.support.page_messages import BROKER, ETA, IDLE, LOST, MODEL, RUN, card, choose, send

pytestmark = pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER)


AT_TARGET = {"state": "at_target", "previous_state": "heating"}
COOLED_DOWN = {"state": "cooled_down", "previous_state": "cooling"}
STALLED = {"state": "stalled", "previous_state": "heating"}


def played(page: Page) -> list[str]:
    return [str(url).rsplit("/", 1)[-1] for url in page.evaluate("window.played")]


def record_sounds(page: Page) -> None:
    page.evaluate(
        """() => {
            window.played = [];
            window.Audio = function (url) { this.play = () => { window.played.push(url); return Promise.resolve(); }; };
        }"""
    )


def close_notifications(page: Page) -> None:
    page.evaluate("PNotify.removeAll()")
    expect(page.locator(".ui-pnotify")).to_have_count(0)


def test_enabling_sounds_is_enough_to_hear_them(page: Page) -> None:
    record_sounds(page)
    choose(page, sound_enabled=True)
    change = {"heater": "kiln", "actual": 60, "target": 60}
    for state, previous in (("at_target", "heating"), ("cooled_down", "cooling"), ("stalled", "heating")):
        data = {**change, "state": state, "previous_state": previous}
        send(page, type="state_change", heater="kiln", data=data)
    assert played(page) == ["heating_complete.mp3", "cooldown_complete.mp3", "problem.mp3"]


def test_an_alert_is_not_repeated_within_the_minimum_interval(page: Page) -> None:
    record_sounds(page)
    choose(page, sound_enabled=True, notification_enabled=True, sound_min_interval_s=60, notification_min_interval_s=60)
    change = {"state": "at_target", "previous_state": "heating", "actual": 60, "target": 60}
    for name in ("repeated", "repeated", "another"):
        send(page, type="state_change", heater=name, data={**change, "heater": name})
    assert played(page) == ["heating_complete.mp3"] * 2
    expect(page.locator(".ui-pnotify")).to_have_count(2)
    choose(page, sound_min_interval_s=0)
    send(page, type="state_change", heater="repeated", data={**change, "heater": "repeated"})
    assert played(page) == ["heating_complete.mp3"] * 3
    expect(page.locator(".ui-pnotify")).to_have_count(2)


CHANGE = {"heater": "kiln", "actual": 60, "target": 60}
#: By alert: the messages that cause it.
CAUSES: dict[str, list[dict[str, Any]]] = {
    "target_reached": [{"type": "state_change", "heater": "kiln", "data": CHANGE | AT_TARGET}],
    "cooldown_finished": [{"type": "state_change", "heater": "kiln", "data": CHANGE | COOLED_DOWN}],
    "stalled": [{"type": "state_change", "heater": "kiln", "data": CHANGE | STALLED}],
    "script_failed": [
        {"type": "script_update", "data": IDLE | {"state": "running", "run_id": "r1", "timestamp": 0}},
        {"type": "script_update", "data": IDLE | {"state": "cancelling", "run_id": "r1", "last": RUN, "timestamp": 0}},
        {"type": "script_update", "data": IDLE | {"last": RUN, "timestamp": 0}},
    ],
    "connection_lost": [
        {"type": "connection_update", "data": LOST | {"connected": True, "broker": BROKER}},
        {"type": "connection_update", "data": LOST},
    ],
}


@pytest.mark.parametrize("alert", list(CAUSES))
def test_each_alert_has_a_switch_for_its_sound_and_one_for_its_notification(page: Page, alert: str) -> None:
    record_sounds(page)
    choose(page, sound_enabled=True, notification_enabled=True, sound_min_interval_s=0, notification_min_interval_s=0)
    for sound, sounds in ((False, 0), (True, 1)):
        choose(page, **{f"sound_{alert}": sound, f"notification_{alert}": not sound})
        close_notifications(page)
        for message in CAUSES[alert]:
            send(page, **message)
        assert len(played(page)) == sounds
        expect(page.locator(".ui-pnotify")).to_have_count(0 if sound else 1)


def test_the_test_buttons_play_and_show_an_alert(page: Page) -> None:
    record_sounds(page)
    for button in ("Target reached", "Cooled down", "Problem"):
        page.locator(".temp-eta-tests button", has_text=button).evaluate("button => button.click()")
    assert played(page) == ["heating_complete.mp3", "cooldown_complete.mp3", "problem.mp3"]
    expect(page.locator(".ui-pnotify", has_text="This is a test of a notification.").last).to_be_visible()


def test_the_temperature_is_the_newest_that_octoprint_has(page: Page) -> None:
    """The server's messages leave out small changes."""
    page.evaluate(f"{MODEL}.fromCurrentData({{temps: [{{time: 1, kiln: {{actual: 30.3, target: 60}}}}]}})")
    expect(card(page)).to_contain_text("30.3°C")
    send(page, type="eta_update", heater="kiln", data={**ETA, "state": "unknown", "actual": None})
    expect(card(page)).not_to_contain_text("30.3°C")


def test_a_script_that_fails_alerts_but_not_when_the_page_opens(page: Page) -> None:
    record_sounds(page)
    choose(page, sound_enabled=True, notification_enabled=True, sound_min_interval_s=0, notification_min_interval_s=0)
    close_notifications(page)
    running = {**IDLE, "state": "running", "run_id": "r1", "id": "waits", "title": "It waits", "timestamp": 0}
    failed = {**IDLE, "last": RUN, "timestamp": 0}
    send(page, type="script_update", data=failed)
    assert played(page) == []
    send(page, type="script_update", data=running)
    send(page, type="script_update", data=failed)
    assert played(page) == ["problem.mp3"]
    expect(page.locator(".ui-pnotify")).to_contain_text("ValueError")


def test_a_sound_that_the_browser_blocks_is_explained(page: Page) -> None:
    page.evaluate(
        """() => {
            window.Audio = function () { this.play = () => Promise.reject(new DOMException("", "NotAllowedError")); };
            const dialog = ko.dataFor(document.querySelector("#settings_plugin_temp_eta"));
            dialog.alerts.test("stalled");
        }"""
    )
    blocked = "ko.dataFor(document.querySelector('#settings_plugin_temp_eta')).alerts.blocked()"
    page.wait_for_function(blocked)
    open_settings(page, "Sounds and notifications")
    expect(page.get_by_text("The browser blocks sounds. Click anywhere on the page once")).to_be_visible()
    page.locator("#settings_dialog [data-test-id=settings-close-button]").click()
    expect(page.locator("#settings_dialog")).to_be_hidden()


def test_what_the_server_reports_is_shown_but_for_the_connection_which_has_a_badge(page: Page) -> None:
    close_notifications(page)
    report = {"type": "notification", "level": "warning"}
    send(page, **report, title="MQTT", message="The connection is lost.")
    send(page, **report, title="Scripts", message="The script folder /away does not answer.")
    expect(page.locator(".ui-pnotify")).to_have_count(1)
    expect(page.locator(".ui-pnotify")).to_contain_text("The script folder /away does not answer.")
