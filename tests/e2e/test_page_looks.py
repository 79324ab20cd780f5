"""How the pages look, in a real Chromium: what is legible in each theme, keeps its place, and is named once."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.support import browser as browsers
from tests.support.octoprint_page import LEVELS, field, heater, open_settings, save
from tests.support.page_messages import BROKER, DARK, ETA, IDLE, LOST, MODEL, card, choose, overflow, send

pytestmark = pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER)

NOTHING = {"eta_seconds": None, "eta_kind": None, "eta_low": None, "eta_high": None, "progress": None, "rate": None}
OFF = {**ETA, **NOTHING, "state": "off", "target": 0}
PRINTER = {"connected": True, "state": "OPERATIONAL", "waiting_for": [], "status": "idle"}
#: WCAG 2.1, 1.4.11, of graphics.
LEAST_CONTRAST = 3.0
LIGHT_AND_DARK = ((255, 255, 255), (54, 57, 63))
#: The opacity of an element, with that of all around it.
OPACITY = """element => {
    let opacity = 1;
    for (let each = element; each; each = each.parentElement) opacity *= getComputedStyle(each).opacity;
    return opacity;
}"""


def luminance(rgb: tuple[int, ...]) -> float:
    parts = [value / 255 for value in rgb]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    "eta",
    [
        {**OFF},
        {**OFF, "state": "unknown"},
        {**OFF, "state": "at_target"},
        {**OFF, "state": "stalled"},
        {**OFF, "state": "heating"},
        {**ETA, "eta_seconds": 30},
        {**ETA, "eta_seconds": 200},
        {**ETA, "eta_seconds": 2000},
    ],
    ids=lambda eta: f"{eta['state']}-{eta['eta_seconds']}",
)
def test_the_line_of_a_heater_is_seen_in_light_and_dark_themes(page: Page, eta: dict[str, Any]) -> None:
    choose(page, color_mode="bands")
    send(page, type="eta_update", heater="kiln", data=eta)
    dot = card(page).locator(".temp-eta-dot")
    color = dot.evaluate("dot => getComputedStyle(dot).backgroundColor.match(/\\d+/g).map(Number)")
    assert min(contrast(tuple(color), background) for background in LIGHT_AND_DARK) >= LEAST_CONTRAST
    assert card(page).locator(".temp-eta-plot").evaluate(OPACITY) == 1


def boxes(*places: Locator) -> list[dict[str, float] | None]:
    """Return where the places are; they are as wide as before only if nothing is beside them."""
    return [place.bounding_box() for place in places]


def test_nothing_moves_when_a_heater_starts_to_heat(page: Page) -> None:
    send(page, type="printer_update", data=PRINTER)
    reading = "{time: Date.now() / 1000, kiln: {actual: 30, target: 0}}"
    page.evaluate(f"{MODEL}.fromCurrentData({{temps: [{reading}]}})")
    send(page, type="eta_update", heater="kiln", data=OFF)
    expect(card(page).locator(".temp-eta-plot canvas").first).to_be_visible()
    side = heater(page, "kiln")
    inside = [side.get_by_text("30.0°C"), card(page).locator(".temp-eta-body")]
    places = [side, page.locator("#sidebar_plugin_temp_eta_wrapper"), card(page), *inside]
    expect(page.locator("#sidebar_plugin_temp_eta .temp-eta-printer")).to_have_text("The heaters are off.")
    before = boxes(*places)

    send(page, type="printer_update", data={**PRINTER, "status": "heating", "waiting_for": ["kiln"]})
    send(page, type="eta_update", heater="kiln", data=ETA)
    expect(side.get_by_role("progressbar")).to_be_visible()
    expect(page.locator("#sidebar_plugin_temp_eta .temp-eta-printer")).to_contain_text("The printer will be ready at")
    expect(page.locator("#tab_plugin_temp_eta .temp-eta-printer")).to_contain_text("Waiting for kiln")
    assert boxes(*places) == before


def test_no_two_elements_have_the_same_label(page: Page) -> None:
    send(page, type="connection_update", data=LOST)
    labels = page.locator(".temp-eta [aria-label]:visible").evaluate_all("all => all.map(each => each.ariaLabel)")
    assert "Graph of kiln: measured, target and predicted temperature" in labels
    assert [label for label, count in Counter(labels).items() if count > 1] == []


def test_the_mark_of_a_computed_temperature_is_explained(page: Page) -> None:
    away = {**OFF, "state": "cooling", "cooldown_target": 40, "actual": 80, "extrapolated": True}
    send(page, type="eta_update", heater="kiln", data=away)
    send(page, type="printer_update", data={**PRINTER, "connected": False, "state": "OFFLINE", "status": "cooling"})
    line = page.locator("#tab_plugin_temp_eta .temp-eta-printer")
    expect(line).to_have_text("The printer is not connected.  Temperatures with ≈ are computed, not measured.")
    value = heater(page, "kiln").get_by_text("≈ 80.0°C")
    expect(value).to_have_attribute("title", "Computed, not measured: the printer is not connected.")
    send(page, type="eta_update", heater="kiln", data=OFF)
    expect(line).not_to_contain_text("≈")


def test_the_badge_of_a_lost_connection_is_legible(page: Page) -> None:
    send(page, type="connection_update", data=LOST)
    badge = page.locator("#navbar_plugin_temp_eta .temp-eta-badge")
    for theme in ("", DARK):
        style = page.add_style_tag(content=theme or "/* none */")
        expect(badge).to_have_css("color", "rgb(255, 255, 255)")
        expect(badge).to_have_css("background-color", "rgb(185, 74, 72)")
        style.evaluate("style => style.remove()")


def test_of_several_brokers_each_has_its_steps_below_its_name(page: Page) -> None:
    fine = [{"broker": "one:1883", "name": "TCP", "status": "ok", "message": "one:1883 accepts connections."}]
    wrong = [
        {"broker": "two:1883", "name": "TCP", "status": "failed", "message": "two:1883 refuses the connection."},
        {"broker": "two:1883", "name": "TLS", "status": "skipped", "message": "An earlier step failed."},
    ]
    later = 1_000_000  # than any test on this server, which other tests may have run
    show = "test => ko.dataFor(document.querySelector('#settings_plugin_temp_eta')).test.show(test)"
    open_settings(page, "Connection")
    brokers = page.locator(".temp-eta-test details")
    page.evaluate(show, {"number": later, "running": True, "steps": [*fine, wrong[0]], "problem": None})
    expect(brokers.locator("summary strong").first).to_have_text("one:1883")
    expect(brokers.nth(0).locator("li")).to_be_hidden()
    expect(brokers.nth(1).locator("li")).to_be_visible()
    page.evaluate(show, {"number": later, "running": False, "steps": [*fine, *wrong], "problem": None})
    expect(brokers.nth(1).locator("li:visible")).to_have_text("TCP: two:1883 refuses the connection.")
    brokers.nth(1).locator("summary").click()
    expect(brokers.nth(1).locator("li[data-step=TLS]")).to_be_visible()
    page.locator("#settings_dialog [data-test-id=settings-close-button]").click()
    expect(page.locator("#settings_dialog")).to_be_hidden()


def test_a_falling_rate_has_the_sign_of_the_other_numbers(page: Page) -> None:
    cooling = {"state": "cooling", "eta_kind": "cooldown", "target": 0, "cooldown_target": 20, "rate": -0.5}
    send(page, type="eta_update", heater="kiln", data={**ETA, **cooling})
    expect(card(page)).to_contain_text("−30.0 °C/min")


def test_the_error_of_an_estimate_is_the_difference_of_the_times_beside_it(page: Page) -> None:
    episodes = [(235.6, 235.4), (57.4, 55.2), (17.2, 16.9)]
    page.evaluate(
        """episodes => {
            const heater = ko.dataFor(document.querySelector("#tab_plugin_temp_eta [data-heater=kiln]"));
            const known = {direction: "heating", start: 22, goal: 60, low: null, high: null};
            const shown = episodes.map(([predicted, real]) => ({...known, predicted, real}));
            heater.history({episodes: shown, learned: {heating: 1, cooling: 0}});
        }""",
        episodes[::-1],
    )
    texts = "rows => rows.map(row => [...row.cells].slice(1).map(cell => cell.textContent.trim()))"
    assert card(page).locator("tbody tr").evaluate_all(texts) == [
        ["3:56", "3:55", "+0:01"],
        ["0:57", "0:55", "+0:02"],
        ["0:17", "0:17", "0:00"],
    ]


def test_the_elapsed_time_is_beside_a_long_title(page: Page) -> None:
    script = {"id": "long", "title": "Level the bed at many points, with a title of two lines " + "x" * 40}
    send(page, type="scripts_update", data=[{**script, "settings": {}, "error": None, "description": None}])
    running = {
        **IDLE,
        **script,
        "state": "running",
        "run_id": "r1",
        "timestamp": 10,
        "started_at": "1970-01-01T00:00:05Z",
    }
    send(page, type="script_update", data=running)
    place = page.locator("#sidebar_plugin_temp_eta_scripts")
    title, timer = place.locator("strong").bounding_box(), place.get_by_role("timer").bounding_box()
    assert title is not None
    assert timer is not None
    assert timer["y"] == pytest.approx(title["y"], abs=2)
    assert timer["x"] >= title["x"] + title["width"]
    assert timer["height"] < title["height"], "on one line"
    assert overflow(place) <= 0
    send(page, type="script_update", data={**IDLE, "timestamp": 11})
    send(page, type="scripts_update", data=[])


@pytest.mark.parametrize("theme", ["/* OctoPrint's own theme */", DARK], ids=["light", "dark"])
def test_a_refused_value_and_the_reason_are_legible(page: Page, theme: str) -> None:
    style = page.add_style_tag(content=theme)
    open_settings(page, "Connection")
    before = field(page, "mqtt_keepalive").input_value()
    field(page, "mqtt_keepalive").fill("0")
    field(page, "mqtt_keepalive").evaluate("field => field.scrollIntoView({block: 'end'})")
    save(page)
    expect(page.locator("#temp_eta_setting_mqtt_keepalive_rule")).to_be_in_viewport(ratio=1)
    found = Axe().run(page, context="#settings_plugin_temp_eta .temp-eta-field.error", options=LEVELS)
    field(page, "mqtt_keepalive").fill(before)
    save(page)
    expect(page.locator("#settings_dialog")).to_be_hidden()
    style.evaluate("style => style.remove()")
    assert found.violations_count == 0, found.generate_report()


def test_what_does_not_work_on_a_connection_is_shown_beside_it(page: Page) -> None:
    place = page.locator("#tab_plugin_temp_eta .temp-eta-connection")
    data = {**LOST, "connected": True, "broker": BROKER, "problem": "Commands will not arrive."}
    send(page, type="connection_update", data=data)
    expect(place).to_contain_text("Connected to broker.test:1883")
    expect(place).to_contain_text("Commands will not arrive.")
    expect(place).to_have_class(re.compile("temp-eta-impaired"))


def test_a_connection_test_of_before_the_last_restart_is_not_shown(page: Page) -> None:
    shown = """() => {
        const test = new TempETA.ConnectionTest();
        test.show({number: 1, running: true, steps: [], problem: null});
        test.show(null);
        return test.state();
    }"""
    assert page.evaluate(shown) is None


def test_a_search_for_leftovers_can_be_started_again_when_the_dialog_was_closed_meanwhile(page: Page) -> None:
    searching = """() => {
        const leftovers = new TempETA.Leftovers();
        leftovers.show({searching: true, found: [], removed: false, problem: null});
        leftovers.forget();
        return leftovers.searching();
    }"""
    assert page.evaluate(searching) is False


@pytest.mark.parametrize("text", ["constructor", "toString", "x must be __proto__"])
def test_a_text_may_be_the_name_of_a_property_of_objects(page: Page, text: str) -> None:
    assert "undefined" not in page.evaluate(
        "(text) => { window.LOCALE = 'de'; return TempETA.translated(text); }", text
    )


def test_after_a_change_of_the_browsers_clock_the_graphs_are_shown_again(page: Page) -> None:
    shown = page.evaluate(
        """() => {
            const history = new TempETA.History();
            const real = Date.now;
            const message = (number) => {
                const seconds = real() / 1000 + number;
                history.add({serverTime: seconds, temps: [{time: seconds, oven: {actual: 30, target: 60}}]});
            };
            for (let number = 0; number < 5; number++) message(number);
            Date.now = () => real() + 7200000;
            for (let number = 5; number < 30; number++) message(number);
            const points = history.of("oven", Date.now() - 60000).length;
            Date.now = real;
            return points;
        }"""
    )
    assert shown > 0
