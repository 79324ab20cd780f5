"""The settings of OctoPrint-MQTT are taken over with one click, in a real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import plugin_settings
from tests.support import browser as browsers
from tests.support.broker import Broker
from tests.support.octoprint import OctoPrint
from tests.support.octoprint_page import TIMEOUT_MS, field, log_in, open_settings, save, saved
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER),
]

PLUGIN = Path(__file__).parents[1] / "support" / "mqtt_plugin" / "mqtt.py"


def test_one_click_takes_over_the_settings_of_octoprint_mqtt(chromium: Browser, shared_broker: Broker) -> None:
    theirs = {"url": "127.0.0.1", "port": shared_broker.port, "username": "printer", "password": "secret"}
    ours = plugin_settings(
        9, mqtt_broker_host="", mqtt_enabled=False, mqtt_transport="websockets", mqtt_custom_identifier="taken-over"
    )
    with OctoPrint(plugins={"temp_eta": ours, "mqtt": {"broker": theirs}}, plugin_files=[PLUGIN]) as octoprint:
        page = chromium.new_context(locale="en").new_page()
        page.set_default_timeout(TIMEOUT_MS)
        log_in(page, octoprint)
        dialog = open_settings(page, "Connection")
        page.get_by_role("button", name="Take over the settings of OctoPrint-MQTT").click()
        expect(field(page, "mqtt_broker_host")).to_have_value("127.0.0.1")
        expect(field(page, "mqtt_broker_port")).to_have_value(str(shared_broker.port))
        expect(field(page, "mqtt_username")).to_have_value("printer")
        expect(field(page, "mqtt_use_tls")).not_to_be_checked()
        assert saved(octoprint, "mqtt_broker_host") == "", "nothing is saved before the user saves"
        save(page)
        expect(dialog).to_be_hidden()
        eventually(lambda: octoprint.get("/api/plugin/temp_eta")["mqtt"]["connected"], "the connection")
        assert saved(octoprint, "mqtt_enabled") is True
        kept = octoprint.config()["plugins"]["temp_eta"]
        assert (kept["mqtt_username"], kept["mqtt_password"]) == ("printer", "secret")


@pytest.mark.parametrize(
    ("theirs", "tls"),
    [
        ({"port": 8884, "tls_active": True, "tls": {}}, True),
        ({"port": 1883, "tls_active": False, "tls": {"ca_certs": "/ca.pem"}}, False),
        ({"port": 8883, "tls": {}}, True),
        ({"port": 1883, "tls": {"ca_certs": "/ca.pem"}}, True),
    ],
)
def test_tls_is_used_where_octoprint_mqtt_uses_it(the_page: Page, theirs: dict[str, Any], tls: bool) -> None:
    """Older releases have no `tls_active`: their files or port show it."""
    taken = the_page.evaluate("broker => TempETA.fromMqttPlugin(broker)", {"url": "broker.test", **theirs})
    assert taken["mqtt_use_tls"] is tls
