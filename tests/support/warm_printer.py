"""A bridge with a bed and a hotend at room temperature."""

from __future__ import annotations

from typing import Any

from octoprint_temp_eta.bridge.protocol.effects import Save
from tests.support.bridge_driver import BridgeDriver, connected


def warm(**arguments: Any) -> BridgeDriver:
    """Return a bridge with a bed and a hotend at 22 °C."""
    driver = connected(**arguments)
    driver.read(bed=(22.0, 0.0), tool0=(22.0, 0.0))
    driver.advance(1)
    return driver


def code(replies: list[dict[str, Any]]) -> str:
    [reply] = replies
    return str(reply["error"]["code"])


def learned(driver: BridgeDriver) -> dict[str, Any]:
    """Return what was last saved of what was learned, by place."""
    saved: dict[str, Any] = [save.value for save in driver.of(Save) if save.name == "learned"][-1]["heaters"]
    return saved
