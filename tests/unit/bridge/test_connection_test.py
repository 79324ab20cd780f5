"""Connection tests on request: one at a time, with their steps for the pages, REST and `diagnostics`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from octoprint_temp_eta.bridge.connection_test import MAX_STEPS
from octoprint_temp_eta.bridge.protocol.connection_test import (
    ConnectionTestDone,
    ConnectionTestRequested,
    Step,
    StepDone,
)
from octoprint_temp_eta.bridge.protocol.effects import ConnectionTest, Page, RestReply
from octoprint_temp_eta.messages.decode import Command, ReplyTo
from tests.support.bridge_driver import IDENTITY, INSTANCE, PASSWORD, BridgeDriver

BASE = f"octoprint/temp_eta/{INSTANCE}"
BROKER = "broker.test:1883"
GOOD = Step(BROKER, "TCP", "ok", "broker.test:1883 accepts connections.")
BAD = Step(BROKER, "TLS", "failed", "TLS: the certificate is not trusted.")


def request(driver: BridgeDriver, ticket: int = 7, **changes: Any) -> tuple[dict[str, Any], ConnectionTest | None]:
    """Request a test; return the reply and the effect."""
    settings = replace(driver.settings, **changes)
    command = Command("test_connection", {}, f"mine-{ticket}", ReplyTo(ticket=ticket))
    effects = driver.handle(ConnectionTestRequested(command, settings, ("mqtt",)))
    reply = next(effect for effect in effects if isinstance(effect, RestReply))
    assert (reply.ticket, reply.reply["transaction"]) == (ticket, f"mine-{ticket}")
    return dict(reply.reply), next((effect for effect in effects if isinstance(effect, ConnectionTest)), None)


def shown(driver: BridgeDriver) -> Any:
    return driver.bridge.snapshot(driver.now)["connection_test"]


def number(driver: BridgeDriver) -> int:
    return int(shown(driver)["number"])


def connected() -> BridgeDriver:
    driver = BridgeDriver()
    driver.connect()
    driver.printer()
    driver.read(bed=(21.0, 60.0))
    driver.advance(5)
    return driver


def test_before_the_first_test_there_is_nothing_to_show():
    assert shown(BridgeDriver()) is None


def test_a_test_has_what_the_bridge_needs_on_the_connection():
    driver = connected()
    reply, test = request(driver)
    assert (reply["status"], reply["command"]) == ("accepted", "test_connection")
    assert test is not None
    assert test.connect.addresses[0].host == "broker.test"
    assert (test.base, test.machine, test.device_name) == (BASE, IDENTITY.machine, "Ender 3")
    assert (test.status_topic, test.discovery_prefix) == ("homeassistant/status", "homeassistant")
    assert test.largest_message > 1000
    assert test.other_plugins == ("mqtt",)


def test_settings_that_are_not_saved_are_tested():
    _, test = request(connected(), mqtt_broker_host="other.test", ha_discovery_enabled=False)
    assert test is not None
    assert test.connect.host == "other.test"
    assert (test.status_topic, test.discovery_prefix) == ("", "")


def test_each_step_is_shown_as_it_is_done():
    driver = connected()
    request(driver)
    assert shown(driver)["running"] is True
    effects = driver.handle(StepDone(number(driver), GOOD))
    pages = [effect.message for effect in effects if isinstance(effect, Page)]
    assert [page["type"] for page in pages] == ["connection_test"]
    assert [step["name"] for step in pages[0]["data"]["steps"]] == ["TCP"]
    driver.handle(ConnectionTestDone(number(driver)))
    assert shown(driver)["running"] is False
    assert shown(driver)["steps"][0]["message"] == GOOD.message


def test_only_one_test_runs():
    driver = connected()
    request(driver)
    reply, test = request(driver, ticket=8)
    assert test is None
    assert reply["error"]["code"] == "busy"
    driver.handle(ConnectionTestDone(number(driver)))
    assert request(driver, ticket=9)[0]["status"] == "accepted"


def test_without_a_broker_there_is_nothing_to_test():
    reply, test = request(connected(), mqtt_broker_host="")
    assert test is None
    assert reply["error"]["path"] == "/settings/mqtt_broker_host"


def test_steps_of_an_earlier_test_are_ignored():
    driver = connected()
    request(driver)
    earlier = number(driver)
    driver.handle(ConnectionTestDone(earlier))
    request(driver)
    driver.handle(StepDone(earlier, BAD))
    driver.handle(ConnectionTestDone(earlier))
    assert shown(driver)["steps"] == []
    assert shown(driver)["running"] is True


def test_tests_are_numbered_beyond_restarts():
    """A page that was open meanwhile has shown those of before."""
    former = connected()
    for _ in range(3):
        request(former)
        former.handle(ConnectionTestDone(number(former)))
    later = connected()
    later.skip(10)
    request(later)
    assert number(later) > number(former)


def test_the_number_of_steps_is_bounded():
    driver = connected()
    request(driver)
    for _ in range(MAX_STEPS + 5):
        driver.handle(StepDone(number(driver), GOOD))
    assert len(shown(driver)["steps"]) == MAX_STEPS


def test_diagnostics_have_the_failed_steps_of_the_saved_connection():
    driver = connected()
    request(driver)
    for step in (GOOD, BAD):
        driver.handle(StepDone(number(driver), step))
    driver.handle(ConnectionTestDone(number(driver)))
    driver.advance(61)
    result = driver.state("diagnostics")["connection_test"]
    assert result["problems"] == [{"broker": BROKER, "step": "TLS", "message": BAD.message}]
    driver.set_wall(driver.now.wall + 86_400.0)
    driver.advance(61)
    later = driver.state("diagnostics")["connection_test"]["tested_at"]
    assert datetime.fromisoformat(later) - datetime.fromisoformat(result["tested_at"]) == timedelta(days=1)


def test_diagnostics_have_no_test_of_other_settings():
    driver = connected()
    request(driver, mqtt_broker_host="other.test")
    driver.handle(ConnectionTestDone(number(driver)))
    driver.advance(61)
    assert driver.state("diagnostics")["connection_test"] is None


def test_the_password_is_in_no_text():
    driver = connected()
    _, test = request(driver)
    assert test is not None
    assert test.connect.password == PASSWORD
    assert PASSWORD not in repr(test) + repr(shown(driver))
