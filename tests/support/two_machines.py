"""A bridge, and another machine with its identity."""

from __future__ import annotations

import json

from octoprint_temp_eta.bridge.protocol.inputs import MessageArrived
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
