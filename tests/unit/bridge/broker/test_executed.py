"""Commands that arrive again are executed once."""

from __future__ import annotations

from octoprint_temp_eta.bridge.broker.executed import REMEMBERED, REMEMBERED_S, STOP_REMEMBERED_S, UNACKNOWLEDGED_S
from octoprint_temp_eta.bridge.protocol.effects import SetTarget
from tests.support import curves
from tests.support.bridge_driver import BridgeDriver
from tests.support.heating_bed import heating_bed, replies_at, untouched


def test_a_repeated_transaction_is_executed_once_with_the_same_reply():
    driver = heating_bed()
    first = driver.command("reset", {"transaction": "t1"})
    driver.heat("bed", curves.heating(60.0, start=38.0)[:30])
    again = driver.command("reset", {"transaction": "t1"})
    assert untouched(driver)
    assert [reply | {"timestamp": 0} for reply in first] == [reply | {"timestamp": 0} for reply in again]


def test_a_refused_transaction_stays_refused():
    driver = heating_bed(allow_reset=False)
    driver.command("reset", {"transaction": "t1"})
    driver.change_settings(allow_reset=True)
    assert driver.command("reset", {"transaction": "t1"})[0]["error"]["code"] == "disabled"
    assert driver.command("reset", {"transaction": "t2"})[0]["status"] == "completed"


def test_the_same_transaction_of_another_command_is_another():
    driver = heating_bed()
    assert driver.command("snapshot", {"transaction": 1})[0]["command"] == "snapshot"
    assert driver.command("reset", {"transaction": 1})[0]["command"] == "reset"
    assert driver.command("reset", {"transaction": "1"})[0]["transaction"] == "1"


def test_the_reply_to_a_redelivery_goes_where_it_asks():
    driver = heating_bed()
    driver.command("reset", {"transaction": "t1"})
    driver.command("reset", {"transaction": "t1"}, response_topic="my/replies", correlation=b"2")
    assert [publish.correlation for publish in replies_at(driver, "my/replies")] == [b"2"]


def test_a_transaction_is_forgotten_after_a_while_and_the_oldest_of_many():
    driver = heating_bed()
    driver.command("reset", {"transaction": "late"})
    driver.skip(REMEMBERED_S + 1)
    driver.command("snapshot")
    accepted = driver.bridge._commands.accepted
    driver.command("reset", {"transaction": "late"})
    assert driver.bridge._commands.accepted == accepted + 1
    for number in range(REMEMBERED + 1):
        driver.skip(1)
        driver.command("reset", {"transaction": number})
    accepted = driver.bridge._commands.accepted
    driver.command("reset", {"transaction": "late"})
    assert driver.bridge._commands.accepted == accepted + 1


def targets(driver: BridgeDriver) -> list[float]:
    return [effect.target for effect in driver.of(SetTarget)]


def test_the_same_transaction_with_other_fields_is_another_command():
    driver = heating_bed(allow_target=True)
    for target in (60, 0, 60):
        driver.command("target", {"heater": "bed", "target": target, "transaction": "t1"})
    assert targets(driver) == [60.0, 0.0]


def test_a_command_that_stops_something_is_executed_again_after_a_while():
    driver = heating_bed(allow_target=True)
    off = {"heater": "bed", "target": 0, "transaction": "t1"}
    for _ in range(3):
        driver.command("target", off)
        driver.skip(STOP_REMEMBERED_S / 4)
    assert targets(driver) == [0.0]
    driver.skip(STOP_REMEMBERED_S)
    driver.command("target", off)
    assert targets(driver) == [0.0, 0.0]


def test_what_the_broker_delivers_again_is_executed_once_also_without_a_transaction():
    driver = heating_bed(allow_target=True)
    on = {"heater": "bed", "target": 60}
    driver.command("target", on, qos=1, packet_id=7)
    driver.lose()
    driver.connect()
    driver.command("target", on, qos=1, packet_id=7, redelivered=True)
    assert targets(driver) == [60.0]
    driver.command("target", on, qos=1, packet_id=7)  # the packet ID is used again
    driver.command("target", on, qos=1, packet_id=8, redelivered=True)  # it did not arrive before
    driver.command("target", on)
    assert targets(driver) == [60.0] * 4


def redelivered(seconds: float, command: dict[str, object], away: float = 1.0) -> list[float]:
    """Return the targets after a command whose packet ID a redelivered one has `seconds` later."""
    driver = heating_bed(allow_target=True)
    driver.command("target", command, qos=1, packet_id=7)
    driver.skip(seconds)
    for _ in range(2):
        driver.lose()
        driver.skip(away)
    driver.connect()
    driver.command("target", command, qos=1, packet_id=7, redelivered=True)
    return targets(driver)


def test_a_packet_id_that_the_broker_uses_again_is_another_command():
    on: dict[str, object] = {"heater": "bed", "target": 60}
    assert redelivered(UNACKNOWLEDGED_S + 1, on) == [60.0, 60.0]
    assert redelivered(1, on, away=UNACKNOWLEDGED_S + 1) == [60.0], "its acknowledgement got lost"


def test_a_redelivered_command_that_stops_something_is_executed_again_after_a_while():
    off: dict[str, object] = {"heater": "bed", "target": 0}
    assert redelivered(STOP_REMEMBERED_S + 1, off) == [0.0, 0.0]
    assert redelivered(1, off) == [0.0]


def test_a_connection_that_the_bridge_gives_up_ends_the_use_of_packet_ids_too():
    driver = heating_bed(allow_target=True)
    on = {"heater": "bed", "target": 60}
    driver.command("target", on, qos=1, packet_id=7)
    driver.skip(UNACKNOWLEDGED_S + 1)
    driver.change_settings(mqtt_keepalive=33)
    driver.connect()
    driver.command("target", on, qos=1, packet_id=7, redelivered=True)
    assert targets(driver) == [60.0, 60.0]
