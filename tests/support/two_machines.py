"""A bridge, and another machine with its identity."""

from __future__ import annotations

import json
from typing import Any

from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.bridge.protocol.inputs import BrokerLost, MessageArrived
from tests.support.bridge_driver import IDENTITY, BridgeDriver

#: Machines before and after ours in the order of their ids.
SMALLER, GREATER = "0" * 16, "f" * 16


def bridge(*, ours_is_there: bool = True) -> BridgeDriver:
    driver = BridgeDriver()
    driver.delivers = ours_is_there
    driver.connect()
    if ours_is_there:
        driver.handle(info(driver, IDENTITY.boot_id, IDENTITY.machine))
    return driver


def info(driver: BridgeDriver, boot_id: str, machine: str) -> MessageArrived:
    body = driver.state("info") | {"boot_id": boot_id, "machine": machine, "host": "other-pi"}
    return MessageArrived(driver.topic("info"), json.dumps(body).encode())


def run_another(driver: BridgeDriver, machine: str) -> None:
    """Let another machine with our identity publish its info, and answer ours."""
    driver.handle(info(driver, "foreign", machine))
    driver.handle(info(driver, IDENTITY.boot_id, IDENTITY.machine))
    driver.handle(info(driver, "foreign", machine))


def taken_over(driver: BridgeDriver, times: int = 3, *, every: float = 20.0) -> None:
    """Let another client take over the session, and connect again."""
    for _ in range(times):
        driver.handle(BrokerLost(driver.link or 0, "broker.test:1883 closed the connection", 0x8E))
        driver.advance(every)
        driver.connect()


def copy_of(original: BridgeDriver, **settings: Any) -> BridgeDriver:
    """Return a copy that has just connected to the original's broker, and gets what the original has retained there."""
    copy = BridgeDriver(remembered={save.name: save.value for save in original.of(Save)}, **settings)
    copy.retained = dict(original.retained)
    copy.delivers = False
    copy.connect()
    copy.delivers = True
    copy.handle(info(copy, "original", GREATER))
    copy.handle(info(copy, IDENTITY.boot_id, IDENTITY.machine))
    return copy
