"""For arbitrary inputs, published messages match their schemas and every command gets a reply."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoprint_temp_eta.bridge.bridge import Bridge, Identity
from octoprint_temp_eta.bridge.faults import FAULT
from octoprint_temp_eta.bridge.protocol.effects import Log, Publish
from octoprint_temp_eta.bridge.protocol.inputs import (
    BrokerConnected,
    BrokerLost,
    Delivered,
    Input,
    JobBoundary,
    MessageArrived,
    PrinterChanged,
    Profile,
    Readings,
    Started,
    Tick,
)
from octoprint_temp_eta.bridge.protocol.job_effects import PrinterAction
from octoprint_temp_eta.bridge.protocol.job_inputs import ActionDone
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.messages.contract.catalogue import COMMANDS
from octoprint_temp_eta.settings import table
from tests.support.contract import check, examples

INSTANCE = "ender-3-x7k2"
BASE = f"octoprint/temp_eta/{INSTANCE}"
WALL = 1795188600.0
IDENTITY = Identity("b7k2m9qd", "9f86d081884c7d65", "octopi", "Ender 3", "1.0.0", "1.11.8")
CONNECTED = BrokerConnected(1, "broker.test", 1883, "5")


class BridgeRecorder:
    """A bridge whose broker and OctoPrint accept everything, with a record of the published messages."""

    def __init__(self, **changed: Any) -> None:
        values = {"mqtt_enabled": True, "mqtt_broker_host": "broker.test", "mqtt_custom_identifier": INSTANCE}
        self.at = 0.0
        self.bridge = Bridge(IDENTITY, table.parse(values | changed), {}, self.now)
        self.sent: list[tuple[str, Publish]] = []
        self.feed(Started(), CONNECTED)

    @property
    def now(self) -> Now:
        return Now(self.at, WALL + self.at)

    def feed(self, *inputs: Input, pause: float = 0.0) -> list[tuple[str, Publish]]:
        """Handle the inputs, each after a pause, and return the published messages, validated."""
        begin = len(self.sent)
        for each in inputs:
            self.at += pause
            waiting = [each]
            while waiting:
                for effect in self.bridge.handle(waiting.pop(), self.now):
                    assert not (isinstance(effect, Log) and effect.text.startswith(FAULT)), effect.text
                    if isinstance(effect, PrinterAction):
                        waiting.append(ActionDone(effect.token))
                    if isinstance(effect, Publish):
                        waiting.append(Delivered(1, effect.token))
                        if effect.topic.startswith(f"{BASE}/"):
                            self.sent.append((check(effect.topic, effect.payload, BASE), effect))
        return self.sent[begin:]

    def replies(self, payload: bytes, command: str = "snapshot", **more: Any) -> list[dict[str, Any]]:
        """Return the replies to a command that the rate limit does not affect."""
        sent = self.feed(MessageArrived(f"{BASE}/command/{command}", payload, **more), pause=10)
        return [json.loads(publish.payload) for name, publish in sent if name == "response"]


NUMBERS = st.none() | st.floats() | st.integers() | st.floats(0, 300) | st.text(max_size=3)
HEATERS = st.sampled_from(["tool0", "tool1", "bed", "chamber", "P", "W"]) | st.text(max_size=8)
READINGS = st.builds(Readings, st.dictionaries(HEATERS, st.tuples(NUMBERS, NUMBERS), max_size=4))
PROFILES = st.none() | st.builds(Profile, st.text(min_size=1, max_size=9), st.text(max_size=9), st.text(max_size=9))
PRINTERS = st.builds(
    PrinterChanged,
    state=st.sampled_from([None, "OPERATIONAL", "PRINTING", "OFFLINE", "CLOSED_WITH_ERROR"]),
    connected=st.booleans(),
    printing=st.booleans(),
    profile=PROFILES,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)
KEYS = st.sampled_from(["id", "heater", "target", "run_id", "settings", "learned", "transaction", "expires_at"])
COMMAND_PAYLOADS = (
    st.binary(max_size=99)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(KEYS, JSON, max_size=4).map(lambda value: json.dumps(value).encode())
    | st.sampled_from([example.text.encode() for example in examples("command_*")])
    | st.integers(1, 20000).map(lambda depth: b"[" * depth + b"]" * depth)
    | st.just(b'{"transaction": 1' + b"0" * 4200 + b', "expires_at": 1' + b"0" * 4200 + b"}")
)
COMMAND_NAMES = st.sampled_from([*COMMANDS, "gcode", "script", ""]) | st.text(max_size=9)
ARRIVALS = st.builds(
    MessageArrived,
    topic=COMMAND_NAMES.map(lambda name: f"{BASE}/command/{name}"),
    payload=COMMAND_PAYLOADS,
    retained=st.booleans(),
    response_topic=st.none() | st.sampled_from(["node-red/replies", f"{BASE}/command/reset", "#", "$SYS/x"]),
    correlation=st.none() | st.binary(max_size=9),
)
TICKS = st.builds(Tick, st.integers(0, 99), st.integers(0, 99))
CONNECTIONS = st.sampled_from([CONNECTED, BrokerLost(1, "the broker ended the connection"), JobBoundary()])
repeatable = settings(derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@repeatable
@given(steps=st.lists(st.tuples(READINGS | PRINTERS | ARRIVALS | TICKS | CONNECTIONS, st.floats(0, 90)), max_size=25))
def test_every_message_keeps_the_contract(steps: list[tuple[Input, float]]):
    recorder = BridgeRecorder()
    for each, pause in steps:
        recorder.feed(each, pause=pause)
    recorder.feed(CONNECTED, Tick())
    assert {"status", "info", "printer"} <= {name for name, _ in recorder.sent}


@repeatable
@given(name=COMMAND_NAMES, payload=COMMAND_PAYLOADS.filter(bool), retained=st.booleans())
def test_every_command_gets_a_reply(name: str, payload: bytes, retained: bool):
    replies = BridgeRecorder().replies(payload, name, retained=retained)
    assert [reply["status"] for reply in replies] in (["rejected"], ["completed"], ["accepted"])
    if retained:
        assert replies[0]["status"] == "rejected"


def heat_up() -> Iterator[Input]:
    yield PrinterChanged("OPERATIONAL", connected=True, printing=False, profile=Profile("_default", "Ender", ""))
    for second in range(120):
        yield Readings({"bed": (min(60.0, 21 + second / 2), 60.0), "tool0": (21.0 + second % 2 / 10, 0.0)})


def test_a_heat_up_is_published_from_start_to_end():
    recorder = BridgeRecorder()
    sent = recorder.feed(*heat_up(), pause=1.0)
    changes = [json.loads(publish.payload) for name, publish in sent if name == "state_change"]
    assert [change["state"] for change in changes if change["heater"] == "bed"] == ["heating", "at_target"]
    newest = {publish.topic: json.loads(publish.payload) for name, publish in sent if name == "eta"}
    assert newest[f"{BASE}/bed/eta"]["state"] == "at_target"


def test_a_snapshot_contains_the_published_heaters():
    recorder = BridgeRecorder()
    recorder.feed(*heat_up(), pause=1.0)
    [reply] = recorder.replies(b"PRESS")
    assert reply["status"] == "completed"
    assert reply["result"]["heaters"].keys() == {"bed", "tool0"}


@pytest.mark.parametrize("transaction", ["a", 7, -1, "é" * 256])
def test_a_transaction_comes_back_as_it_was(transaction: str | int):
    [reply] = BridgeRecorder().replies(json.dumps({"transaction": transaction}).encode())
    assert reply["transaction"] == transaction
