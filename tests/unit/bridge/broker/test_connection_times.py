"""Whether the topics are ours, and whether connections keep breaking."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.broker.connection_times import ABSENT_S, OWNED_S
from octoprint_temp_eta.bridge.protocol.effects import Disconnect
from octoprint_temp_eta.bridge.protocol.inputs import BrokerLost
from tests.support.bridge_driver import IDENTITY
from tests.support.two_machines import GREATER, SMALLER, bridge, info, run_another


def test_who_was_there_first_stays_whatever_the_ids_are():
    driver = bridge()
    driver.advance(OWNED_S + 1)
    run_another(driver, SMALLER)
    driver.advance(60)
    assert driver.of(Disconnect) == []
    assert "other-pi" in driver.state("diagnostics")["clash"]


def test_a_machine_that_waits_out_a_conflict_does_not_get_the_topics():
    """They become ours only in a connection without a conflict."""
    driver = bridge()
    run_another(driver, GREATER)
    driver.advance(4 * OWNED_S)
    assert driver.of(Disconnect) == []
    driver.handle(info(driver, "foreign", SMALLER))
    assert driver.of(Disconnect) == [Disconnect()]


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


def test_a_broker_without_mqtt_5_is_no_error():
    driver = bridge()
    driver.lose()
    error = driver.bridge.snapshot(driver.now)["mqtt"]["last_error"]
    driver.handle(BrokerLost(next(driver._links), "It does not answer in MQTT 5", at_once=True))
    driver.connect()
    assert driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] == error


def test_connections_that_break_one_after_the_other_name_printer_id_and_client_id():
    """As with brokers that give no reason when they end a connection for another client."""
    driver = bridge()
    hint = (
        "The connection is lost. It keeps breaking. Check the broker's log, and the user's "
        "permissions (ACL). If another OctoPrint uses the printer ID 'ender-3-x7k2', empty "
        "Printer ID in the settings of one of them. If another client uses the client ID 'temp_eta_ender-3-x7k2'"
    )
    errors = []
    for _ in range(3):
        driver.advance(5)
        driver.lose("The connection is lost")
        errors.append(driver.bridge.snapshot(driver.now)["mqtt"]["last_error"])
        driver.connect()
    assert errors[:2] == ["The connection is lost"] * 2
    assert errors[2].startswith(hint)
    driver.lose("The key file does not exist")
    driver.lose("The key file does not exist")
    assert driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] == "The key file does not exist"
    driver.connect()
    driver.advance(301)
    driver.lose("The connection is lost")
    assert driver.bridge.snapshot(driver.now)["mqtt"]["last_error"] == "The connection is lost"
