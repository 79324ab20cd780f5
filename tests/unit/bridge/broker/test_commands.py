"""Commands: each gets a reply, and is executed once or rejected with the reason."""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from octoprint_temp_eta.bridge.broker.command_limits import URGENT
from octoprint_temp_eta.bridge.broker.commands import LONGEST_CORRELATION
from octoprint_temp_eta.bridge.heaters.heaters import Heaters
from octoprint_temp_eta.bridge.outbox.packet_size import packet_size
from octoprint_temp_eta.bridge.protocol.effects import Log
from octoprint_temp_eta.bridge.protocol.inputs import MessageArrived
from octoprint_temp_eta.messages.contract import schemas, validation
from octoprint_temp_eta.messages.contract.catalogue import COMMANDS
from octoprint_temp_eta.messages.decode import LARGEST_COMMAND
from tests.support.bridge_driver import BridgeDriver
from tests.support.heating_bed import heating_bed, replies_at, untouched

# Executed


def test_a_command_is_executed_and_gets_a_reply():
    driver = heating_bed()
    [reply] = driver.command("reset", {"heater": "bed", "transaction": "t1"})
    assert (reply["command"], reply["status"], reply["transaction"]) == ("reset", "completed", "t1")
    assert reply["timestamp"] == driver.now.wall
    assert not untouched(driver)


def test_it_gets_a_reply_also_without_a_transaction():
    [reply] = heating_bed().command("reset", b"PRESS")
    assert (reply["status"], reply["transaction"]) == ("completed", None)


def test_a_reply_that_is_too_large_for_the_broker_is_replaced_by_a_short_one():
    driver = BridgeDriver(mqtt_response_topics="my")
    driver.connect(maximum_packet_size=1000)
    driver.advance(60)
    [reply] = driver.command("snapshot", {"transaction": "t1"})
    assert (reply["status"], reply["transaction"], reply["error"]["code"]) == ("failed", "t1", "reply_too_large")
    assert "bytes, the broker accepts 1000. The command was executed." in reply["error"]["message"]
    assert f"{driver.topic('response')} has" in driver.bridge.snapshot(driver.now)["mqtt"]["last_error"]
    [reply] = driver.command("snapshot", response_topic="my/replies/of/a/client/with/a/long/topic")
    sent = [
        json.loads(each.payload)["status"]
        for _, each in driver.sent
        if each.topic == "my/replies/of/a/client/with/a/long/topic"
    ]
    assert (reply["status"], sent) == ("failed", ["failed"])


def test_the_size_of_a_reply_counts_as_it_is_sent():
    driver = BridgeDriver()
    driver.connect(maximum_packet_size=100_000)
    driver.advance(60)
    driver.command("snapshot")
    size = packet_size(driver.sent[-1][1], "5")
    for limit, status in ((size - 1, "failed"), (size, "completed")):
        copy = BridgeDriver()
        copy.connect(maximum_packet_size=100_000)
        copy.advance(60)
        copy.bridge._outbox.limits._announced = limit
        [reply] = copy.command("snapshot")
        assert reply["status"] == status


