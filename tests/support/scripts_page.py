"""The scripts on OctoPrint's page: some to show, and where they are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from tests.conftest import BASE
from tests.support.mqtt_client import Observer, Received
from tests.support.octoprint import OctoPrint
from tests.support.octoprint_page import Open, Save
from tests.support.scripts import add_script
from tests.support.waiting import eventually

PATH = "/api/plugin/temp_eta"

SETTINGS = {"times": 2, "ratio": 0.5, "name": "printer", "loud": False, "points": [1, 2], "map": {"a": 1}, "any": None}
BODIES = {
    "returns": "return True, {key: value for key, value in self.settings.items()}",
    "waits": "import time\nself.script_status = 'waiting for <b>you</b>'\ntime.sleep(1000)",
    "fails": "raise ValueError('too cold')",
    "logs": "import time\nfor _ in range(30):\n    self.logger.info('probing <i>1</i>')\ntime.sleep(1000)",
}


def show_scripts(octoprint: OctoPrint, settings: Save, folder: Path) -> None:
    """Write a script for each of `BODIES`, and one that cannot be read, and wait until the page has them."""
    for name, body in BODIES.items():
        declared = f"__script_settings__ = {SETTINGS!r}" if name == "returns" else ""
        add_script(folder, name, body, title=f"It {name}", more=declared)
    (folder / "broken.py").write_text("def (")
    settings(script_folder=str(folder))
    eventually(lambda: len(octoprint.get(PATH)["scripts"]) == len(BODIES) + 1, "the scripts to be found")


def sidebar(page: Page) -> Locator:
    return page.locator("#sidebar_plugin_temp_eta_scripts_wrapper")


def button(page: Page, name: str) -> Locator:
    return sidebar(page).locator(f"[data-script='{name}'] button.temp-eta-start")


def last(page: Page) -> Locator:
    return sidebar(page).locator(".temp-eta-last")


def setting(page: Page, key: str, script: str = "returns") -> Locator:
    """Return a setting's row in the dialog."""
    rows = page.locator(f"#settings_plugin_temp_eta [data-script={script}] .temp-eta-field")
    return rows.filter(has=page.get_by_text(key, exact=True))


def run(page: Page, observer: Observer) -> dict[str, Any]:
    """Run the script that returns its settings by its button, and return its result."""
    since = observer.mark()
    button(page, "returns").click()
    runs = observer.wait_for(f"{BASE}/script", lambda message: message.json["id"] == "returns", since=since)
    finished = (runs.json["run_id"], "idle")

    def is_finished(message: Received) -> bool:
        return ((message.json["last"] or {}).get("run_id"), message.json["state"]) == finished

    return dict(observer.wait_for(f"{BASE}/script", is_finished, since=since).json["last"]["result"])


def open_with_empty_folder(octoprint: OctoPrint, settings: Save, open_page: Open, folder: Path) -> Page:
    settings(script_folder=str(folder))
    eventually(lambda: octoprint.get(PATH)["scripts"] == [], "an empty folder")
    return open_page()
