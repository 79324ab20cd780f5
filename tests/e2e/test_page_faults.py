"""What the pages do while the server does not answer, and with more than a page can show at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support import browser as browsers
from tests.support.octoprint_page import BadGateway, Open, heater, open_settings
from tests.support.page_messages import IDLE, MODEL, send
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER)

NO_RESPONSE = "No response from server."


@pytest.mark.parametrize("place", ["#sidebar_plugin_temp_eta", "#tab_plugin_temp_eta"])
def test_a_page_that_gets_no_state_at_first_says_so_and_gets_it_later(open_page: Open, place: str) -> None:
    page = open_page()
    gateway = BadGateway(page)
    page.reload()
    page.locator("#tab_plugin_temp_eta_link a").click()
    expect(page.locator(place).get_by_text(NO_RESPONSE)).to_be_visible()
    expect(page.locator(place).get_by_text("Connect the printer")).to_be_hidden()
    expect(heater(page, "bed", place)).to_have_count(0)
    gateway.end()
    # Nothing changes at this heater: no message brings it.
    expect(heater(page, "bed", place)).to_be_visible()
    expect(page.locator(place).get_by_text(NO_RESPONSE)).to_be_hidden()


def test_a_run_that_ended_while_the_page_was_disconnected_does_not_stay(page: Page) -> None:
    send(page, type="script_update", data={**IDLE, "state": "running", "run_id": "r2", "timestamp": 0})
    gateway = BadGateway(page)
    page.evaluate(f"{MODEL}.onDataUpdaterReconnect()")
    expect(page.locator("#sidebar_plugin_temp_eta").get_by_text(NO_RESPONSE)).to_be_visible()
    assert page.evaluate(f"{MODEL}.scripts.obstacle()") == "A script is running."
    gateway.end()
    page.wait_for_function(f"{MODEL}.scripts.isIdle()")
    expect(page.locator("#sidebar_plugin_temp_eta").get_by_text(NO_RESPONSE)).to_be_hidden()


def test_a_command_without_a_reply_is_given_up(page: Page) -> None:
    """A proxy holds the reply back: the buttons would stay disabled, *Cancel* too."""
    page.route("**/api/plugin/temp_eta", lambda route: None if route.request.method == "POST" else route.continue_())
    page.evaluate(f"() => void {MODEL}.scripts.cancel()")
    assert page.evaluate(f"{MODEL}.scripts.pending()")
    expect(page.locator(".ui-pnotify", has_text=NO_RESPONSE).first).to_be_visible()
    assert not page.evaluate(f"{MODEL}.scripts.pending()")


def test_a_refusal_of_octoprint_itself_is_shown(page: Page) -> None:
    refusal = "{responseJSON: {error: 'CSRF validation failed'}}"
    assert page.evaluate(f"TempETA.reason({refusal})") == "CSRF validation failed"


def test_a_scripts_settings_that_cannot_be_opened_are_reported(page: Page) -> None:
    gateway = BadGateway(page)
    page.evaluate(f"() => void {MODEL}.scripts.toggleSettings({{id: 'waits'}})")
    expect(page.locator(".ui-pnotify", has_text=NO_RESPONSE).first).to_be_visible()
    gateway.end()


def test_the_settings_dialog_asks_again_while_it_is_open(open_page: Open) -> None:
    page = open_page()
    gateway = BadGateway(page)
    dialog = open_settings(page, "Connection")
    expect(dialog.get_by_text(NO_RESPONSE)).to_be_visible()
    eventually(lambda: page.wait_for_timeout(50) or gateway.requests >= 2, "another request")
    dialog.locator("[data-test-id=settings-close-button]").click()
    expect(dialog).to_be_hidden()
    page.wait_for_function("() => $.active === 0")
    requests = gateway.requests
    page.wait_for_timeout(6000)
    assert gateway.requests == requests
    gateway.end()
    open_settings(page, "Connection")
    expect(dialog.get_by_text("Base topic:")).to_be_visible()
    expect(dialog.get_by_text(NO_RESPONSE)).to_be_hidden()


#: Makes a `TempETA.State` whose requests are in `requests`, and its timers in `timers`, each with its pause.
STATE = """
    const requests = [], timers = [], shown = [];
    const real = {get: OctoPrint.simpleApiGet, start: window.setTimeout, end: window.clearTimeout};
    OctoPrint.simpleApiGet = () => requests[requests.push($.Deferred()) - 1];
    window.setTimeout = (run, pause) => timers.push({run: run, pause: pause});
    window.clearTimeout = (id) => id && (timers[id - 1].run = () => {});
    const state = new TempETA.State({wanted: () => wanted, show: (reply) => shown.push(reply)});
    const fail = (status = 502) => requests[requests.length - 1].reject({status: status});
    let wanted = true;
    const end = (result) => {
        OctoPrint.simpleApiGet = real.get;
        window.setTimeout = real.start;
        window.clearTimeout = real.end;
        return result;
    };
