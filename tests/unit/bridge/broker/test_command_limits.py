"""How many commands of MQTT are accepted, and which of them get through a flood."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.broker import commands
from octoprint_temp_eta.bridge.broker.command_limits import BURST, LONGEST_URGENT, RATE, URGENT_BURST, RateLimit
from octoprint_temp_eta.bridge.protocol.effects import SetTarget
from tests.support.bridge_driver import BridgeDriver
from tests.support.heating_bed import heating_bed


def test_what_is_too_much_is_refused_and_counted_once_a_second():
    driver = heating_bed()
    driver.skip(60)
    mark = len(driver.sent)
    for _ in range(100):
        driver.command("snapshot")
    replies = driver.bodies("response", since=mark)
    assert [reply["status"] for reply in replies] == ["completed"] * int(BURST) + ["rejected"]
    assert replies[-1]["error"]["code"] == "rate_limited"
    assert replies[-1]["error"]["message"].startswith("1 command")
    mark = len(driver.sent)
    driver.advance(5)
    [late] = driver.bodies("response", since=mark)
    assert late["error"]["message"].startswith("79 commands")
    assert late["command"] is None


def test_the_rest_is_not_limited_by_what_came_by_mqtt():
    driver = heating_bed()
    for _ in range(100):
        driver.command("snapshot")
    assert driver.call("snapshot", {})[0]["status"] == "completed"


def test_refused_commands_are_reported_once():
    limit = RateLimit()
    assert [limit.take(100.0) for _ in range(int(BURST) + 1)] == [True] * int(BURST) + [False]
    assert limit.take(100.0 + 1.5 / RATE)
    limit.refuse()
    limit.refuse()
    assert [limit.report(200.0), limit.report(200.5), limit.report(201.5)] == [2, 0, 0]


def flood(driver: BridgeDriver, name: str = "snapshot", payload: object = b"{}") -> None:
    for _ in range(100):
        driver.command(name, payload)


def targets(driver: BridgeDriver) -> list[tuple[str, float]]:
    return [(effect.heater, effect.target) for effect in driver.effects if isinstance(effect, SetTarget)]


def test_a_heater_can_be_switched_off_through_a_flood_of_commands():
    driver = heating_bed(allow_target=True)
    flood(driver)
    assert driver.command("target", {"heater": "bed", "target": 40}) == []
    [reply] = driver.command("target", {"heater": "bed", "target": 0, "transaction": "off"})
    assert (reply["status"], reply["transaction"]) == ("completed", "off")
    assert targets(driver) == [("bed", 0)]


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("target", {"heater": "bed", "target": 0, "unit": "C"}),
        ("target", {"heater": "nozzle", "target": 0}),
        ("target", {"heater": "tool0", "target": 0}),
        ("script/cancel", {"run_id": "0-0"}),
    ],
)
def test_a_flood_of_urgent_commands_that_fail_uses_up_no_allowance(name: str, payload: object):
    driver = heating_bed(allow_target=True)
    flood(driver, name, payload)
    assert driver.command("target", {"heater": "bed", "target": 0})[0]["status"] == "completed"


def test_a_flood_with_any_number_of_invented_heaters_uses_up_no_allowance():
    driver = heating_bed(allow_target=True)
    flood(driver)
    for number in range(100):
        driver.command("target", {"heater": f"invented{number}", "target": 0})
    assert driver.command("target", {"heater": "bed", "target": 0})[0]["status"] == "completed"
    assert targets(driver) == [("bed", 0)]


def test_in_a_flood_an_urgent_command_that_is_far_too_long_is_not_decoded(monkeypatch: pytest.MonkeyPatch):
    driver = heating_bed(allow_target=True)
    flood(driver)
    monkeypatch.setattr(commands, "decode", fail)
    assert driver.command("target", {"heater": "bed", "target": 0, "transaction": "x" * LONGEST_URGENT}) == []
    assert driver.command("target", {"heater": "invented", "target": 0}) == []


def fail(*_: object, **__: object) -> None:
    raise AssertionError("it was decoded")


def test_urgent_commands_that_succeed_are_limited_too():
    driver = heating_bed(allow_target=True)
    flood(driver)
    driver.effects.clear()
    flood(driver, "target", {"heater": "bed", "target": 0})
    assert len(targets(driver)) == URGENT_BURST


def test_an_urgent_command_that_the_settings_forbid_is_refused_in_a_flood_too():
    driver = heating_bed(allow_target=False)
    flood(driver)
    assert driver.command("target", {"heater": "bed", "target": 0}) == []
    assert targets(driver) == []
