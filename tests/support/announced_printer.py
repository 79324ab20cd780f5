"""A printer as it is announced to Home Assistant, for the tests of its entities."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ha_discovery import Form
from octoprint_temp_eta.bridge.protocol.inputs import Preset, Presets
from octoprint_temp_eta.core.printer_commands import ACCEPTED_IN
from octoprint_temp_eta.core.scripts.catalogue import Script
from octoprint_temp_eta.home_assistant.device import DeviceFacts, announcement
from octoprint_temp_eta.home_assistant.entities.parts import Offer
from octoprint_temp_eta.messages.topics import Topics
from tests.support.bridge_driver import INSTANCE, BridgeDriver

TOPICS = Topics("octoprint/temp_eta/ender-3-x7k2")
FACTS = DeviceFacts("ender-3-x7k2", "Ender 3", "Ender-3", "1.0.0", "1.11.8")
COMMANDS = frozenset({"reset", "target", "script/start", "script/cancel", *ACCEPTED_IN})
OFFER = Offer(
    heaters=("tool0", "bed"),
    presets=("PLA", "ABS"),
    scripts=(("probe_bed", "Probe the bed"),),
    commands=COMMANDS,
    highest_targets=(("tool0", 260.0), ("bed", 110.0)),
)


def payload(offer: Offer = OFFER, **facts: Any) -> dict[str, Any]:
    """Return the device message of a printer."""
    announced = announcement(replace(FACTS, **facts), TOPICS, offer, prefix="homeassistant", form=Form.DEVICE)
    [message] = announced.messages
    return dict(json.loads(message.payload))


def components(offer: Offer = OFFER, **facts: Any) -> dict[str, dict[str, Any]]:
    """Return the components of a printer."""
    return dict(payload(offer, **facts)["components"])


def idle_bridge(**settings: Any) -> tuple[BridgeDriver, dict[str, dict[str, Any]]]:
    """Return a bridge that is idle and has announced itself, and its components."""
    driver = BridgeDriver(scripts=(Script("a.py", "A", "a"),), **settings)
    driver.handle(Presets((Preset("PLA", 210, 60), Preset("ABS", 230, 100))))
    driver.connect()
    driver.printer()
    driver.read(tool0=(22.0, 0.0), bed=(22.0, 0.0))
    driver.advance(20)
    return driver, json.loads(driver.retained[f"homeassistant/device/temp_eta_{INSTANCE}/config"])["components"]
