"""The pages in a real Chromium: a real OctoPrint heats, and what a user sees and saves is looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, WebSocket, expect

from octoprint_temp_eta import settings as table
from tests.conftest import BASE, INSTANCE
from tests.support import browser as browsers
from tests.support import translations
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import PASSWORD, USER, OctoPrint
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER)

#: ms that a page may take to show what is expected of it; loading OctoPrint's takes longest.
PATIENCE_MS = 20_000
SECRET = "hunter2-and-more"
COUNTDOWN = re.compile(r"\d+:\d\d")

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with browsers.chromium() as browser:
        yield browser


@pytest.fixture
def open_page(chromium: Browser, octoprint: OctoPrint) -> Iterator[Open]:
    """Open OctoPrint as the administrator, in a browser of its own; no script of ours may fail in it."""
    problems: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "TempEta" in message.text:
            problems.append(message.text)

    def note_exception(error: Error) -> None:
        if "packed_plugins" in (error.stack or ""):
            problems.append(error.stack or str(error))

    def open_it(locale: str = "en", width: int = 1200) -> Page:
        context = chromium.new_context(locale=locale, viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", note)
        page.on("pageerror", note_exception)
        log_in(page, octoprint)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def settings(octoprint: OctoPrint) -> Iterator[Callable[..., None]]:
    """Save settings of the plugin for one test."""
    before = octoprint.get("/api/settings")["plugins"]["temp_eta"]
    yield lambda **changes: octoprint.save_plugin_settings("temp_eta", changes)
    octoprint.save_plugin_settings("temp_eta", {key: before[key] for key in before if before[key] is not None})


def log_in(page: Page, octoprint: OctoPrint) -> None:
    page.goto(octoprint.url)
    page.locator("input[type=text]").first.fill(USER)
    page.locator("input[type=password]").first.fill(PASSWORD)
    page.locator("input[type=checkbox]").first.check()  # remembers the login, also through OctoPrint's restart
    page.keyboard.press("Enter")
    expect(page.locator("#page-container-main")).to_be_visible(timeout=3 * PATIENCE_MS)
    expect(page.locator("#page-container-loading")).to_be_hidden(timeout=3 * PATIENCE_MS)


def heater(page: Page, name: str, place: str = "#sidebar_plugin_temp_eta") -> Locator:
    return page.locator(f"{place} [data-heater={name}]")


def state(page: Page, name: str = "bed") -> Locator:
    return heater(page, name).locator(".temp-eta-state")


def open_tab(page: Page) -> Locator:
    page.locator("#tab_plugin_temp_eta_link a").click()
    return page.locator("#tab_plugin_temp_eta")


def open_settings(page: Page, group: str = "Estimation") -> Locator:
    """Open our page of the settings dialog at a group of settings, and return the dialog."""
    dialog = page.locator("#settings_dialog")
    page.locator("#navbar_show_settings").click()
    expect(dialog).to_be_visible()
    page.locator("#settings_plugin_temp_eta_link a").click()
    form = page.locator(f"#settings_plugin_temp_eta form[data-group='{group}']")
    page.locator(f"#settings_plugin_temp_eta a[href='#{form.get_attribute('id')}']").click()
    expect(form).to_be_visible()
    return dialog


def field(page: Page, key: str) -> Locator:
    return page.locator(f"#temp_eta_setting_{key}")


def save(page: Page) -> None:
    page.locator("#settings_dialog [data-test-id=settings-save]").click()


def saved(octoprint: OctoPrint, key: str) -> Any:
    return octoprint.get("/api/settings")["plugins"]["temp_eta"][key]


# What a heater does


def test_the_sidebar_counts_down_while_a_heater_heats(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    octoprint.gcode("M140 S60")
    bed = heater(page, "bed")
    expect(state(page)).to_have_text("Heating")
    expect(bed.locator(".temp-eta-countdown")).to_have_text(COUNTDOWN)
    expect(bed).to_contain_text(re.compile(r"Ready at \d"))
    expect(bed).to_contain_text("60.0°C")
    bar = bed.get_by_role("progressbar")
    first = int(bar.get_attribute("aria-valuenow") or 0)
    eventually(lambda: int(bar.get_attribute("aria-valuenow") or 0) > first, "the bar to grow")

    expect(state(page)).to_have_text("At target", timeout=60_000)
    expect(bed.locator(".temp-eta-countdown")).to_have_text("")
    expect(bar).to_have_count(0)


def test_a_heater_cools_down_on_the_page(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    octoprint.gcode("M140 S60")
    expect(state(page)).to_have_text("At target", timeout=60_000)
    octoprint.gcode("M140 S0")
    expect(state(page)).to_have_text("Cooling")
    expect(heater(page, "bed")).to_contain_text("→ 40.0°C")
    expect(heater(page, "bed")).to_contain_text(re.compile(r"Cool at \d"))


def test_page_and_broker_get_the_same(open_page: Open, octoprint: OctoPrint, observer: Observer) -> None:
    """Also while nobody looks at the tab: what the page shows is what the broker was told."""
    messages: list[dict[str, Any]] = []
    page = open_page()

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: messages.extend(ours(frame)))

    page.on("websocket", listen)
    page.reload()
    expect(heater(page, "bed")).to_be_visible()
    octoprint.gcode("M140 S45")
    expect(state(page)).to_have_text("At target", timeout=60_000)

    told = [each["data"] for each in messages if each["type"] == "eta_update" and each["heater"] == "bed"]
    assert len(told) > 3
    published = {message.json["seq"]: message.json for message in observer.on(f"{BASE}/bed/eta")}
    for data in told:
        assert data.pop("current") == data["actual"]
        assert data == published[data["seq"]]


def ours(frame: str | bytes) -> Iterator[dict[str, Any]]:
    """Yield our plugin's messages in a frame of OctoPrint's web socket."""
    text = frame if isinstance(frame, str) else frame.decode()
    for message in json.loads(text[1:]) if text.startswith("a") else ():
        plugin = message.get("plugin") if isinstance(message, dict) else None
        if plugin and plugin["plugin"] == "temp_eta":
            yield plugin["data"]


def test_a_late_page_shows_the_present_state(open_page: Open, octoprint: OctoPrint, observer: Observer) -> None:
    octoprint.gcode("M140 S45")
    observer.wait_for(f"{BASE}/bed/eta", lambda message: message.json["state"] == "at_target", timeout=60)
    page = open_page()
    expect(state(page)).to_have_text("At target")
    expect(state(page, "tool1")).to_have_text("Off")
    names = heater(page, "bed").locator("xpath=..").locator("strong").all_inner_texts()
    assert names == ["Tool 0", "Tool 1", "Bed"]


def test_a_page_catches_up_after_the_server_was_away(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    expect(state(page)).to_have_text("Off")
    octoprint.stop()
    expect(page.locator("#offline_overlay")).to_be_visible()
    with page.expect_response(re.compile("/api/plugin/temp_eta"), timeout=60_000) as answer:
        octoprint.start()
    assert answer.value.ok
    octoprint.gcode("M140 S60")
    expect(state(page)).to_have_text("Heating")


def test_a_printer_that_goes_is_seen(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    expect(state(page)).to_have_text("Off")
    octoprint.disconnect()
    expect(state(page)).to_have_text("Unknown")
    expect(open_tab(page)).to_contain_text("The printer is not connected.")


def test_the_navbar_counts_for_the_slowest_and_opens_the_tab(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    entry = page.locator("#navbar_plugin_temp_eta .temp-eta-navbar")
    expect(state(page)).to_have_text("Off")
    expect(entry).to_be_hidden()
    octoprint.gcode("M140 S60")
    expect(entry).to_have_text(re.compile(r"Bed\s+\d+:\d\d"))
    expect(entry).to_have_attribute("title", re.compile("Bed: Heating"))
    entry.click()
    tab = page.locator("#tab_plugin_temp_eta")
    expect(tab).to_be_visible()
    expect(tab).to_contain_text("Still on their way: Bed")


def test_the_graph_shows_what_was_and_what_is_expected(
    open_page: Open, octoprint: OctoPrint, settings: Callable[..., None]
) -> None:
    page = open_page()
    octoprint.gcode("M140 S60")
    tab = open_tab(page)
    bed = tab.locator("[data-heater=bed]")
    expect(bed.locator("path.temp-eta-actual")).to_have_attribute("d", re.compile(r"M[\d.]+ [\d.]+L"))
    expect(bed.locator("path.temp-eta-ahead")).to_have_attribute("d", re.compile(r"M[\d.]+ [\d.]+L100"))
    expect(bed).to_contain_text("Most likely")
    expect(bed.locator("figcaption")).to_contain_text("−3:00")
    settings(historical_graph_window_seconds=90)
    expect(bed.locator("figcaption")).to_contain_text("−1:30")
    settings(show_historical_graph=False)
    expect(tab.locator("svg")).to_have_count(0)


def test_what_was_learned_can_be_forgotten(open_page: Open, observer: Observer) -> None:
    page = open_page()
    open_tab(page).locator("[data-heater=bed]").get_by_role("button", name="Forget what was learned").click()
    page.locator(".modal.in").get_by_text("Proceed", exact=True).click()
    reply = observer.wait_for(f"{BASE}/response", lambda message: message.json["command"] == "reset")
    assert reply.json["status"] == "completed"


# What the user chooses


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("show_in_sidebar", "#sidebar_plugin_temp_eta_wrapper"),
        ("show_in_tab", "#tab_plugin_temp_eta_link"),
        ("show_in_navbar", "#navbar_plugin_temp_eta .temp-eta-navbar"),
    ],
)
def test_each_place_can_be_switched_off_and_on(
    open_page: Open, octoprint: OctoPrint, settings: Callable[..., None], key: str, place: str
) -> None:
    settings(**{key: False})
    page = open_page()
    octoprint.gcode("M140 S60")
    expect(state(page)).to_have_text("Heating")
    expect(page.locator(place)).to_be_hidden()
    settings(**{key: True})
    expect(page.locator(place)).to_be_visible()


def test_colours_bars_and_units_are_the_users(
    open_page: Open, octoprint: OctoPrint, settings: Callable[..., None]
) -> None:
    page = open_page()
    octoprint.gcode("M140 S60")
    bed = heater(page, "bed")
    expect(bed).to_have_class(re.compile("temp-eta-(soon|near|far)"))
    settings(color_mode="status", color_heating="#123456", temp_display="cf")
    expect(bed.locator(".temp-eta-dot")).to_have_css("background-color", "rgb(18, 52, 86)")
    expect(bed).to_contain_text("60.0°C (140.0°F)")
    settings(show_progress_bars=False)
    expect(bed.get_by_role("progressbar")).to_have_count(0)


def test_an_arrival_is_shown_and_heard(open_page: Open, octoprint: OctoPrint, settings: Callable[..., None]) -> None:
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
    expect(state(page)).to_have_text("At target", timeout=60_000)
    expect(page.locator(".ui-pnotify")).to_contain_text("Bed has reached its target: 45.0°C")
    expect(page.locator("#navbar_plugin_temp_eta [role=status]")).to_have_text("Bed: At target")
    [(url, volume)] = page.evaluate("window.played")
    assert url.endswith("plugin/temp_eta/static/sounds/heating_complete.mp3")
    assert volume == 0.25


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


# The settings dialog


def test_the_dialog_saves(open_page: Open, octoprint: OctoPrint, settings: Callable[..., None]) -> None:
    page = open_page()
    dialog = open_settings(page, "Cooling down")
    field(page, "cooldown_target_bed").fill("35.5")
    field(page, "cooldown_mode").select_option("ambient")
    field(page, "cooldown_ambient_temp").fill("")
    field(page, "enable_cooldown_eta").uncheck()
    save(page)
    expect(dialog).to_be_hidden()
    assert saved(octoprint, "cooldown_target_bed") == 35.5
    assert saved(octoprint, "cooldown_mode") == "ambient"
    assert saved(octoprint, "cooldown_ambient_temp") is None
    assert saved(octoprint, "enable_cooldown_eta") is False


def test_the_dialog_says_what_is_refused_and_why(
    open_page: Open, octoprint: OctoPrint, settings: Callable[..., None]
) -> None:
    page = open_page()
    dialog = open_settings(page, "Broker")
    port = saved(octoprint, "mqtt_broker_port")
    field(page, "mqtt_broker_port").fill("70000")
    field(page, "mqtt_keepalive").fill("77")
    page.locator("#settings_plugin_temp_eta a[href='#temp_eta_group_1']").click()
    save(page)

    rule = page.locator("#temp_eta_setting_mqtt_broker_port_rule")
    expect(rule).to_be_visible()
    expect(rule).to_have_text(re.compile(r"must be a whole number from 1 to 65535"))
    expect(page.locator("#settings_plugin_temp_eta .alert[role=alert]")).to_contain_text(
        "Nothing of this page was saved"
    )
    expect(field(page, "mqtt_broker_port")).to_be_focused()
    expect(dialog).to_be_visible()
    expect(page.locator("#settings_dialog_update_detected")).to_be_hidden()
    assert saved(octoprint, "mqtt_broker_port") == port
    assert saved(octoprint, "mqtt_keepalive") == 30

    field(page, "mqtt_broker_port").fill(str(port))
    save(page)
    expect(dialog).to_be_hidden()
    assert saved(octoprint, "mqtt_keepalive") == 77


def test_a_password_goes_in_and_never_comes_out(
    open_page: Open, octoprint: OctoPrint, settings: Callable[..., None]
) -> None:
    page = open_page()
    dialog = open_settings(page, "Broker")
    field(page, "mqtt_username").fill("printer")
    field(page, "mqtt_password").fill(SECRET)
    save(page)
    expect(dialog).to_be_hidden()
    kept = octoprint.config()["plugins"]["temp_eta"]
    assert kept["mqtt_password"] == SECRET

    dialog = open_settings(page, "Broker")
    expect(field(page, "mqtt_password")).to_have_value("")
    field(page, "mqtt_password").fill("x")
    field(page, "mqtt_password").fill("")
    field(page, "mqtt_keepalive").fill("44")
    save(page)
    expect(dialog).to_be_hidden()
    assert octoprint.config()["plugins"]["temp_eta"]["mqtt_password"] == SECRET

    page.reload()
    expect(heater(page, "bed")).to_be_visible()
    seen = page.content() + json.dumps([octoprint.get("/api/settings"), octoprint.get("/api/plugin/temp_eta")])
    assert SECRET not in seen + octoprint.log()


def test_the_dialog_shows_the_connection_and_why_there_is_none(open_page: Open, broker: Broker) -> None:
    page = open_page()
    open_settings(page, "Broker")
    status = page.locator("#settings_plugin_temp_eta form[data-group=Broker] .alert")
    expect(status).to_contain_text(f"Connected to 127.0.0.1:{broker.port} with MQTT")
    expect(status).to_contain_text(f"octoprint/temp_eta/{INSTANCE}")
    broker.stop()
    expect(status).to_contain_text("There is no connection to the broker.")
    expect(status).to_contain_text(f"TCP: 127.0.0.1:{broker.port} refuses the connection: is the broker running?")
    broker.start()
    expect(status).to_contain_text("Connected to", timeout=40_000)


def test_every_setting_has_a_field_with_its_bounds_and_a_label(open_page: Open) -> None:
    page = open_page()
    open_settings(page)
    for row, rule in table.rows():
        entry = field(page, row.name)
        expect(entry).to_have_count(1)
        expect(page.locator(f"label[for=temp_eta_setting_{row.name}]")).to_have_text(rule.meaning.replace("`", ""))
        if rule.low is not None and not rule.choices:
            assert float(entry.get_attribute("min") or "nan") == rule.low
            assert float(entry.get_attribute("max") or "nan") == rule.high


# In German, and on a telephone


def test_the_pages_speak_german(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page("de")
    octoprint.gcode("M140 S60")
    expect(state(page)).to_have_text("Heizt")
    expect(heater(page, "bed")).to_contain_text(re.compile(r"Bereit um \d\d:\d\d"))
    open_settings(page, "Broker")
    german = {each.id: each.string for each in translations.known("de") if each.id}
    for row, rule in table.rows():
        text = german[rule.meaning].replace("`", "")
        assert text != rule.meaning.replace("`", "")
        expect(page.locator(f"label[for=temp_eta_setting_{row.name}]")).to_have_text(text)
    field(page, "mqtt_broker_port").fill("0")
    save(page)
    expect(page.locator("#temp_eta_setting_mqtt_broker_port_rule")).to_have_text(
        re.compile("muss eine ganze Zahl von 1 bis 65535 sein")
    )


def test_nothing_overflows_where_there_is_little_room(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    octoprint.gcode("M140 S60", "M104 T0 S210")
    page.add_style_tag(content="#sidebar, #tabs_content { width: 300px; box-sizing: border-box; }")
    open_tab(page)
    expect(page.locator("#tab_plugin_temp_eta [data-heater=bed] svg")).to_be_visible()
    for place in ("#tab_plugin_temp_eta", "#sidebar_plugin_temp_eta"):
        wide = page.locator(place).evaluate("place => place.scrollWidth - place.clientWidth")
        assert wide <= 0, place