"""


def test_the_pauses_between_requests_grow_to_ten_seconds(page: Page) -> None:
    shown = page.evaluate(
        f"""() => {{
            {STATE}
            state.request();
            for (let number = 0; number < 5; number++) {{
                fail();
                timers[number].run();
            }}
            const failed = state.failed();
            requests[5].resolve("good");
            return end([timers.map((timer) => timer.pause), requests.length, failed, state.failed(), shown]);
        }}"""
    )
    assert shown == [[2000, 5000, 10_000, 10_000, 10_000], 6, True, False, ["good"]]


def test_a_newer_request_replaces_what_is_pending(page: Page) -> None:
    shown = page.evaluate(
        f"""() => {{
            {STATE}
            state.request();
            fail();
            state.request();
            timers[0].run();
            const requested = requests.length;
            state.request();
            requests[1].resolve("older");
            requests[2].resolve("newer");
            return end([requested, timers.length, shown]);
        }}"""
    )
    assert shown == [2, 1, ["newer"]]


def test_who_may_not_read_is_not_asked_for_again(page: Page) -> None:
    shown = page.evaluate(
        f"""() => {{
            {STATE}
            state.request();
            fail(403);
            const refused = [timers.length, state.failed()];
            state.request();
            fail();
            wanted = false;
            timers[0].run();
            return end([...refused, requests.length, state.failed()]);
        }}"""
    )
    assert shown == [0, False, 2, False]


def test_many_long_lines_of_a_log_are_shown_at_once(page: Page) -> None:
    """A page in the background has slow timers: there is a single one, whatever the number of lines."""
    send(page, type="script_log", data={"message": "the first"})
    log = page.locator("#sidebar_plugin_temp_eta_scripts [role=log]")
    expect(log).to_have_text("the first")
    shown = page.evaluate(
        """async pages => {
            const log = document.querySelector("#sidebar_plugin_temp_eta_scripts [role=log]");
            let updates = 0;
            const observer = new MutationObserver((changes) => (updates += changes.length && 1));
            observer.observe(log, {childList: true});
            const timers = [], real = window.setTimeout;
            window.setTimeout = (run) => timers.push(run);
            for (let number = 0; number < 200; number++) {
                const line = `${number} ` + "x".repeat(1500);
                pages.onDataUpdaterPluginMessage("temp_eta", {type: "script_log", data: {message: line}});
                await null; // as each message comes by itself
            }
            window.setTimeout = real;
            const before = updates;
            timers.forEach((run) => run());
            await null;
            observer.disconnect();
            return [timers.length, before, updates, log.textContent.split("\\n").map((line) => parseInt(line))];
        }""",
        page.evaluate_handle(MODEL),
    )
    page.evaluate(f"{MODEL}.scripts.lines([])")
    assert shown == [1, 0, 1, list(range(100, 200))]
