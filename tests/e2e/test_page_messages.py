"""What the pages make of messages, in one page of a real OctoPrint that gets them as from its web socket.

The heater of these messages is one that the printer does not have, so that the server sends none about it.
"""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support import browser as browsers
from tests.support.octoprint_page import LEVELS, heater
from tests.support.page_messages import BROKER, DARK, ETA, IDLE, LOST, MODEL, RUN, card, choose, overflow, send

pytestmark = pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER)

# Countdown


def countdown(page: Page, *ends: float | None) -> list[float | None]:
    """Return the remaining seconds that are shown second by second, where the server sends these estimates."""
    shown: list[float | None] = page.evaluate(
        """estimates => {
            const countdown = new TempETA.Countdown();
            return estimates.map((seconds, second) => {
                const now = 1000 * second;
                countdown.step(now);
                if (seconds !== false) countdown.update("episode", seconds, now);
                return countdown.endsAt() === null ? null : (countdown.endsAt() - now) / 1000;
            });
        }""",
        list(ends),
    )
    return shown


def test_the_countdown_falls_by_itself(page: Page) -> None:
    assert countdown(page, 30, *[False] * 5) == [30, 29, 28, 27, 26, 25]


def test_the_rounding_of_the_messages_does_not_shake_the_countdown(page: Page) -> None:
    assert countdown(page, 60, 60, 58, 58, 56, 54) == [60, 59, 58, 57, 56, 55]


def test_a_countdown_follows_a_new_estimate_without_a_jump(page: Page) -> None:
    for new in (100, 20):
        shown = countdown(page, 60, *[new - second for second in range(20)])
        steps = [abs((after or 0) - (before or 0) + 1) for before, after in pairwise(shown)]
        assert max(steps) < 0.5 * abs(new - 60)
        assert shown[-1] == pytest.approx(new - 19, abs=2)


def test_a_page_that_was_hidden_shows_the_new_estimate_at_once(page: Page) -> None:
    shown = page.evaluate(
        """() => {
            const countdown = new TempETA.Countdown();
            countdown.update("episode", 60, 0);
            countdown.step(0);
            countdown.update("episode", 200, 20000);
            countdown.step(20000);
            return (countdown.endsAt() - 20000) / 1000;
        }"""
    )
    assert shown == 200


def test_without_an_estimate_there_is_no_countdown(page: Page) -> None:
    assert countdown(page, 60, None) == [60, None]


def test_the_clock_time_is_that_of_the_countdown(page: Page) -> None:
    expect(card(page).locator(".temp-eta-countdown")).to_have_text(re.compile(r"1:[23]\d"))
    same = page.evaluate(
        """() => {
            const heater = ko.dataFor(document.querySelector("#tab_plugin_temp_eta [data-heater=kiln]"));
            const clock = TempETA.clock(Date.now() + 1000 * heater.remaining());
            return [heater.expectedAt(), "Ready at " + clock];
        }"""
    )
    assert same[0] == same[1]


# Connection


def test_an_error_of_an_earlier_connection_is_not_shown_beside_a_good_one(page: Page) -> None:
    place = page.locator("#tab_plugin_temp_eta .temp-eta-connection")
    send(page, type="connection_update", data={**LOST, "retry_at": "2099-01-01T00:00:00Z"})
    expect(place).to_contain_text("TCP: the broker refuses the connection.")
    expect(place).to_contain_text(re.compile(r"Next try in \d+ s"))
    badge = page.locator("#navbar_plugin_temp_eta .temp-eta-badge")
    expect(badge).to_be_visible()
    summary = re.compile(r"Not connected to the broker\.\nTCP: the broker refuses the connection\.\nNext try in \d+ s")
    expect(badge).to_have_attribute("title", summary)
    send(page, type="connection_update", data={**LOST, "connected": True, "broker": BROKER})
    expect(place).to_contain_text("Connected to broker.test:1883")
    expect(place).not_to_contain_text("refuses")
    expect(page.locator("#navbar_plugin_temp_eta .temp-eta-badge")).to_have_count(0)


