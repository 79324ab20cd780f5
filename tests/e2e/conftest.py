"""What the tests of the pages share: a browser, and OctoPrint in it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, ViewportSize, expect

from tests.support import browser as browsers
from tests.support.octoprint import OctoPrint
from tests.support.octoprint_page import TIMEOUT_MS, Open, Save, log_in, open_tab
from tests.support.page_messages import ETA, MODEL, send


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=TIMEOUT_MS)
    with browsers.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def browser_context(chromium: Browser) -> Iterator[Callable[[str], BrowserContext]]:
    """By language: cookies and cached files, so that only the first page of a module logs in and loads everything."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def context(locale: str) -> BrowserContext:
            size = ViewportSize(width=1200, height=900)
            return stack.enter_context(chromium.new_context(locale=locale, viewport=size))

        yield context


@pytest.fixture
def open_page(browser_context: Callable[[str], BrowserContext], octoprint: OctoPrint) -> Iterator[Open]:
    """Open OctoPrint as the administrator, with nothing stored by an earlier page; no script of ours may fail in it."""
    problems: list[str] = []
    pages: list[Page] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "TempEta" in message.text:
            problems.append(message.text)

    def note_exception(error: Error) -> None:
        if "packed_plugins" in (error.stack or ""):
            problems.append(error.stack or str(error))

    def open_it(locale: str = "en") -> Page:
        page = browser_context(locale).new_page()
        pages.append(page)
        page.set_default_timeout(TIMEOUT_MS)
        page.on("console", note)
        page.on("pageerror", note_exception)
        log_in(page, octoprint)
        return page

    yield open_it
    for page in pages:
        page.evaluate("localStorage.clear()")
        page.close()
    assert problems == []


@pytest.fixture
def settings(octoprint: OctoPrint) -> Iterator[Save]:
    """Save settings of the plugin for one test."""
    before = octoprint.get("/api/settings")["plugins"]["temp_eta"]
    yield lambda **changes: octoprint.save_plugin_settings("temp_eta", changes)
    octoprint.save_plugin_settings("temp_eta", {key: before[key] for key in before if before[key] is not None})


@pytest.fixture(scope="module")
def the_page(browser_context: Callable[[str], BrowserContext], shared_octoprint: OctoPrint) -> Iterator[Page]:
    page = browser_context("en").new_page()
    page.set_default_timeout(TIMEOUT_MS)
    if not shared_octoprint.alive:  # an earlier test has stopped it
        shared_octoprint.start()
    log_in(page, shared_octoprint)
    open_tab(page)
    yield page
    page.close()


@pytest.fixture
def page(the_page: Page) -> Iterator[Page]:
    """The page with one more heater, and with settings of its own for each test."""
    the_page.evaluate(f"{{window.options = {MODEL}.options; window.saved = ko.mapping.toJS(options);}}")
    send(the_page, type="eta_update", heater="kiln", data=ETA)
    yield the_page
    the_page.evaluate("_.forOwn(saved, (value, key) => options[key](value)); PNotify.removeAll();")
    send(the_page, type="eta_update", heater="kiln", data=None)
    the_page.set_viewport_size({"width": 1200, "height": 900})
