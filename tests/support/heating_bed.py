"""A bridge with a bed that heats."""

from __future__ import annotations

from typing import Any

from tests.support import curves
from tests.support.bridge_driver import BridgeDriver, connected


def heating_bed(**settings: Any) -> BridgeDriver:
    """Return a bridge with a bed that heats to 60 °C, at 37 °C, whose ETA is published."""
    driver = connected(**{"mqtt_response_topics": "my"} | settings)
    driver.heat("bed", curves.heating(60.0, rate=0.5)[:30])
    driver.advance(2)
    assert driver.state("eta", heater="bed")["eta_seconds"] is not None
    return driver