def test_it_gets_a_reply_also_after_an_internal_error(monkeypatch: pytest.MonkeyPatch):
    driver = heating_bed()
    monkeypatch.setattr(Heaters, "restart_estimates", lambda *_: {}["no such key"])
    [reply] = driver.command("reset", {"heater": "bed", "transaction": "t1"})
    assert (reply["status"], reply["error"]["code"], reply["transaction"]) == ("rejected", "internal_error", "t1")
    assert "no such key" not in reply["error"]["message"]
    [log] = [log.text for log in driver.of(Log) if log.level == logging.ERROR]
    assert "reset" in log
    assert "KeyError: 'no such key'" in log


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file of a command can be opened any more."""

    def read(name: str) -> Mapping[str, Any]:
        if name.startswith("command_"):
            raise OSError(errno.EMFILE, "Too many open files")
        return schemas.read(name)

    monkeypatch.setattr(validation, "read", read)
    validation._validator.cache_clear()


@pytest.mark.parametrize("before", [0, 25])
@pytest.mark.usefixtures("unreadable")
def test_it_gets_a_reply_also_if_its_schema_cannot_be_read(before: int):
    """25 commands use up the common allowance: the next one is urgent."""
    driver = heating_bed()
    for _ in range(before):
        driver.command("reset", b"{")
    *_, reply = driver.command("target", {"heater": "bed", "target": 0})
    assert (reply["command"], reply["status"], reply["error"]["code"]) == ("target", "rejected", "internal_error")


@pytest.mark.usefixtures("unreadable")
def test_a_call_by_rest_gets_a_reply_also_if_its_schema_cannot_be_read():
    driver = heating_bed()
    (reply,) = driver.call("reset", {})
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "internal_error")


def test_what_urgent_commands_need_is_read_with_the_first_command(monkeypatch: pytest.MonkeyPatch):
    """The plugin may be uninstalled while a script runs: its files are gone, and the script can still be cancelled."""
    names: list[str] = []
    monkeypatch.setattr(validation, "read", lambda name: names.append(name) or schemas.read(name))
    validation._validator.cache_clear()
    heating_bed().command("snapshot", {})
    assert {COMMANDS[name].name for name in URGENT} <= set(names)


def test_a_reply_waits_for_the_connection():
    driver = BridgeDriver()
    assert driver.command("snapshot") == []
    driver.connect()
    assert [reply["status"] for reply in driver.bodies("response")] == ["completed"]


def test_a_call_by_rest_gets_the_reply_that_mqtt_gets_too():
    driver = heating_bed()
    mark = len(driver.sent)
    [reply] = driver.call("reset", {"heater": "bed", "transaction": 7})
    assert [reply] == driver.bodies("response", since=mark)
    assert reply["transaction"] == 7


# Refused


@pytest.mark.parametrize(
    ("name", "payload", "properties", "code"),
    [
        ("reset", b"{}", {"retained": True}, "retained_command"),
        ("reset", b"{}" + b" " * LARGEST_COMMAND, {}, "too_large"),
        ("reset", b"\xff", {}, "invalid_json"),
        ("reset", b"{", {}, "invalid_json"),
        ("reset", {"heater": 7}, {}, "invalid_command"),
        ("reset", {"expires_at": 1}, {}, "expired"),
        ("reset", {"heater": "chamber"}, {}, "unknown_heater"),
        ("reset/", b"{}", {}, "invalid_command"),
        ("explode", b"{}", {}, "invalid_command"),
        ("target", {"heater": "bed", "target": 60}, {}, "disabled"),
        ("reset", b"{}", {"response_topic": "#"}, "not_permitted"),
    ],
)
def test_a_rejected_command_has_a_reason_and_changes_nothing(
    name: str, payload: Any, properties: dict[str, Any], code: str
):
    driver = heating_bed()
    [reply] = driver.command(name, payload, **properties)
    assert (reply["status"], reply["error"]["code"], reply["command"]) == ("rejected", code, name)
    assert untouched(driver)


def test_a_disabled_command_is_neither_executed_nor_offered():
    driver = heating_bed(allow_reset=False)
    assert "reset" not in driver.state("info")["commands"]
    assert driver.command("reset")[0]["error"]["code"] == "disabled"
    assert untouched(driver)
    driver.change_settings(allow_reset=True)
    assert "reset" in driver.state("info")["commands"]
    assert driver.command("reset")[0]["status"] == "completed"


@pytest.mark.parametrize("properties", [{}, {"retained": True}, {"response_topic": "my/replies"}])
def test_an_empty_payload_only_clears_a_topic(properties: dict[str, Any]):
    driver = heating_bed()
    assert driver.command("reset", b"", **properties) == []
    assert untouched(driver)


def test_what_came_by_rest_is_refused_alike():
    driver = heating_bed()
    for name, body, code in (
        ("explode", {}, "invalid_command"),
        ("reset", {"heater": 7}, "invalid_command"),
        ("reset", {"expires_at": 1}, "expired"),
        ("target", {"heater": "bed", "target": 60}, "disabled"),
    ):
        [reply] = driver.call(name, body)
        assert (reply["status"], reply["error"]["code"]) == ("rejected", code)
    assert untouched(driver)


def test_a_message_on_another_topic_is_no_command():
    driver = BridgeDriver()
    driver.connect()
    mark = len(driver.sent)
    for topic in (f"{driver.base}/commands/reset", "octoprint/temp_eta/other/command/reset", "x", f"{driver.base}/"):
        driver.handle(MessageArrived(topic, b"{}"))
    assert driver.bodies("response", since=mark) == []


# Where the reply goes


def test_a_response_topic_is_honoured_in_addition():
    driver = heating_bed()
    [reply] = driver.command("reset", response_topic="my/replies", correlation=b"\x00\x01")
    [again] = replies_at(driver, "my/replies")
    assert json.loads(again.payload) == reply
    assert again.correlation == b"\x00\x01"
    assert (again.content_type, again.expiry_seconds, again.retain) == ("application/json", 300, False)


def test_a_refusal_goes_to_the_response_topic_too():
    driver = heating_bed()
    driver.command("explode", response_topic="my/replies", correlation=b"1")
    [again] = replies_at(driver, "my/replies")
    assert json.loads(again.payload)["status"] == "rejected"


@pytest.mark.parametrize(
    "topic",
    ["", "#", "my/+/replies", "$SYS/x", "homeassistant", "homeassistant/sensor/x/config", "x" * 513, "a\0b",
     "octoprint/temp_eta/other/command/reset", "zigbee2mqtt/command", "my/" + "x/" * 220, "zigbee2mqtt/lamp"],
)  # fmt: skip
def test_an_unusable_response_topic_is_refused_with_the_command(topic: str):
    driver = heating_bed()
    [reply] = driver.command("reset", {"transaction": "t1"}, response_topic=topic, correlation=b"1")
    assert (reply["error"]["code"], reply["transaction"]) == ("not_permitted", "t1")
    assert untouched(driver)
    assert replies_at(driver, topic) == []


def test_a_copy_to_a_response_topic_is_sent_once_though_the_connection_breaks():
    driver = heating_bed()
    driver.acknowledges = False
    driver.command("reset", {"transaction": "t1"}, response_topic="my/replies", correlation=b"1")
    driver.lose()
    driver.acknowledges = True
    driver.connect()
    driver.advance(5)
    assert len(replies_at(driver, "my/replies")) == 1
    assert [each["transaction"] for each in driver.bodies("response")] == ["t1", "t1"]


def test_long_correlation_data_is_refused():
    driver = heating_bed()
    correlation = b"x" * LONGEST_CORRELATION
    assert driver.command("reset", response_topic="my/replies", correlation=correlation)[0]["status"] == "completed"
    [reply] = driver.command("snapshot", response_topic="my/replies", correlation=correlation + b"x")
    assert reply["error"]["code"] == "not_permitted"
    assert len(replies_at(driver, "my/replies")) == 1


def test_accepted_and_rejected_are_counted():
    driver = heating_bed()
    for name in ("snapshot", "reset", "explode"):
        driver.command(name)
    for _ in range(100):
        driver.command("snapshot")
    driver.advance(61)
    counted = driver.state("diagnostics")["commands"]
    assert counted["accepted"] + counted["rejected"] == 103
    assert counted["rejected"] == 1 + 83