def test_a_lost_connection_is_notified_once_and_only_if_wanted(page: Page) -> None:
    good = {**LOST, "connected": True, "broker": BROKER}
    for wanted in (False, True):
        choose(page, notification_enabled=wanted)
        send(page, type="connection_update", data=good)
        for reason in ("The connection is lost.", "TCP: refused."):
            send(page, type="connection_update", data={**LOST, "last_error": reason})
            send(page, type="notification", level="warning", title="MQTT", message=reason)
        expect(page.locator(".ui-pnotify")).to_have_count(1 if wanted else 0)


# Layout and colours


def test_a_long_title_and_error_stay_in_the_sidebar(page: Page) -> None:
    title = "Measure the flatness of the bed at two hundred and fifty points and " + "x" * 60
    script = {"id": "long", "title": title, "settings": {}, "error": None, "description": "y" * 80}
    page.set_viewport_size({"width": 900, "height": 900})
    send(page, type="scripts_update", data=[script])
    send(page, type="script_update", data={**IDLE, "last": RUN, "timestamp": 0})
    sidebar = page.locator("#sidebar_plugin_temp_eta_scripts")
    expect(sidebar.locator(".temp-eta-start")).to_be_visible()
    assert overflow(sidebar.locator(".temp-eta-start")) <= 0
    assert overflow(sidebar.locator(".temp-eta-script-error")) <= 0
    assert overflow(sidebar) <= 0
    expect(sidebar).to_contain_text("It took 1:05.")
    send(page, type="scripts_update", data=[])


def test_each_state_has_its_own_colour_where_colours_mean_states(page: Page) -> None:
    choose(page, color_mode="status", color_heating="#123456", color_idle="#777777")
    dot = card(page).locator(".temp-eta-dot")
    expect(dot).to_have_css("background-color", "rgb(18, 52, 86)")
    nothing = {"eta_seconds": None, "eta_kind": None, "eta_low": None, "eta_high": None, "progress": None}
    send(page, type="eta_update", heater="kiln", data={**ETA, **nothing, "state": "at_target", "actual": 60})
    expect(dot).to_have_css("background-color", "rgb(79, 153, 79)")


def test_the_sidebar_shows_when_the_whole_printer_is_ready(page: Page) -> None:
    printer = {"connected": True, "state": "OPERATIONAL", "status": "heating", "waiting_for": ["kiln"]}
    send(page, type="printer_update", data=printer)
    ready = page.locator("#sidebar_plugin_temp_eta .temp-eta-printer")
    expect(ready).to_have_text(re.compile(r"The printer will be ready at \d+:\d\d"))
    expect(ready).to_have_attribute("title", "Waiting for kiln")
    order = page.locator("#sidebar > .accordion-group").evaluate_all("all => all.map(each => each.id)")
    assert order.index("sidebar_plugin_temp_eta_wrapper") < order.index("files_wrapper")


def test_the_navbar_shows_every_countdown(page: Page) -> None:
    send(page, type="eta_update", heater="oven", data={**ETA, "heater": "oven", "eta_seconds": 200})
    entries = page.locator("#navbar_plugin_temp_eta .temp-eta-entry")
    expect(entries).to_have_text([re.compile(r"kiln\s+1:\d\d"), re.compile(r"oven\s+3:\d\d")])
    send(page, type="eta_update", heater="oven", data=None)


def test_earlier_estimates_are_shown_beside_the_real_durations(page: Page) -> None:
    page.evaluate(
        """() => {
            const heater = ko.dataFor(document.querySelector("#tab_plugin_temp_eta [data-heater=kiln]"));
            const heatUp = {direction: "heating", start: 22, goal: 60, predicted: 72, low: 62, high: 87, real: 80};
            heater.history({episodes: [heatUp], learned: {heating: 1, cooling: 0}});
        }"""
    )
    past = card(page).locator(".temp-eta-past")
    expect(past.locator("summary")).to_contain_text("±10 % on average")
    expect(past.locator("summary")).to_contain_text("learning (1 of 3)")
    past.locator("summary").click()
    expect(past.locator("tbody td")).to_have_text([re.compile("22°C → 60°C"), "1:12", "1:20", re.compile("−0:08")])
    expect(past.locator(".fa-check")).to_be_visible()


