"""The pages in a real Chromium: a real OctoPrint heats, and what a user sees is looked at."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import WebSocket, expect

from tests.conftest import BASE
from tests.support import browser as browsers
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint
from tests.support.octoprint_page import Open, Save, heater, open_tab, ours, state
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER)

COUNTDOWN = re.compile(r"\d+:\d\d")
#: Heats the bed for long enough that a page on a busy machine sees it heat.
HEATS_LONG = "M140 S110"


# What a heater does


def test_the_sidebar_counts_down_while_a_heater_heats(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    octoprint.gcode(HEATS_LONG)
    bed = heater(page, "bed")
    expect(state(page)).to_have_text("Heating")
    expect(bed.locator(".temp-eta-countdown")).to_have_text(COUNTDOWN)
    expect(bed).to_contain_text(re.compile(r"Ready at \d"))
    expect(bed).to_contain_text("110.0°C")
    bar = bed.get_by_role("progressbar")
    first = int(bar.get_attribute("aria-valuenow") or 0)
    eventually(lambda: int(bar.get_attribute("aria-valuenow") or 0) > first, "the bar to grow")

    expect(state(page)).to_have_text("At target")
    expect(bed.locator(".temp-eta-countdown")).to_have_text("")
    expect(bar).to_have_count(0)


def test_a_heater_cools_down_on_the_page(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    octoprint.gcode("M140 S60")
    expect(state(page)).to_have_text("At target")
    octoprint.gcode("M140 S0")
    expect(state(page)).to_have_text("Cooling")
    expect(heater(page, "bed")).to_contain_text("→ 40.0°C")
    expect(heater(page, "bed")).to_contain_text(re.compile(r"Cool at \d"))


def test_page_and_broker_get_the_same(open_page: Open, octoprint: OctoPrint, observer: Observer) -> None:
    """Also while nobody looks at the tab: the page shows what is published."""
    messages: list[dict[str, Any]] = []
    page = open_page()

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: messages.extend(ours(frame)))

    page.on("websocket", listen)
    page.reload()
    expect(heater(page, "bed")).to_be_visible()
    octoprint.gcode("M140 S45")
    expect(state(page)).to_have_text("At target")

    shown = [each["data"] for each in messages if each["type"] == "eta_update" and each["heater"] == "bed"]
    assert len(shown) > 3
    published = [message.json for message in observer.on(f"{BASE}/bed/eta")]
    for message in published:
        for stamp in ("seq", "timestamp", "boot_id"):
            del message[stamp]
    for data in shown:
        assert data.pop("current") == data["actual"]
        assert set(data) == set(published[0])
    assert {key: shown[-1][key] for key in ("state", "target")} == {"state": "at_target", "target": 45.0}
    assert [data for data in shown if data in published], "the same readings give the same message"


def test_a_late_page_shows_the_present_state(open_page: Open, octoprint: OctoPrint, observer: Observer) -> None:
    octoprint.gcode("M140 S45")
    observer.wait_for(f"{BASE}/bed/eta", lambda message: message.json["state"] == "at_target", timeout=60)
    page = open_page()
    expect(state(page)).to_have_text("At target")
    expect(state(page, "tool1")).to_have_text("Off")
    names = heater(page, "bed").locator("xpath=..").locator("strong").all_inner_texts()
    assert names == ["Tool 0", "Tool 1", "Bed"]


def test_a_page_is_current_after_the_server_restarts(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    expect(state(page)).to_have_text("Off")
    octoprint.stop()
    expect(page.locator("#offline_overlay")).to_be_visible()
    with page.expect_response(re.compile("/api/plugin/temp_eta")) as response:
        octoprint.start()
    assert response.value.ok
    octoprint.gcode(HEATS_LONG)
    expect(state(page)).to_have_text("Heating")


def test_a_printer_that_goes_is_seen(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    expect(state(page)).to_have_text("Off")
    octoprint.disconnect()
    expect(state(page)).to_have_text("No data")
    expect(open_tab(page)).to_contain_text("The printer is not connected.")


def test_the_navbar_counts_for_the_slowest_and_opens_the_tab(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    entry = page.locator("#navbar_plugin_temp_eta .temp-eta-navbar")
    expect(state(page)).to_have_text("Off")
    expect(entry).to_be_hidden()
    octoprint.gcode(HEATS_LONG)
    expect(entry).to_have_text(re.compile(r"Bed\s+\d+:\d\d"))
    expect(entry).to_have_attribute("title", re.compile("Bed: Heating"))
    entry.click()
    tab = page.locator("#tab_plugin_temp_eta")
    expect(tab).to_be_visible()
    expect(tab).to_contain_text("Waiting for Bed")


def test_the_graph_shows_what_was_and_what_is_expected(open_page: Open, octoprint: OctoPrint, settings: Save) -> None:
    page = open_page()
    octoprint.gcode(HEATS_LONG)
    tab = open_tab(page)
    bed = tab.locator("[data-heater=bed]")
    expect(bed.locator(".temp-eta-plot canvas.flot-base")).to_be_visible()
    expect(bed.locator("figcaption")).to_have_text(re.compile("Measured.*Target.*Predicted.*Likely range", re.DOTALL))
    shown = page.wait_for_function(
        """() => {
            const graph = ko.dataFor(document.querySelector("#tab_plugin_temp_eta [data-heater=bed]")).graph();
            return graph && graph.shown.ahead.length > 5 && graph.shown.band.length > 5 ? graph.shown : null;
        }"""
    ).json_value()
    tops = bed.locator("figcaption > span").evaluate_all("keys => keys.map(key => key.offsetTop)")
    assert len(set(tops)) == 1, "a card whose key wraps when it heats moves those below it"
    assert shown["to"] > shown["ahead"][-1][0] > shown["actual"][-1][0] > shown["from"]
    assert shown["ahead"][-1][1] == pytest.approx(109, abs=0.1), "where the heat-up counts as complete"
    rises = [round((y2 - y1) / (x2 - x1), 5) for (x1, y1), (x2, y2) in pairwise(shown["ahead"])]
    assert max(rises) > 1.2 * min(rises), "no straight line"
    assert [row for row in shown["band"] if row[1] > row[2]], "faster is warmer"
    expect(bed.locator(".flot-x-axis .tickLabel", has_text="now")).to_have_count(1)
    expect(bed.locator(".flot-y-axis .tickLabel", has_text="°C").first).to_be_visible()
    bed.locator(".temp-eta-plot").hover(position={"x": 150, "y": 80})
    expect(bed.locator(".temp-eta-tip")).to_have_text(re.compile(r"(Measured|Predicted): [\d.]+°C"))

    before = bed.locator(".temp-eta-tip").inner_text()
    expect(bed.locator(".temp-eta-tip")).not_to_have_text(before)

    tool = tab.locator("[data-heater=tool1]")
    expect(tool.locator(".flot-x-axis .tickLabel").first).to_have_text("−3:00")
    settings(historical_graph_window_seconds=90)
    expect(tool.locator(".flot-x-axis .tickLabel").first).to_have_text("−1:30")
    settings(show_historical_graph=False)
    expect(tab.locator("canvas")).to_have_count(0)


def test_a_page_that_opens_while_the_printer_is_away_draws_the_rest_of_the_cool_down(
    open_page: Open, octoprint: OctoPrint
) -> None:
    octoprint.gcode("M140 S60")
    eventually(lambda: octoprint.actual("bed") > 55, "the bed to be hot", timeout=60)
    octoprint.gcode("M140 S0")
    eventually(lambda: octoprint.get("/api/plugin/temp_eta")["eta"]["bed"]["state"] == "cooling", "the cool-down")
    octoprint.disconnect()
    page = open_page()
    open_tab(page)
    expect(heater(page, "bed", "#tab_plugin_temp_eta")).to_contain_text("≈")
    page.wait_for_function(
        """() => {
            const graph = ko.dataFor(document.querySelector("#tab_plugin_temp_eta [data-heater=bed]")).graph();
            return graph && graph.shown.ahead.length > 5 && graph.shown.band.length > 5;
        }"""
    )


def test_what_was_learned_can_be_reset(open_page: Open, observer: Observer) -> None:
    page = open_page()
    bed = open_tab(page).locator("[data-heater=bed]")
    bed.get_by_text("How right was it?").click()
    bed.get_by_role("button", name="Reset learning").click()
    page.locator(".modal.in").get_by_text("Proceed", exact=True).click()
    reply = observer.wait_for(f"{BASE}/response", lambda message: message.json["command"] == "reset")
    assert reply.json["status"] == "completed"


def test_what_was_learned_of_all_heaters_can_be_reset(open_page: Open, observer: Observer) -> None:
    page = open_page()
    asked: list[dict[str, Any]] = []
    page.on("request", lambda request: asked.append(request.post_data_json) if request.method == "POST" else None)
    open_tab(page).get_by_role("button", name="Reset learning of all heaters").click()
    question = page.locator(".modal.in")
    expect(question).to_contain_text("Reset what was learned about all heaters?")
    question.get_by_text("Proceed", exact=True).click()
    eventually(lambda: len(resets(observer)) == 3, "a reply for each heater")
    assert [reply["status"] for reply in resets(observer)] == ["completed"] * 3
    expected = [{"command": "reset", "heater": name, "learned": True} for name in ("tool0", "tool1", "bed")]
    assert [each for each in asked if each["command"] == "reset"] == expected


def resets(observer: Observer) -> list[dict[str, Any]]:
    """Return the replies to the command `reset` so far."""
    return [message.json for message in observer.on(f"{BASE}/response") if message.json["command"] == "reset"]


# What the user chooses


@pytest.mark.parametrize(
    ("key", "place"),
    [
        pytest.param("show_in_sidebar", "#sidebar_plugin_temp_eta_wrapper", marks=pytest.mark.slow),
        pytest.param("show_in_tab", "#tab_plugin_temp_eta_link", marks=pytest.mark.slow),
        ("show_in_navbar", "#navbar_plugin_temp_eta .temp-eta-navbar"),
    ],
)
def test_each_place_can_be_switched_off_and_on(
    open_page: Open, octoprint: OctoPrint, settings: Save, key: str, place: str
) -> None:
    settings(**{key: False})
    page = open_page()
    octoprint.gcode(HEATS_LONG)
    expect(state(page)).to_have_text("Heating")
    expect(page.locator(place)).to_be_hidden()
    settings(**{key: True})
    expect(page.locator(place)).to_be_visible()


def test_colours_bars_and_units_are_the_users(open_page: Open, octoprint: OctoPrint, settings: Save) -> None:
    page = open_page()
    octoprint.gcode(HEATS_LONG)
    bed = heater(page, "bed")
    expect(bed).to_have_class(re.compile("temp-eta-(soon|near|far)"))
    settings(color_mode="status", color_heating="#123456", temp_display="cf")
    expect(bed.locator(".temp-eta-dot")).to_have_css("background-color", "rgb(18, 52, 86)")
    expect(bed).to_contain_text("110.0°C (230.0°F)")
    settings(show_progress_bars=False)
    expect(bed.get_by_role("progressbar")).to_have_count(0)


def test_an_arrival_is_shown_and_heard(open_page: Open, octoprint: OctoPrint, settings: Save) -> None:
    chosen = {f"{kind}_{what}": True for kind in ("sound", "notification") for what in ("enabled", "target_reached")}
    settings(**chosen, sound_volume=0.25)
    page = open_page()
    page.evaluate(
        """() => {
            window.played = [];
            window.Audio = function (url) {
                this.play = () => { window.played.push([url, this.volume]); return Promise.resolve(); };
            };
        }"""
    )
    octoprint.gcode("M140 S45")
    expect(state(page)).to_have_text("At target")
    expect(page.locator(".ui-pnotify")).to_contain_text("Bed has reached its target: 45.0°C")
    expect(page.locator("#navbar_plugin_temp_eta [role=status]")).to_have_text("Bed: At target")
    [(url, volume)] = page.evaluate("window.played")
    assert url.endswith("plugin/temp_eta/static/sounds/heating_complete.mp3")
    assert volume == 0.25


def test_the_open_tab_can_be_hidden(open_page: Open, settings: Save) -> None:
    page = open_page()
    expect(open_tab(page)).to_be_visible()
    settings(show_in_tab=False)
    expect(page.locator("#tab_plugin_temp_eta")).to_be_hidden()
    expect(page.locator("#temp")).to_be_visible()


def test_the_publish_interval_does_not_freeze_the_page(open_page: Open, octoprint: OctoPrint, settings: Save) -> None:
    settings(mqtt_publish_interval=300, update_interval=0.5)
    page = open_page()
    octoprint.gcode(HEATS_LONG)
    expect(state(page)).to_have_text("Heating")
    shown = heater(page, "bed").inner_text()
    eventually(lambda: heater(page, "bed").inner_text().splitlines()[-2:] != shown.splitlines()[-2:], "an update")


def test_fahrenheit_is_shown_everywhere(open_page: Open, octoprint: OctoPrint, settings: Save) -> None:
    settings(temp_display="cf")
    bed = open_tab(open_page()).locator("[data-heater=bed]")
    octoprint.gcode(HEATS_LONG)
    expect(bed).to_contain_text("°F/min")
    expect(bed.locator(".flot-y-axis .tickLabel").first).to_contain_text("°F")


def test_no_two_elements_of_a_heater_have_the_same_name(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    octoprint.gcode(HEATS_LONG)
    bed = open_tab(page).locator("[data-heater=bed]")
    expect(bed.get_by_role("progressbar")).to_have_attribute("aria-label", "Progress: Bed")
    expect(bed).to_have_attribute("aria-label", "Bed")


@pytest.mark.parametrize("name", ["heating_complete", "cooldown_complete"])
def test_a_browser_can_play_the_sounds(open_page: Open, name: str) -> None:
    duration, loudest = open_page().evaluate(
        """async url => {
            const data = await (await fetch(url)).arrayBuffer();
            const sound = await new OfflineAudioContext(1, 44100, 44100).decodeAudioData(data);
            return [sound.duration, Math.max(...sound.getChannelData(0).map(Math.abs))];
        }""",
        f"plugin/temp_eta/static/sounds/{name}.mp3",
    )
    assert 0.5 < duration < 2
    assert 0.5 < loudest <= 1


@pytest.mark.slow
def test_nothing_overflows_where_there_is_little_room(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    octoprint.gcode("M140 S60", "M104 T0 S210")
    page.add_style_tag(content="#sidebar, #tabs_content { width: 300px; box-sizing: border-box; }")
    open_tab(page)
    expect(page.locator("#tab_plugin_temp_eta [data-heater=bed] canvas.flot-base")).to_be_visible()
    for place in ("#tab_plugin_temp_eta", "#sidebar_plugin_temp_eta"):
        wide = page.locator(place).evaluate("place => place.scrollWidth - place.clientWidth")
        assert wide <= 0, place


@pytest.mark.slow
def test_a_hot_heater_whose_threshold_was_changed_is_not_called_cooled_down(
    open_page: Open, octoprint: OctoPrint, settings: Save
) -> None:
    page = open_page()
    octoprint.gcode("M140 S90")
    expect(state(page)).to_have_text("At target")
    octoprint.gcode("M140 S0")
    expect(state(page)).to_have_text("Cooling")
    settings(cooldown_target_bed=120)
    expect(state(page)).to_have_text("Cooled down")
    settings(cooldown_target_bed=40)
    expect(state(page)).to_have_text("Cooling")
    expect(heater(page, "bed")).to_contain_text("→ 40.0°C")
