"""Takes the picture in docs/guides/home-assistant.md: `python -m tests.support.home_assistant_picture`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import chromium
from tests.support.contract import PROJECT
from tests.support.full_stack import DEVICE, open_full_stack
from tests.support.home_assistant import HomeAssistant

PICTURE = PROJECT / "docs" / "img" / "home-assistant.png"
TIMEOUT_MS = 60_000


def logged_in(browser: Browser, ha: HomeAssistant, width: int = 1200, height: int = 900) -> Page:
    """Return a browser page that is logged in with the token."""
    tokens = {"access_token": ha.token, "token_type": "Bearer", "expires_in": 10**6, "expires": 4 * 10**12}
    tokens |= {"hassUrl": ha.url, "clientId": f"{ha.url}/", "refresh_token": ""}
    page = browser.new_context(viewport={"width": width, "height": height}, locale="en").new_page()
    page.add_init_script(f"localStorage.setItem('hassTokens', JSON.stringify({json.dumps(tokens)}))")
    return page


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as scripts,
        open_full_stack(Path(scripts), speed=1) as full_stack,
        chromium() as browser,
    ):
        full_stack.octoprint.gcode("M140 S60", "M104 S210")
        full_stack.wait("bed_state", "Heating")
        page = logged_in(browser, full_stack.ha, 1280, 1250)
        page.goto(f"{full_stack.ha.url}/config/devices/device/{full_stack.ha.devices(DEVICE)[0]['id']}")
        expect(page.get_by_text("Bed ready at", exact=True)).to_be_visible(timeout=TIMEOUT_MS)
        page.wait_for_load_state("networkidle")
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE)
    print(f"wrote {PICTURE} ({PICTURE.stat().st_size // 1000} kB)")


if __name__ == "__main__":
    main()