def test_the_graph_shows_the_interval_of_the_estimate(page: Page) -> None:
    """The curve is the server's; its ends are those of the countdown and of the likely range."""
    shown = page.evaluate(
        """() => {
            const now = 1e12;
            const curve = new TempETA.Curve(
                {payload: () => ({actual: 30}), endsAt: () => now + 60000, name: "kiln"}, () => $.Deferred()
            );
            curve.known({shape: [[0, 30], [0.5, 50], [1, 59]], from: now, seconds: 60});
            const goal = {celsius: 60, low: 50, middle: 60, high: 80};
            return TempETA.plotted([{at: now, actual: 30, target: 60}], now, 60000, goal, curve);
        }"""
    )
    now = 1e12
    assert shown["ahead"] == [[now, 30], [now + 30000, 50], [now + 60000, 59]]
    assert shown["band"][0] == [now, 30, 30]
    assert shown["band"][-1] == [now + 80000, 59, 59]
    assert [now + 50000, 59] in [row[:2] for row in shown["band"]]
    assert shown["to"] > now + 80000
    assert (shown["low"], shown["high"]) == (pytest.approx(28.2), pytest.approx(61.8))


def test_a_page_in_the_background_draws_only_the_newest_graph_when_somebody_looks(page: Page) -> None:
    """A browser gives it no frames. A frame for each message would freeze the page for minutes after a night."""
    shown = page.evaluate(
        """async pages => {
            const frames = [], request = window.requestAnimationFrame;
            await new Promise(request); // no graph waits for a frame any more
            window.requestAnimationFrame = (draw) => frames.push(draw);
            for (let number = 0; number < 50; number++) pages.now(Date.now() + 1000 * number);
            window.requestAnimationFrame = request;
            frames.forEach((draw) => draw());
            const all = $("#tab_plugin_temp_eta .temp-eta-plot").toArray();
            const elements = all.filter((each) => ko.dataFor(each).graph());
            const drawn = elements.map((each) => $(each).data("plot").getXAxes()[0].options.max);
            const newest = elements.map((each) => ko.dataFor(each).graph().shown.to);
            pages.now(Date.now());
            return {frames: frames.length, drawn: drawn, newest: newest};
        }""",
        page.evaluate_handle(MODEL),
    )
    assert shown["frames"] == len(shown["newest"]) > 0
    assert shown["drawn"] == shown["newest"]


def test_the_measured_line_ends_at_the_newest_reading_where_the_predicted_one_starts(page: Page) -> None:
    """A message may be older than OctoPrint's last reading."""
    send(page, type="eta_update", heater="oven", data={**ETA, "heater": "oven"})
    ends = page.evaluate(
        """pages => {
            const seconds = Date.now() / 1000;
            const reading = (ago, actual) => ({time: seconds - ago, oven: {actual: actual, target: 60}});
            pages.fromCurrentData({serverTime: seconds, temps: [reading(4, 30), reading(2, 33)]});
            const oven = pages.heaters().find((heater) => heater.name === "oven");
            oven.curve.known({shape: [[0, 30], [1, 59]], from: Date.now(), seconds: 90});
            const {actual, ahead, band} = pages.graph(oven).shown;
            return [...actual.slice(-2).map((point) => point[1]), ahead[0][1], ...band[0].slice(1)];
        }""",
        page.evaluate_handle(MODEL),
    )
    send(page, type="eta_update", heater="oven", data=None)
    assert ends == [33] * 5


def test_an_extrapolated_temperature_is_shown_instead_of_the_last_reading(page: Page) -> None:
    send(page, type="eta_update", heater="retort", data={**ETA, "heater": "retort"})
    page.evaluate(f"{MODEL}.fromCurrentData({{temps: [{{time: 1, retort: {{actual: 50, target: 0}}}}]}})")
    retort = heater(page, "retort")
    expect(retort).to_contain_text("50.0°C")
    cooling = {"state": "cooling", "target": 0, "cooldown_target": 40, "actual": 41.5, "extrapolated": True}
    send(page, type="eta_update", heater="retort", data={**ETA, **cooling, "heater": "retort"})
    expect(retort).to_contain_text("≈ 41.5°C")
    lines = page.evaluate(
        """() => {
            const now = 100000;
            const curve = {known: () => true, points: (at, seconds, start) => [[at, start], [at + 1000 * seconds, 40]]};
            const goal = {celsius: 40, low: null, middle: 20, high: null};
            const newest = {celsius: 41.5, extrapolated: true};
            const shown = TempETA.plotted([{at: 70000, actual: 50, target: 0}], now, 60000, goal, curve, newest);
            return [shown.actual, shown.ahead];
        }"""
    )
    assert lines == [[[70_000, 50]], [[70_000, 50], [100_000, 41.5], [120_000, 40]]], "it is not drawn as measured"
    send(page, type="eta_update", heater="retort", data=None)


