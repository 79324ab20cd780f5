"""Takes the picture in README.md while a script warms the printer up: `python -m tests.support.pages_picture`."""

from __future__ import annotations

from playwright.sync_api import ViewportSize, expect

from tests.demo.__main__ import PLUGINS, SCRIPTS
from tests.support.browser import chromium
from tests.support.contract import PROJECT
from tests.support.octoprint import OctoPrint
from tests.support.octoprint_page import log_in, open_tab, state
from tests.support.waiting import eventually

PICTURE = PROJECT / "docs" / "img" / "pages.png"
SIZE: ViewportSize = {"width": 1180, "height": 760}
#: The tool's temperature in °C at which the picture is taken, in the middle of the heat-up.
WARM = 75.0


def main() -> None:
    settings = {"mqtt_enabled": False, "script_folder": str(SCRIPTS)}
    # Only ours: OctoPrint's panels would push it out of the picture.
    hidden = {"sidebar": ["connection", "state", "files", "plugin_action_command_notification"]}
    order = {"sidebar": ["plugin_temp_eta", "plugin_temp_eta_scripts"]}
    # While the virtual printer waits for its bed, its replies repeat the tool's temperature: a curve with steps.
    serial = {"timeout": {"temperatureAutoreport": 1}}
    config = {"appearance": {"name": "Workshop", "components": {"disabled": hidden, "order": order}}, "serial": serial}
    server = OctoPrint(plugins={"temp_eta": settings}, config=config, plugin_files=PLUGINS)
    with server as octoprint, chromium() as browser:
        page = browser.new_context(viewport=SIZE, locale="en").new_page()
        log_in(page, octoprint)
        page.locator("[data-script=warm_up_and_home] .temp-eta-start").click()
        open_tab(page)
        expect(state(page, "tool0")).to_have_text("Heating", timeout=60_000)
        eventually(lambda: octoprint.actual("tool0") > WARM, "the tool to be warm", timeout=120)
        page.evaluate("window.scrollTo(0, 0)")
        page.screenshot(path=PICTURE)
    print(f"wrote {PICTURE} ({PICTURE.stat().st_size // 1000} kB)")


if __name__ == "__main__":
    main()
