"""Whether the topics are ours, and whether connections keep breaking."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.broker.connection_times import ABSENT_S, OWNED_S
from octoprint_temp_eta.bridge.protocol.effects import Disconnect
from octoprint_temp_eta.bridge.protocol.inputs import BrokerLost
from tests.support.bridge_driver import IDENTITY
from tests.support.two_machines import SMALLER, bridge, info, run_another


@pytest.mark.parametrize(("absent", "leaves"), [(ABSENT_S - 5, False), (ABSENT_S + 5, True)])
def test_after_a_long_absence_the_topics_may_be_another_machine_s(absent: float, leaves: bool):
    driver = bridge()
    driver.advance(OWNED_S + 1)
    driver.handle(BrokerLost(driver.link or 0, "closed"))
    driver.advance(absent)
    driver.connect()
    driver.handle(info(driver, IDENTITY.boot_id, IDENTITY.machine))
    run_another(driver, SMALLER)
    assert (driver.of(Disconnect) == [Disconnect()]) is leaves


def test_connections_that_break_one_after_the_other_name_the_client_id():
    """As with brokers that give no reason when they end a connection for another client."""
    driver = bridge()
    hint = "The connection is lost. It keeps breaking. If another client uses the client ID 'temp_eta_ender-3-x7k2'"
    errors = []
    for _ in range(3):
        driver.advance(5)
        driver.lose("The connection is lost")
        errors.append(driver.bridge.snapshot(driver.now)["mqtt"]["last_error"])
        driver.connect()
    assert errors[:2] == ["The connection is lost"] * 2
    assert errors[2].startswith(hint)
    driver.advance(301)
    driver.lose("The connection is lost")
    assert driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] == "The connection is lost"
