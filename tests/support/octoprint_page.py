"""Navigation in OctoPrint's page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.support.octoprint import PASSWORD, USER, OctoPrint

#: Milliseconds to wait for an expected element; on a busy machine, loading OctoPrint's page takes longest.
TIMEOUT_MS = 60_000
#: The rules of axe for what users must be able to read and use.
LEVELS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa"]}}

#: Opens OctoPrint as the administrator in a new browser context; the argument is the language.
Open = Callable[..., Page]
#: Saves settings of the plugin, by name, for one test.
Save = Callable[..., None]

#: The page's requests for the server's state.
_STATE = "**/api/plugin/temp_eta"


def log_in(page: Page, octoprint: OctoPrint, user: str = USER) -> None:
    """Open OctoPrint, and log in unless the browser is logged in already."""
    page.goto(octoprint.url)
    if page.locator("#login").count():
        page.locator("input[type=text]").first.fill(user)
        page.locator("input[type=password]").first.fill(PASSWORD)
        page.locator("input[type=checkbox]").first.check()  # keeps the login across a restart of OctoPrint
        page.keyboard.press("Enter")
    expect(page.locator("#page-container-main")).to_be_visible(timeout=2 * TIMEOUT_MS)
    expect(page.locator("#page-container-loading")).to_be_hidden(timeout=2 * TIMEOUT_MS)


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


def messages_in(frame: str | bytes) -> list[dict[str, Any]]:
    """Return the messages in a frame of OctoPrint's web socket."""
    text = frame if isinstance(frame, str) else frame.decode()
    messages = json.loads(text[1:]) if text.startswith("a") else []
    return [message for message in messages if isinstance(message, dict)]


def ours(frame: str | bytes) -> Iterator[dict[str, Any]]:
    """Yield our plugin's messages in a frame of OctoPrint's web socket."""
    for message in messages_in(frame):
        plugin = message.get("plugin")
        if plugin and plugin["plugin"] == "temp_eta":
            yield plugin["data"]


class BadGateway:
    """Answers the page's requests for the server's state in its place, as a reverse proxy does."""

    def __init__(self, page: Page) -> None:
        self.requests = 0
        self._page = page
        page.route(_STATE, self._answer)

    def _answer(self, route: Route) -> None:
        if route.request.method != "GET":
            route.continue_()
            return
        self.requests += 1
        route.fulfill(status=502, body="Bad gateway")

    def end(self) -> None:
        self._page.unroute(_STATE)
