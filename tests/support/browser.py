"""A real Chromium, if the machine has one."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright

#: No connections to other servers.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--no-default-browser-check",
    "--metrics-recording-only", "--mute-audio",
)  # fmt: skip
NO_BROWSER = "no Chromium here: install chromium, or name one with CHROMIUM=/path"


def program() -> str | None:
    """Return the path of Chromium or Chrome, None where there is none."""
    named = os.environ.get("CHROMIUM")
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return named or next((path for path in found if path), None)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a headless browser. Raises LookupError where there is none."""
    path = program()
    if path is None:
        raise LookupError(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
