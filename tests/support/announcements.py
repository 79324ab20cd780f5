"""A bridge that has announced its device, and what Home Assistant then has."""

from __future__ import annotations

from typing import Any

from octoprint_temp_eta.bridge.protocol.inputs import Preset, Presets
from tests.support.bridge_driver import INSTANCE, BridgeDriver

TOPIC = f"homeassistant/device/temp_eta_{INSTANCE}/config"
#: Seconds after which everything is announced.
SETTLE_S = 30.0


def settled(**arguments: Any) -> BridgeDriver:
    """Return a bridge that has announced a bed and a hotend, and has nothing left to publish."""
    driver = BridgeDriver(**arguments)
    driver.handle(Presets((Preset("PLA", 210, 60),)))
    driver.connect()
    driver.printer()
    driver.read(bed=(22.0, 0.0), tool0=(22.0, 0.0))
    idle(driver, 2 * SETTLE_S)
    return driver


def idle(driver: BridgeDriver, seconds: float) -> None:
    """Let time pass for a printer that reports the same temperatures."""
    for _ in range(int(seconds / 10)):
        driver.advance(10)
        driver.read(bed=(22.0, 0.0), tool0=(22.0, 0.0))


def announced(driver: BridgeDriver) -> dict[str, bytes]:
    return {topic: payload for topic, payload in driver.retained.items() if topic.startswith("homeassistant/")}