@pytest.mark.parametrize("width", [1200, 900])
def test_the_sidebar_does_not_jump_when_a_heater_reaches_a_hundred_degrees(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    # The longest time of day, so that the line is nearly full at any time.
    seconds = page.evaluate("() => (new Date().setHours(12, 30, 0, 0) - Date.now()) / 1000")
    eta = {**ETA, "heater": "crucible", "target": 250, "eta_seconds": seconds % 86_400}
    heights = []
    for actual in (99.9, 100.0):
        send(page, type="eta_update", heater="crucible", data={**eta, "actual": actual})
        expect(heater(page, "crucible")).to_contain_text(f"{actual}°C")
        expect(heater(page, "crucible")).to_contain_text("Ready at 12:30 PM")
        heights.append(heater(page, "crucible").evaluate("place => place.offsetHeight"))
    send(page, type="eta_update", heater="crucible", data=None)
    assert heights[0] == heights[1]


def test_a_curve_whose_estimate_has_just_ended_draws_nothing(page: Page) -> None:
    known = page.evaluate(
        """eta => {
            const payload = () => eta;
            const reply = {result: {heater: "kiln", eta_seconds: null, shape: []}};
            const curve = new TempETA.Curve(
                {payload: payload, endsAt: () => 1e12 + 60000, name: "kiln"}, () => $.Deferred().resolve(reply)
            );
            curve.follow(1e12);
            return curve.known();
        }""",
        ETA,
    )
    assert known is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "place",
    [
        "#tab_plugin_temp_eta",
        "#sidebar_plugin_temp_eta",
        "#sidebar_plugin_temp_eta_scripts",
        "#navbar_plugin_temp_eta",
    ],
)
def test_everybody_can_read_and_use_the_pages(page: Page, place: str, scheme: str) -> None:
    """OctoPrint's page is dark only with a theme; `prefers-color-scheme` alone must change nothing of ours."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    style = page.add_style_tag(content=DARK if scheme == "dark" else "/* OctoPrint's own theme */")
    script = {"id": "long", "title": "It waits", "settings": {}, "error": None, "description": "What it does"}
    send(page, type="scripts_update", data=[script, {**script, "id": "broken.py", "error": "SyntaxError: wrong"}])
    send(page, type="script_update", data={**IDLE, "last": RUN, "timestamp": 0})
    send(page, type="script_log", data={"message": "G28"})
    send(page, type="connection_update", data={**LOST, "retry_at": "2099-01-01T00:00:00Z"})
    found = Axe().run(page, context=place, options=LEVELS)
    style.evaluate("style => style.remove()")
    send(page, type="scripts_update", data=[])
    page.emulate_media(color_scheme="light")
    assert found.violations_count == 0, found.generate_report()


def test_the_keyboard_reaches_what_the_mouse_does(page: Page) -> None:
    summary = card(page).locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(card(page).get_by_role("button", name="Reset learning")).to_be_visible()
    page.keyboard.press("Tab")
    expect(card(page).get_by_role("button", name="Reset learning")).to_be_focused()
    summary.press("Enter")


# Temperature history


@pytest.mark.parametrize("name", ["__proto__", "constructor", "toString"])
def test_a_heater_may_have_the_name_of_a_property_of_objects(page: Page, name: str) -> None:
    points = page.evaluate(
        """name => {
            const history = new TempETA.History();
            const before = history.of(name, 0).length;
            history.add({temps: [JSON.parse(`{"time": 5, "${name}": {"actual": 20, "target": 0}}`)]});
            return [before, history.of(name, 0).map((point) => point.actual)];
        }""",
        name,
    )
    assert points == [0, [20]]
