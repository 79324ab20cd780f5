"""What the tests of the pages share: a browser, and OctoPrint in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect

from tests.support import browser as browsers
from tests.support.octoprint import OctoPrint
from tests.support.octoprint_page import TIMEOUT_MS, Open, Save, log_in


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=TIMEOUT_MS)
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

    def open_it(locale: str = "en") -> Page:
        context = chromium.new_context(locale=locale, viewport={"width": 1200, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.on("console", note)
        page.on("pageerror", note_exception)
        log_in(page, octoprint)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def settings(octoprint: OctoPrint) -> Iterator[Save]:
    """Save settings of the plugin for one test."""
    before = octoprint.get("/api/settings")["plugins"]["temp_eta"]
    yield lambda **changes: octoprint.save_plugin_settings("temp_eta", changes)
    octoprint.save_plugin_settings("temp_eta", {key: before[key] for key in before if before[key] is not None})
