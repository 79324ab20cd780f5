"""Takes the pictures in docs/guides/home-assistant.md: `python -m tests.support.home_assistant_picture`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import chromium
from tests.support.contract import PROJECT
from tests.support.full_stack import DEVICE, FullStack, open_full_stack
from tests.support.gcode_files import add_file, print_file
from tests.support.home_assistant import HomeAssistant
from tests.support.waiting import eventually

#: By language: the picture, and a text that the page shows once it is complete.
PICTURES = {
    "en": (PROJECT / "docs" / "img" / "home-assistant.png", "Bed ready at"),
    "de": (PROJECT / "docs" / "img" / "home-assistant-de.png", "Bett bereit um"),
}
TIMEOUT_MS = 60_000
#: Whether each entity on the page has its icon, which the page loads later.
HAS_ICONS = """() => {
    const all = root => [...root.querySelectorAll("*")];
    const below = root => all(root).flatMap(e => e.shadowRoot ? [e, ...below(e.shadowRoot)] : [e]);
    const icons = below(document).filter(e => e.localName === "ha-state-icon");
    return icons.length > 0 && icons.every(icon => below(icon.shadowRoot).some(e => e.path));
}"""


def logged_in(browser: Browser, ha: HomeAssistant, width: int = 1200, height: int = 900, language: str = "en") -> Page:
    """Return a browser page that is logged in with the token."""
    tokens = {"access_token": ha.token, "token_type": "Bearer", "expires_in": 10**6, "expires": 4 * 10**12}
    tokens |= {"hassUrl": ha.url, "clientId": f"{ha.url}/", "refresh_token": ""}
    page = browser.new_context(viewport={"width": width, "height": height}, locale=language).new_page()
    page.add_init_script(f"localStorage.setItem('selectedLanguage', JSON.stringify({json.dumps(language)}))")
    page.add_init_script(f"localStorage.setItem('hassTokens', JSON.stringify({json.dumps(tokens)}))")
    return page


def announce_in(full_stack: FullStack, language: str) -> None:
    """Announce the printer anew in this language: Home Assistant keeps the names of entities that it has."""
    full_stack.save(ha_discovery_enabled=False)
    eventually(lambda: not full_stack.ha.devices(DEVICE), "the printer to be gone", 60)
    full_stack.octoprint.post("/api/settings", {"appearance": {"defaultLanguage": language}})
    full_stack.save(ha_discovery_enabled=True)
    full_stack.await_keys(lambda keys: {"bed_state", "progress"} <= keys, "the printer to be back")


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as scripts,
        open_full_stack(Path(scripts), speed=1) as full_stack,
        chromium() as browser,
    ):
        add_file(full_stack.octoprint, "lid.gcode", 600)
        print_file(full_stack.octoprint, "lid.gcode")
        eventually(lambda: (full_stack.ha.state(full_stack.id_of("finish_at")) or "").startswith("20"), "a finish", 300)
        full_stack.octoprint.gcode("M140 S60", "M104 S210")
        full_stack.wait("bed_state", "Heating")
        for language, (picture, text) in PICTURES.items():
            announce_in(full_stack, language)
            page = logged_in(browser, full_stack.ha, 1280, 1900, language)
            page.goto(f"{full_stack.ha.url}/config/devices/device/{full_stack.ha.devices(DEVICE)[0]['id']}")
            expect(page.get_by_text(text, exact=True)).to_be_visible(timeout=TIMEOUT_MS)
            page.wait_for_function(HAS_ICONS, timeout=TIMEOUT_MS)
            picture.parent.mkdir(exist_ok=True)
            page.screenshot(path=picture)
            print(f"wrote {picture} ({picture.stat().st_size // 1000} kB)")


if __name__ == "__main__":
    main()
