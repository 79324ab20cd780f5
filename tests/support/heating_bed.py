"""A bridge with a bed that heats."""

from __future__ import annotations

from typing import Any

from octoprint_temp_eta.bridge.protocol.effects import Publish
from tests.support import curves
from tests.support.bridge_driver import BridgeDriver, connected


def heating_bed(**settings: Any) -> BridgeDriver:
    """Return a bridge with a bed that heats to 60 °C, at 37 °C, whose ETA is published."""
    driver = connected(**{"mqtt_response_topics": "my"} | settings)
    driver.heat("bed", curves.heating(60.0, rate=0.5)[:30])
    driver.advance(2)
    assert driver.state("eta", heater="bed")["eta_seconds"] is not None
    return driver


def untouched(driver: BridgeDriver) -> bool:
    """Whether the bed's estimate continues."""
    driver.advance(2)
    return driver.state("eta", heater="bed")["eta_seconds"] is not None


def replies_at(driver: BridgeDriver, topic: str) -> list[Publish]:
    return [publish for _, publish in driver.sent if publish.topic == topic]
