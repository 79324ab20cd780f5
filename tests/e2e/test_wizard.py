"""The wizard at the first use, in a real Chromium: it finds a broker on the network, tests it, and saves it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support import browser as browsers
from tests.support.broker import Broker
from tests.support.octoprint import OctoPrint
from tests.support.octoprint_page import TIMEOUT_MS, BadGateway, log_in, saved
from tests.support.waiting import eventually
from tests.support.zeroconf_services import announced, service

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER),
]

FOUND = """found => ko.dataFor(document.querySelector("#wizard_plugin_temp_eta")).onDataUpdaterPluginMessage(
    "temp_eta", {type: "brokers_update", data: {searching: false, found: found}}
)"""

#: How far below the wizard's top the steps begin. Their element may be replaced at any time.
HEIGHT = """wizard =>
    wizard.querySelector(".temp-eta-steps").getBoundingClientRect().top - wizard.getBoundingClientRect().top"""
#: The ids of the fields that reach beyond the wizard's page, which would cut them off.
CUT_OFF = """wizard => [...wizard.querySelectorAll("input")]
    .filter(field => field.getBoundingClientRect().right > wizard.getBoundingClientRect().right)
    .map(field => field.id)"""


def test_the_wizard_finds_tests_and_saves_a_broker_and_does_not_come_back(
    chromium: Browser, shared_broker: Broker, tmp_path: Path
) -> None:
    config = {"server": {"seenWizards": {"temp_eta": None}}}
    settings = {"mqtt_broker_host": "", "mqtt_custom_identifier": "wizard"}
    with OctoPrint(plugins={"temp_eta": settings}, config=config) as octoprint:
        page = opened(chromium, octoprint)
        wizard = page.locator("#wizard_plugin_temp_eta")
        expect(wizard).to_be_visible()
        page.wait_for_function("() => ko.dataFor(document.querySelector('#wizard_plugin_temp_eta')).searched()")
        expect(wizard.get_by_role("button", name="Search again")).to_be_visible()

        broker = {"name": "mosquitto", "kind": "broker", "tls": False, "host": "127.0.0.1", "port": shared_broker.port}
        others = [{**broker, "name": name, "host": f"{name}.test"} for name in ("cellar", "attic")]
        page.evaluate(FOUND, [broker, *others])
        page.set_viewport_size({"width": 390, "height": 800})
        assert wizard.evaluate(CUT_OFF) == []
        page.set_viewport_size({"width": 1280, "height": 900})
        wizard.get_by_role("button", name="mosquitto (127.0.0.1)").click()
        expect(page.locator("#temp_eta_wizard_port")).to_have_value(str(shared_broker.port))
        wizard.get_by_role("button", name="Test connection").click()
        steps = wizard.locator(".temp-eta-steps")
        expect(steps.locator("li").first).to_be_visible()
        above = wizard.evaluate(HEIGHT)
        expect(wizard.locator("li[data-step='Read back'][data-status=ok]")).to_be_visible()
        expect(wizard.get_by_text("The connection works.")).to_be_visible()
        assert wizard.evaluate(HEIGHT) == above, "the result does not move the steps"
        expect(wizard.locator("li[data-step='Packet limit']")).to_be_in_viewport(ratio=1)
        page.screenshot(path=tmp_path / "wizard.png")
        page.locator("#temp_eta_wizard_host").fill("mqtt//broker local")
        page.locator("#wizard_dialog .button-finish").click()
        expect(wizard.get_by_role("alert").filter(has_text="Broker host")).to_be_visible()
        expect(wizard).to_be_visible()
        page.locator("#temp_eta_wizard_host").fill("127.0.0.1")
        page.locator("#wizard_dialog .button-finish").click()
        expect(page.locator("#wizard_dialog")).to_be_hidden()
        eventually(lambda: saved(octoprint, "mqtt_broker_host") == "127.0.0.1", "the broker to be saved")
        eventually(lambda: octoprint.get("/api/plugin/temp_eta")["mqtt"]["connected"], "the connection")

        page.reload()
        expect(page.locator("#page-container-loading")).to_be_hidden()
        expect(page.locator("#tab_plugin_temp_eta_link")).to_be_visible()
        expect(page.locator("#wizard_dialog")).to_be_hidden()


def test_a_search_that_is_repeated_finds_a_new_broker_and_a_skipped_wizard_does_not_come_back(
    chromium: Browser,
) -> None:
    config = {"server": {"seenWizards": {"temp_eta": None}}}
    with OctoPrint(plugins={"temp_eta": {"mqtt_broker_host": ""}}, config=config) as octoprint:
        page = opened(chromium, octoprint)
        wizard = page.locator("#wizard_plugin_temp_eta")
        again = wizard.get_by_role("button", name="Search again")
        expect(again).to_be_visible()
        again.click()
        expect(again).to_be_hidden()
        # OctoPrint was restarted: the message that ends the search does not come
        gateway = BadGateway(page)
        page.evaluate("() => ko.dataFor(document.querySelector('#wizard_plugin_temp_eta')).onDataUpdaterReconnect()")
        expect(again).to_be_visible(timeout=2000)
        # The sidebar does not ask: the page is still connected.
        eventually(
            lambda: page.wait_for_timeout(50) or gateway.requests == 2, "another request for the state of a test"
        )
        gateway.end()
        broker = wizard.get_by_role("button", name="late-broker")
        expect(broker).to_have_count(0)
        with announced(service("_secure-mqtt._tcp.local.", "late-broker", 18884)):
            again.click()
            expect(wizard.get_by_text("Searching the network")).to_be_visible()
            broker.click()
        expect(page.locator("#temp_eta_wizard_port")).to_have_value("18884")
        expect(page.locator("#temp_eta_wizard_tls")).to_be_checked()
        page.locator("#temp_eta_wizard_host").fill("")
        page.locator("#wizard_dialog .button-finish").click()
        expect(page.locator("#wizard_dialog")).to_be_hidden()
        assert saved(octoprint, "mqtt_broker_host") == ""

        page.reload()
        expect(page.locator("#page-container-loading")).to_be_hidden()
        expect(page.locator("#tab_plugin_temp_eta_link")).to_be_visible()
        expect(page.locator("#wizard_dialog")).to_be_hidden()


def opened(chromium: Browser, octoprint: OctoPrint) -> Page:
    page = chromium.new_context(locale="en").new_page()
    page.set_default_timeout(TIMEOUT_MS)
    log_in(page, octoprint)
    return page
