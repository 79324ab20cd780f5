"""The retained `info`: what this instance is."""

from __future__ import annotations

from octoprint_temp_eta.bridge.protocol.inputs import Renamed
from tests.support.bridge_driver import IDENTITY, INSTANCE, heating


def test_info_identifies_the_printer():
    driver = heating()
    info = driver.state("info")
    assert {key: info[key] for key in ("instance", "boot_id", "machine", "host", "device_name")} == {
        "instance": INSTANCE,
        "boot_id": IDENTITY.boot_id,
        "machine": IDENTITY.machine,
        "host": IDENTITY.host,
        "device_name": IDENTITY.device_name,
    }
    assert info["printer_profile"] == {"id": "_default", "name": "Default", "model": "Ender-3"}


def test_without_home_assistant_there_is_no_discovery_prefix():
    driver = heating(ha_discovery_enabled=False)
    assert driver.state("info")["discovery_prefix"] is None


def test_changed_settings_are_published():
    driver = heating(allow_target=False)
    assert "target" not in driver.state("info")["commands"]
    driver.change_settings(allow_target=True)
    assert "target" in driver.state("info")["commands"]


def test_a_renamed_printer_is_published():
    driver = heating()
    driver.handle(Renamed("Ender in the shed", "de"))
    assert driver.state("info")["device_name"] == "Ender in the shed"
