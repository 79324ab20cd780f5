"""Arbitrary messages on the command topics: each gets a reply, and a rejected command changes nothing."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from octoprint_temp_eta.bridge.protocol.effects import Log, Publish, Save, SetTarget
from octoprint_temp_eta.bridge.protocol.inputs import ApiCommand, MessageArrived
from octoprint_temp_eta.messages.contract.catalogue import COMMANDS
from tests.support import curves
from tests.support.bridge_driver import INSTANCE, BridgeDriver, connected
from tests.support.contract import examples

HARMLESS_TOPICS = ["node-red/replies", "my/topic ä", "octoprint/temp_eta/other/x"]
PREFIXES = "node-red, my, octoprint/temp_eta/other"
HARMFUL_TOPICS = ["", "#", "+/x", "$SYS/x", "homeassistant/x/config", f"octoprint/temp_eta/{INSTANCE}/command/reset"]

NAMES = st.sampled_from([*COMMANDS, "script", "gcode", "reset/", "", "../status"]) | st.text(max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(["\ud800", "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "heater": st.sampled_from(["bed", "tool0", "chamber", ""]) | JSON,
    "target": st.sampled_from([0, 60, 60.5, 9999]) | JSON,
    "learned": st.booleans() | JSON,
    "id": st.sampled_from(["heat-soak", ""]) | JSON,
    "run_id": JSON,
    "settings": st.dictionaries(st.text(max_size=5), JSON, max_size=2) | JSON,
    "transaction": st.sampled_from(["t1", 7, -(2**53), "x" * 256]) | JSON,
    "expires_at": st.sampled_from([0, 1e18, "2026-11-20T14:30:00Z", "9999-12-31T23:59:59-23:59"]) | JSON,
}
OBJECTS = st.fixed_dictionaries({}, optional=FIELDS)
PAYLOADS = (
    st.binary(max_size=64)
    | OBJECTS.map(lambda value: json.dumps(value).encode())
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.sampled_from(
        [b"PRESS", b"{}", b"[" * 9999, b'{"a":' * 5000, b" " * 20000, b'{"transaction":1' + b"0" * 5000 + b"}"]
    )
    | st.sampled_from([each.text.encode() for each in examples("command_*")])
)
MESSAGES = st.builds(
    MessageArrived,
    topic=NAMES.map(lambda name: f"octoprint/temp_eta/{INSTANCE}/command/{name}"),
    payload=PAYLOADS,
    retained=st.booleans(),
    response_topic=st.none() | st.sampled_from(HARMLESS_TOPICS + HARMFUL_TOPICS) | st.text(max_size=20),
    correlation=st.none() | st.binary(max_size=9),
)
patient = settings(suppress_health_check=[HealthCheck.too_slow])
brief = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])


def heating_bed(**more: Any) -> BridgeDriver:
    driver = connected(**more)
    for _, actual, target in curves.heating(60.0)[:12:3]:
        driver.skip(3)
        driver.read(bed=(actual, target))
    return driver


def present(driver: BridgeDriver) -> dict[str, Any]:
    """Return the bridge's visible state without counters."""
    seen = driver.bridge.snapshot(driver.now)
    return {"seen": seen, "retained": {k: v for k, v in driver.retained.items() if not k.endswith("/diagnostics")}}


@patient
@example(MessageArrived(f"octoprint/temp_eta/{INSTANCE}/command/reset", b'{"transaction": "\\ud800"}'))
@example(MessageArrived(f"octoprint/temp_eta/{INSTANCE}/command/reset", b'{"expires_at": "0001-01-01T00:00:00+23:59"}'))
@given(message=MESSAGES)
def test_all_but_empty_payloads_get_a_reply_and_a_refused_command_has_no_effect(message: MessageArrived):
    driver = heating_bed(mqtt_response_topics=PREFIXES)
    before, mark = present(driver), len(driver.sent)
    effects = driver.handle(message)
    replies = driver.bodies("response", since=mark)
    if not message.payload:
        assert effects == []
        return
    assert len(replies) == 1
    assert replies[0]["command"] == message.topic.partition("/command/")[2]
    again = [publish for _, publish in driver.sent[mark:] if publish.topic == message.response_topic]
    assert len(again) <= 1
    assert all(publish.correlation == message.correlation for publish in again)
    if replies[0]["status"] == "rejected":
        assert all(isinstance(effect, Publish) for effect in effects)
        assert len(effects) == 1 + len(again)
        assert present(driver) == before
    if message.retained:
        assert replies[0]["status"] == "rejected"
    if message.response_topic in HARMLESS_TOPICS:
        assert len(again) == 1
    if message.response_topic in HARMFUL_TOPICS:
        assert replies[0]["status"] == "rejected"
        assert again == []


@brief
@given(messages=st.lists(MESSAGES, max_size=30))
def test_a_burst_gets_replies_or_is_counted_and_the_bridge_goes_on(messages: list[MessageArrived]):
    driver = heating_bed(allow_target=True, allow_reset=False)
    commands = driver.bridge._commands
    for message in messages:
        driver.handle(message)
    driver.advance(3)
    assert commands.accepted + commands.rejected >= len([m for m in messages if m.payload]) - _redelivered(driver)
    targets = [effect.target for effect in driver.of(SetTarget)]
    assert all(0 <= target <= driver.settings.target_max_bed for target in targets)
    driver.skip(60)
    assert driver.command("snapshot")[0]["status"] == "completed"
    assert driver.state("status") == "online"


@patient
@given(name=NAMES, body=JSON | OBJECTS)
def test_a_call_by_rest_gets_one_reply(name: str, body: Any):
    driver = heating_bed()
    before, mark = present(driver), len(driver.effects)
    driver.handle(ApiCommand(name, body, 7))
    effects = driver.effects[mark:]
    assert len([effect for effect in effects if getattr(effect, "ticket", None) == 7]) == 1
    if not any(isinstance(effect, Save | SetTarget) for effect in effects):
        assert not any(isinstance(effect, Log) for effect in effects)
    if name != "reset":
        after = present(driver)
        assert after["seen"] == before["seen"]
        # a snapshot is of now: states that are newer than the last messages are published with it
        assert name == "snapshot" or after["retained"] == before["retained"]


def _redelivered(driver: BridgeDriver) -> int:
    """Number of repeated replies, which count neither as accepted nor as rejected."""
    replies = [body for body in driver.bodies("response") if body["transaction"] is not None]
    return len(replies) - len({(body["command"], str(body["transaction"])) for body in replies})
