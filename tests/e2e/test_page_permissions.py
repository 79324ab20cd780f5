"""What users see who may not read the heaters, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import BASE
from tests.support import browser as browsers
from tests.support.mqtt_client import Observer
from tests.support.octoprint import PASSWORD, USER, OctoPrint
from tests.support.octoprint_page import TIMEOUT_MS, Open, Save, heater, log_in, messages_in, open_settings, ours
from tests.support.page_messages import MODEL
from tests.support.scripts_page import show_scripts, sidebar
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER)

DIALOG = "ko.dataFor(document.querySelector('#settings_plugin_temp_eta'))"
#: All texts in the dialog, shown or not, and the values of its fields.
HELD = """() => {
    const page = document.querySelector("#settings_plugin_temp_eta");
    return [page.textContent, ...[...page.querySelectorAll("input, textarea")].map((each) => each.value)].join("\\n");
}"""


@pytest.fixture
def browser_page(chromium: Browser) -> Iterator[Page]:
    """A page of a browser in which nobody is logged in."""
    context = chromium.new_context(locale="en")
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    yield page
    context.close()


def test_a_user_who_may_not_read_gets_no_hint_to_connect_the_printer(open_page: Open, octoprint: OctoPrint) -> None:
    octoprint.disconnect()
    page = open_page()
    page.evaluate(
        """() => {
            const login = ko.dataFor(document.querySelector("#navbar_login")).loginState;
            login.userneeds({role: ["status"]});
            ko.dataFor(document.querySelector("#sidebar_plugin_temp_eta_wrapper")).heaters([]);
        }"""
    )
    expect(page.get_by_text("Connect the printer to see its heaters.")).to_have_count(2)
    for place in ("#sidebar_plugin_temp_eta", "#tab_plugin_temp_eta"):
        expect(page.locator(place).get_by_text("Connect the printer to see its heaters.")).to_be_hidden()


def test_a_page_gets_no_messages_for_a_user_who_may_not_read(
    browser_page: Page, octoprint: OctoPrint, observer: Observer
) -> None:
    """OctoPrint keeps messages from before the login, and would send them after it."""
    octoprint.add_user("viewer", ["STATUS", "SETTINGS_READ"])
    frames: list[str | bytes] = []
    page = browser_page

    def note(frame: str | bytes) -> None:
        frames.append(frame)

    page.on("websocket", lambda socket: socket.on("framereceived", note))
    octoprint.gcode("M140 S110")
    log_in(page, octoprint, "viewer")
    since = observer.mark()
    octoprint.gcode("M140 S45")
    observer.wait_for(f"{BASE}/bed/eta", lambda message: message.json["target"] == 45, timeout=60, since=since)
    # Playwright notes frames only while it is called.
    eventually(
        lambda: page.evaluate("1") and any(_shows_bed(frame, 45) for frame in frames), "OctoPrint's temperatures"
    )
    assert [message for frame in frames for message in ours(frame)] == []
    expect(page.locator("#sidebar_plugin_temp_eta [data-heater]")).to_have_count(0)


@pytest.fixture(params=[()])
def guests_may_look(octoprint: OctoPrint, request: pytest.FixtureRequest) -> Iterator[None]:
    """Who is not logged in sees OctoPrint, without our estimates; `param` are more permissions."""
    path = "/api/access/groups/guests"
    before = octoprint.get(path)
    octoprint.request("PUT", path, {**before, "permissions": ["STATUS", "SETTINGS_READ", *request.param]})
    yield
    octoprint.request("PUT", path, before)


@pytest.mark.usefixtures("guests_may_look")
def test_a_log_in_on_the_open_page_shows_all_and_a_log_out_leaves_nothing(
    browser_page: Page, octoprint: OctoPrint
) -> None:
    page = browser_page
    log_in(page, octoprint)
    panel = page.locator("#sidebar_plugin_temp_eta")
    expect(page.locator("#navbar_login")).to_contain_text("Login")
    expect(panel).to_be_hidden()
    log_in_on(page)
    # Nothing changes at these heaters: no message brings them.
    expect(heater(page, "bed")).to_be_visible()
    expect(heater(page, "tool0")).to_be_visible()
    log_out_of(page)
    expect(panel).to_be_hidden()
    expect(page.locator("[data-heater]")).to_have_count(0)


@pytest.mark.usefixtures("guests_may_look")
@pytest.mark.parametrize("guests_may_look", [("PLUGIN_TEMP_ETA_READ",)], indirect=True)
def test_a_log_out_hides_what_only_the_administrator_gets_from_a_guest_who_may_read(
    browser_page: Page, octoprint: OctoPrint
) -> None:
    page = browser_page
    log_in(page, octoprint)
    log_in_on(page)
    page.wait_for_function(f"{MODEL}.connection.mqtt()?.broker")
    page.evaluate(f"{MODEL}.problems(['Cannot save'])")
    log_out_of(page)
    expect(page.locator("#sidebar_plugin_temp_eta")).to_be_visible()
    page.wait_for_function(f"{MODEL}.problems().length === 0 && !{MODEL}.connection.mqtt()?.broker")


@pytest.mark.usefixtures("guests_may_look")
def test_who_logs_in_next_does_not_see_the_open_settings_of_a_script(
    browser_page: Page, octoprint: OctoPrint, settings: Save, tmp_path: Path
) -> None:
    may = ("STATUS", "SETTINGS_READ", "PLUGIN_TEMP_ETA_READ", "PLUGIN_TEMP_ETA_RUN")
    octoprint.add_user("operator", list(may))
    show_scripts(octoprint, settings, tmp_path)
    page = browser_page
    log_in(page, octoprint)
    log_in_on(page)
    card = sidebar(page).locator("[data-script=returns]")
    card.get_by_role("button", name="Settings: It returns").click()
    expect(card.locator("form")).to_be_visible()
    log_out_of(page)
    log_in_on(page, "operator")
    expect(card).to_be_visible()
    expect(card.locator("form")).to_have_count(0)


@pytest.mark.usefixtures("guests_may_look")
def test_a_log_out_leaves_nothing_of_the_settings_dialog(
    browser_page: Page, octoprint: OctoPrint, settings: Save, tmp_path: Path
) -> None:
    show_scripts(octoprint, settings, tmp_path)
    page = browser_page
    log_in(page, octoprint)
    log_in_on(page)
    dialog = open_settings(page, "Connection")
    dialog.get_by_role("button", name="Test connection").click()
    expect(dialog.locator("li[data-step='Read back'][data-status=ok]")).to_have_count(1)
    page.evaluate(DIALOG + ".leftovers.text('TempETA: 1 found')")
    private = ["127.0.0.1", "Read back", BASE, str(tmp_path), "It returns", "1 found", "Cannot save"]
    # in one step: the next message of the server has no problems
    held = page.evaluate(f"() => {{ {DIALOG}.problems(['Cannot save']); return ({HELD})(); }}")
    assert [each for each in private if each not in held] == []
    dialog.locator("[data-test-id=settings-close-button]").click()
    expect(dialog).to_be_hidden()
    log_out_of(page)
    # OctoPrint replaces the settings themselves.
    eventually(lambda: str(tmp_path) not in page.evaluate(HELD), "the values of the settings to be gone")
    held = page.evaluate(HELD)
    assert [each for each in private if each in held] == []
    log_in_on(page)
    open_settings(page, "Scripts")
    expect(dialog.locator("[data-script=returns] legend")).to_have_text("It returns")


def log_in_on(page: Page, user: str = USER) -> None:
    """Log in on a page that guests may see."""
    page.locator("#navbar_login > a").click()
    page.locator("#login_user").fill(user)
    page.locator("#login_pass").fill(PASSWORD)
    page.locator("#login_button").click()
    expect(page.locator("#navbar_login")).to_contain_text(user)


def log_out_of(page: Page) -> None:
    page.locator("#navbar_login > a").click()
    page.locator("#logout_button").click()
    expect(page.locator("#navbar_login")).to_contain_text("Login")


def _shows_bed(frame: str | bytes, target: float) -> bool:
    """Return whether OctoPrint reports in this frame that the bed has this target."""
    rows = (row for message in messages_in(frame) for row in message.get("current", {}).get("temps", []))
    return any(row["bed"]["target"] == target for row in rows)
