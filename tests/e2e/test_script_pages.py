"""The scripts on the pages, in a real Chromium: pressed, watched, cancelled, and given other settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.conftest import BASE
from tests.support import browser as browsers
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint
from tests.support.octoprint_page import Open, Save, open_settings, save
from tests.support.page_messages import MODEL
from tests.support.scripts import add_script, write_script
from tests.support.scripts_page import (
    BODIES,
    PATH,
    SETTINGS,
    button,
    last,
    open_with_empty_folder,
    run,
    setting,
    show_scripts,
    sidebar,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER)


@pytest.fixture
def scripts(octoprint: OctoPrint, settings: Save, tmp_path: Path) -> Iterator[OctoPrint]:
    """OctoPrint with a folder of scripts of its own, one of them broken; no run outlives the test."""
    show_scripts(octoprint, settings, tmp_path)
    octoprint.post(PATH, {"command": "save_script_settings", "id": "returns", "settings": SETTINGS})
    yield octoprint
    octoprint.request("POST", PATH, {"command": "cancel_script"})
    eventually(lambda: octoprint.get(PATH)["script"]["state"] == "idle", "the runner to be idle")


def test_a_script_is_started_watched_and_cancelled(scripts: OctoPrint, open_page: Open) -> None:
    page = open_page()
    expect(sidebar(page)).to_contain_text("Automation scripts")
    expect(button(page, "waits")).to_have_text(re.compile("It waits"))
    expect(button(page, "waits")).to_be_enabled()
    expect(last(page)).to_have_count(0)
    button(page, "waits").click()

    expect(sidebar(page).get_by_role("status")).to_have_text("waiting for <b>you</b>")
    expect(sidebar(page).locator("strong")).to_have_text("It waits")
    expect(sidebar(page).get_by_role("timer")).to_have_text(re.compile(r"\d:(0[1-9]|[1-5]\d)"))
    for name in BODIES:
        expect(button(page, name)).to_be_disabled()
    expect(sidebar(page).locator(".temp-eta-obstacle")).to_have_text("A script is running.")

    sidebar(page).get_by_role("button", name="Cancel").click()
    expect(last(page)).to_contain_text(re.compile(r"It waits was cancelled at \d"))
    expect(button(page, "waits")).to_be_enabled()
    expect(sidebar(page).get_by_role("timer")).to_have_count(0)
    expect(sidebar(page).get_by_role("status")).to_be_hidden()


def test_a_late_page_shows_the_run_and_its_age(scripts: OctoPrint, open_page: Open) -> None:
    scripts.post(PATH, {"command": "start_script", "id": "waits"})
    eventually(lambda: scripts.get(PATH)["script"]["status"], "the script's status")
    page = open_page()
    expect(sidebar(page).get_by_role("status")).to_have_text("waiting for <b>you</b>")
    expect(sidebar(page).get_by_role("timer")).to_have_text(re.compile(r"\d:\d\d"))
    page.reload()
    expect(sidebar(page).get_by_role("button", name="Cancel")).to_be_enabled()


def test_the_log_of_a_run_is_shown_while_it_runs(scripts: OctoPrint, open_page: Open) -> None:
    page = open_page()
    button(page, "logs").click()
    log = sidebar(page).get_by_role("log")
    expect(log).to_be_visible()
    expect(log).to_contain_text("probing <i>1</i>\n" * 30)
    assert log.evaluate("log => log.scrollHeight > log.clientHeight")
    assert log.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight") <= 1, "the newest line is in view"
    expect(sidebar(page).get_by_role("button", name="Cancel")).to_be_enabled()


def test_a_script_starts_only_when_confirmed_if_so_chosen(
    scripts: OctoPrint, settings: Save, open_page: Open, observer: Observer
) -> None:
    settings(script_confirm=True)
    page = open_page()
    question = page.locator(".modal.in")
    button(page, "returns").click()
    expect(question).to_contain_text("Start It returns? It may heat and move the printer.")
    question.get_by_text("Cancel", exact=True).click()
    expect(question).to_have_count(0)
    since = observer.mark()
    button(page, "fails").click()
    question.get_by_text("Proceed", exact=True).click()
    started = observer.wait_for(f"{BASE}/script", lambda message: message.json["id"] is not None, since=since)
    assert started.json["id"] == "fails"
    expect(last(page)).to_contain_text("ValueError: too cold")


def test_an_error_and_a_result_are_shown(scripts: OctoPrint, open_page: Open, observer: Observer) -> None:
    page = open_page()
    button(page, "fails").click()
    expect(last(page)).to_contain_text(re.compile(r"It fails failed with an error at \d"))
    expect(last(page)).to_contain_text("ValueError: too cold")
    expect(button(page, "returns")).to_be_enabled()
    assert run(page, observer) == SETTINGS
    expect(last(page)).to_contain_text(re.compile(r"It returns finished at \d"))
    expect(last(page).locator("dt")).to_have_text(list(SETTINGS))
    expect(last(page).locator("dd")).to_have_text(["2", "0.5", "printer", "false", "[1,2]", '{"a":1}', "null"])


def test_settings_and_results_may_have_any_name(scripts: OctoPrint, open_page: Open, tmp_path: Path) -> None:
    """lodash takes an object with a `length` for an array: with a large one, each page would build millions of rows."""
    values = {"length": 100, "constructor": 1, "width": 20}
    add_script(tmp_path, "pocket", "return True, self.settings", more=f"__script_settings__ = {values}")
    page = open_page()
    button(page, "pocket").click()
    expect(last(page).locator("dt")).to_have_text(list(values))
    expect(last(page).locator("dd")).to_have_text(["100", "1", "20"])
    sidebar(page).locator("[data-script=pocket]").get_by_role("button", name="Settings: pocket").click()
    expect(sidebar(page).locator("[data-script=pocket] .temp-eta-field label")).to_have_text(list(values))
    open_settings(page, "Scripts")
    expect(setting(page, "length", "pocket").locator("input")).to_have_value("100")


def test_the_error_of_the_previous_run_is_not_shown_beside_a_running_one(scripts: OctoPrint, open_page: Open) -> None:
    page = open_page()
    button(page, "fails").click()
    expect(last(page)).to_contain_text("ValueError: too cold")
    button(page, "waits").click()
    expect(sidebar(page).get_by_role("status")).to_have_text("waiting for <b>you</b>")
    expect(last(page)).to_have_count(0)


def test_a_broken_script_is_listed_with_its_error(scripts: OctoPrint, open_page: Open) -> None:
    page = open_page()
    expect(button(page, "broken.py")).to_be_disabled()
    expect(sidebar(page).locator("[data-script='broken.py']")).to_contain_text("SyntaxError")


def test_no_script_is_started_while_the_printer_is_not_ready(scripts: OctoPrint, open_page: Open) -> None:
    page = open_page()
    expect(button(page, "returns")).to_be_enabled()
    scripts.disconnect()
    expect(button(page, "returns")).to_be_disabled()
    expect(sidebar(page).locator(".temp-eta-obstacle")).to_have_text("The printer is not ready.")
    scripts.connect()
    expect(button(page, "returns")).to_be_enabled()


def test_scripts_are_shown_if_there_are_some_and_the_setting_is_on(
    octoprint: OctoPrint, settings: Save, open_page: Open, tmp_path: Path
) -> None:
    page = open_with_empty_folder(octoprint, settings, open_page, tmp_path)
    expect(page.locator("#sidebar_plugin_temp_eta_wrapper")).to_be_visible()
    expect(sidebar(page)).to_be_hidden()
    write_script(tmp_path, "return None")
    expect(sidebar(page)).to_be_visible()
    settings(show_scripts=False)
    expect(sidebar(page)).to_be_hidden()
    settings(show_scripts=True, allow_script_start=False)
    expect(sidebar(page)).to_contain_text("No script is running.")
    expect(sidebar(page).get_by_role("button")).to_have_count(0)


def test_who_may_not_run_scripts_sees_no_buttons(scripts: OctoPrint, open_page: Open) -> None:
    """The server refuses too; see the tests of the REST interface."""
    page = open_page()
    expect(button(page, "returns")).to_be_visible()
    page.evaluate(
        """() => {
            const login = ko.dataFor(document.querySelector("#navbar_login")).loginState;
            login.userneeds({role: ["plugin_temp_eta_read"]});
        }"""
    )
    expect(button(page, "returns")).to_have_count(0)
    expect(sidebar(page)).to_contain_text("No script is running.")


def test_the_dialog_changes_what_the_next_run_gets(scripts: OctoPrint, open_page: Open, observer: Observer) -> None:
    page = open_page()
    dialog = open_settings(page, "Scripts")
    expect(page.locator("#settings_plugin_temp_eta [data-script=returns] legend")).to_have_text("It returns")
    expect(page.locator("#settings_plugin_temp_eta fieldset")).to_have_count(1)
    labels = page.locator("#settings_plugin_temp_eta [data-script=returns] label")
    expect(labels).to_have_text(list(SETTINGS))
    expect(setting(page, "times").locator("input")).to_have_value("2")
    expect(setting(page, "points").locator("textarea")).to_have_value("[1,2]")
    setting(page, "times").locator("input").fill("7")
    setting(page, "ratio").locator("input").fill("0.25")
    setting(page, "name").locator("input").fill("Ærø <i>")
    setting(page, "loud").locator("input").check()
    setting(page, "points").locator("textarea").fill('[1, {"b": "c"}]')
    setting(page, "any").locator("textarea").fill('"text"')
    save(page)
    expect(dialog).to_be_hidden()

    wanted: dict[str, Any] = {**SETTINGS, "times": 7, "ratio": 0.25, "name": "Ærø <i>", "loud": True, "any": "text"}
    wanted["points"] = [1, {"b": "c"}]
    assert run(page, observer) == wanted
    open_settings(page, "Scripts")
    expect(setting(page, "times").locator("input")).to_have_value("7")
    expect(setting(page, "any").locator("textarea")).to_have_value('"text"')


def test_the_dialog_shows_an_error_at_its_field(scripts: OctoPrint, open_page: Open) -> None:
    page = open_page()
    dialog = open_settings(page, "Scripts")
    setting(page, "times").locator("input").fill("2.5")
    save(page)
    expect(setting(page, "times").locator(".help-block")).to_have_text("times must be a whole number.")
    expect(setting(page, "times").locator("input")).to_be_focused()
    expect(setting(page, "times").locator(".help-block")).to_be_in_viewport()
    expect(page.locator("#settings_dialog [data-test-id=settings-save]")).to_be_enabled()
    expect(dialog).to_be_visible()

    setting(page, "times").locator("input").fill("")
    setting(page, "points").locator("textarea").fill("[1, 2")
    setting(page, "map").locator("textarea").fill("[]")
    save(page)
    expect(setting(page, "times").locator(".help-block")).to_have_text("Enter a number")
    expect(setting(page, "points").locator(".help-block")).to_contain_text("Enter a JSON list")
    expect(setting(page, "map").locator(".help-block")).to_contain_text("Enter a JSON object")
    assert scripts.get(PATH)["script_settings"]["returns"] == SETTINGS

    setting(page, "times").locator("input").fill("4")
    setting(page, "points").locator("textarea").fill("[]")
    setting(page, "map").locator("textarea").fill("{}")
    save(page)
    expect(dialog).to_be_hidden()
    assert scripts.get(PATH)["script_settings"]["returns"] == SETTINGS | {"times": 4, "points": [], "map": {}}


def test_the_dialog_can_be_left_with_what_was_refused(scripts: OctoPrint, open_page: Open) -> None:
    page = open_page()
    dialog = open_settings(page, "Scripts")
    setting(page, "times").locator("input").fill("")
    save(page)
    expect(setting(page, "times").locator(".help-block")).to_be_visible()
    page.locator("#settings_dialog [data-test-id=settings-close-button]").click()
    expect(dialog).to_be_hidden()
    open_settings(page, "Scripts")
    expect(setting(page, "times").locator("input")).not_to_have_value("")


def test_the_scripts_pages_speak_german(scripts: OctoPrint, open_page: Open) -> None:
    page = open_page("de")
    expect(sidebar(page)).to_contain_text("Automatisierungsskripte")
    button(page, "waits").click()
    sidebar(page).get_by_role("button", name="Abbrechen").click()
    expect(last(page)).to_contain_text(re.compile(r"It waits wurde abgebrochen um \d\d:\d\d"))


def test_a_card_changes_its_scripts_settings(scripts: OctoPrint, open_page: Open, observer: Observer) -> None:
    page = open_page()
    card = sidebar(page).locator("[data-script=returns]")
    card.get_by_role("button", name="Settings: It returns").click()
    fields = card.locator(".temp-eta-field")
    expect(fields.locator("label")).to_have_text(list(SETTINGS))
    times = fields.filter(has=page.get_by_text("times", exact=True))
    expect(times.locator("input")).to_have_value("2")
    times.locator("input").fill("2.5")
    card.get_by_role("button", name="Save").click()
    expect(times.locator(".help-block")).to_have_text("times must be a whole number.")
    expect(times.locator("input")).to_be_focused()
    assert scripts.get(PATH)["script_settings"]["returns"] == SETTINGS

    times.locator("input").fill("9")
    card.get_by_role("button", name="Save").click()
    expect(fields).to_have_count(0)
    assert run(page, observer) == SETTINGS | {"times": 9}

    card.get_by_role("button", name="Settings: It returns").click()
    times.locator("input").press_sequentially("1")
    new = "{id: 'new', title: 'New', settings: {}, error: null}"
    page.evaluate(f"{MODEL}.scripts.found([...JSON.parse(ko.toJSON({MODEL}.scripts.list)), {new}])")
    expect(times.locator("input")).to_have_value("91")
    expect(times.locator("input")).to_be_focused()


def test_a_refusal_that_comes_after_the_form_was_closed_is_shown(scripts: OctoPrint, open_page: Open) -> None:
    page = open_page()
    card = sidebar(page).locator("[data-script=returns]")
    card.get_by_role("button", name="Settings: It returns").click()
    card.locator(".temp-eta-field input").first.fill("7")
    held: list[Route] = []
    page.route(f"**{PATH}", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith(PATH)):
        card.get_by_role("button", name="Save").click()
    page.evaluate(f"{MODEL}.scripts.form(null)")
    held[0].fulfill(status=503, json={"error": "The bridge does not answer."})
    expect(page.locator(".ui-pnotify")).to_contain_text("The bridge does not answer.")


def test_a_refused_jog_is_shown_and_the_sidebar_shows_that_a_script_controls_the_printer(
    scripts: OctoPrint, open_page: Open
) -> None:
    assert scripts.get("/api/settings")["plugins"]["temp_eta"]["notification_enabled"] is False
    page = open_page()
    button(page, "waits").click()
    expect(sidebar(page).get_by_text("The script controls the printer")).to_be_visible()
    expect(sidebar(page)).to_contain_text("waiting for <b>you</b>")
    scripts.post("/api/printer/printhead", {"command": "jog", "x": 1})
    expect(page.locator(".ui-pnotify", has_text="The printer was not moved")).to_be_visible()
