"""Bridge, worker and connection together: what a broker holds after all that can befall it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from octoprint_temp_eta.adapters.broker import connection as adapter
from octoprint_temp_eta.bridge.outbox import in_flight
from octoprint_temp_eta.bridge.protocol.script_inputs import ScriptsFound
from octoprint_temp_eta.settings.table import defaults
from tests.support.bridge_driver import IDENTITY
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer, Received
from tests.support.mqtt_link import impatient
from tests.support.running_bridge import BASE, INSTANCE, RunningBridge
from tests.support.waiting import eventually

__all__ = ["impatient"]

HEATERS = ("tool0", "tool1", "bed")
STATUS, INFO, PRINTER, BED = (f"{BASE}/{level}" for level in ("status", "info", "printer", "bed/eta"))


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """A broker that a test may do anything to."""
    with Broker() as broker:
        yield broker


def reading(bridge: RunningBridge, actual: float) -> None:
    bridge.read(**dict.fromkeys(HEATERS, (actual, 200.0)))


def actual_is(actual: float) -> object:
    return lambda message: bool(message.payload) and message.json["actual"] == actual


def held(broker: Broker, *topics: str) -> dict[str, Received]:
    """Return what a client gets that comes now."""
    with Observer(broker.listener, base=BASE) as late:
        return {topic: late.wait_for(topic) for topic in topics}


def online(observer: Observer, since: int = 0) -> None:
    observer.wait_for(STATUS, lambda message: message.text == "online", timeout=20, since=since)


def test_a_late_subscriber_receives_every_retained_message(own_broker: Broker):
    with RunningBridge(own_broker.port) as bridge, Observer(own_broker.listener, base=BASE) as observer:
        online(observer)
        reading(bridge, 30.0)
        observer.wait_for(BED, actual_is(30.0))
        found = held(own_broker, STATUS, INFO, PRINTER, *(f"{BASE}/{heater}/eta" for heater in HEATERS))
        assert all(message.retain for message in found.values())
    assert held(own_broker, STATUS)[STATUS].text == "offline"


def test_a_broker_without_persistence_gets_every_state_again_with_its_newest_value(own_broker: Broker):
    with RunningBridge(own_broker.port) as bridge:
        with Observer(own_broker.listener, base=BASE) as observer:
            online(observer)
            reading(bridge, 30.0)
            observer.wait_for(BED, actual_is(30.0))
        own_broker.stop()
        eventually(lambda: not bridge.connected, "the loss to be noticed")
        for actual in (31.0, 32.0, 33.0):
            reading(bridge, actual)
        own_broker.start()
        with Observer(own_broker.listener, base=BASE) as observer:
            online(observer)
            found = {topic: observer.wait_for(topic) for topic in (INFO, PRINTER, BED)}
            assert found[BED].json["actual"] == 33.0
            assert [message.json["actual"] for message in observer.on(BED)] == [33.0], "no outdated state is published"
            assert all(observer.wait_for(f"{BASE}/{heater}/eta").json["actual"] == 33.0 for heater in HEATERS)


def test_a_frozen_broker_is_disconnected_and_later_receives_the_newest_states(
    own_broker: Broker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(in_flight, "ACK_TIMEOUT_S", 0.5)
    monkeypatch.setattr(adapter, "SUCCESSION_S", 0.5)
    with RunningBridge(own_broker.port) as bridge, Observer(own_broker.listener, base=BASE) as observer:
        online(observer)
        own_broker.freeze()
        try:
            reading(bridge, 30.0)
            eventually(lambda: not bridge.connected, "the standstill to be noticed")
            reading(bridge, 40.0)
        finally:
            own_broker.resume()
        eventually(lambda: bridge.connected, "the new connection")
        observer.wait_for(BED, actual_is(40.0), timeout=20)
    assert held(own_broker, STATUS)[STATUS].text == "offline"


def test_a_bridged_broker_that_was_away_does_not_set_back_what_has_changed_meanwhile(
    own_broker: Broker, tmp_path: Path
):
    config, topics = (
        f"homeassistant/device/temp_eta_{INSTANCE}/config",
        ("octoprint/# both 1", "homeassistant/# both 1"),
    )
    link = ("connection link", f"address 127.0.0.1:{own_broker.port}", *(f"topic {topic}" for topic in topics))
    other = Broker(options=("persistence true", f"persistence_location {tmp_path}/", *link))
    with RunningBridge(own_broker.port) as bridge, Observer(own_broker.listener, base=BASE) as observer:
        old = observer.wait_for(config)
        with other, Observer(other.listener, base=BASE) as there:
            there.wait_for(config)
        reading(bridge, 30.0)
        new = observer.wait_for(config, lambda message: b"tool1" in message.payload)
        since = observer.mark()
        with other:
            observer.wait_for(config, lambda message: message.payload == old.payload, since=since)
            eventually(lambda: held(own_broker, config)[config].payload == new.payload, "the newest announcement", 20)


def test_with_another_base_topic_everything_moves(own_broker: Broker):
    with RunningBridge(own_broker.port) as bridge, Observer(own_broker.listener) as observer:
        online(observer)
        reading(bridge, 30.0)
        observer.wait_for(BED, actual_is(30.0))
        bridge.change_settings(mqtt_custom_identifier="moved")
        moved = BASE.replace("running-bridge", "moved")
        observer.wait_for(f"{moved}/status", lambda message: message.text == "online", timeout=20)
        observer.wait_for(f"{moved}/bed/eta")
    with Observer(own_broker.listener) as late:
        late.publish("test/end", "")
        late.wait_for("test/end")
        assert {message.topic.split("/")[2] for message in late.messages if message.topic.startswith("octoprint")} == {
            "moved"
        }


#: Each printer may read its own topics only, as the guide advises; here its user is its client id.
OWN_TOPICS = "topic readwrite homeassistant/#\ntopic readwrite test/#\npattern readwrite octoprint/temp_eta/%c/#\n"


@pytest.mark.parametrize("acl", ["", OWN_TOPICS], ids=["everything", "own topics"])
def test_a_copy_with_an_id_of_its_own_leaves_the_running_original_alone(acl: str):
    files: dict[str, Any] = {}
    theirs = f"homeassistant/device/temp_eta_{INSTANCE}/config"
    with (
        Broker(acl=acl) as broker,
        Observer(broker.listener) as observer,
        RunningBridge(
            broker.port, mqtt_client_id=INSTANCE, save=lambda save: files.update({save.name: save.value})
        ) as original,
    ):
        original.post(ScriptsFound(defaults()["script_folder"], ()))
        reading(original, 30.0)
        observer.wait_for(theirs)
        eventually(lambda: files.get("announced", {}).get("places"), "the record")
        copied = {name: json.loads(json.dumps(value)) for name, value in files.items()}
        identity = replace(IDENTITY, machine="c" * 16, boot_id="c" * 16, host="copy")
        mark = observer.mark()
        with RunningBridge(
            broker.port, identity=identity, remembered=copied, mqtt_custom_identifier="copy", mqtt_client_id="copy"
        ) as copy:
            copy.post(ScriptsFound(defaults()["script_folder"], ()))
            reading(copy, 30.0)
            observer.wait_for("homeassistant/device/temp_eta_copy/config", timeout=30)
            observer.publish("test/end", "")
            observer.wait_for("test/end")
        emptied = [message.topic for message in observer.messages[mark:] if not message.payload]
        assert [topic for topic in emptied if INSTANCE in topic] == []


def test_of_two_printers_with_one_id_and_two_base_topics_the_other_one_gets_its_device_back():
    theirs = f"homeassistant/device/temp_eta_{INSTANCE}/config"
    identity = replace(IDENTITY, machine="c" * 16, boot_id="c" * 16, host="second")
    files: dict[str, Any] = {}
    renamed: dict[str, Any] = {"identity": identity, "mqtt_base_topic": "farm/p2", "mqtt_client_id": "second"}
    with (
        Broker() as broker,
        Observer(broker.listener) as observer,
        RunningBridge(broker.port, mqtt_client_id="first") as first,
    ):
        first.post(ScriptsFound(defaults()["script_folder"], ()))
        reading(first, 30.0)
        observer.wait_for(theirs)
        with RunningBridge(broker.port, save=lambda save: files.update({save.name: save.value}), **renamed) as second:
            second.post(ScriptsFound(defaults()["script_folder"], ()))
            reading(second, 30.0)
            observer.wait_for(theirs, lambda message: f'"farm/p2/{INSTANCE}/'.encode() in message.payload)
            eventually(lambda: files.get("announced", {}).get("places"), "the record")
            mark = observer.mark()
        with RunningBridge(broker.port, remembered=files, mqtt_custom_identifier="renamed", **renamed) as second:
            second.post(ScriptsFound(defaults()["script_folder"], ()))
            reading(second, 30.0)
            observer.wait_for("homeassistant/device/temp_eta_renamed/config", timeout=30)
            observer.wait_for(theirs, lambda message: f'"{BASE}/'.encode() in message.payload, since=mark, timeout=60)


def test_a_command_gets_a_reply(own_broker: Broker):
    with RunningBridge(own_broker.port) as bridge, Observer(own_broker.listener, base=BASE) as observer:
        online(observer)
        reading(bridge, 30.0)
        observer.publish(f"{BASE}/command/snapshot", '{"transaction": "t1"}')
        reply = observer.wait_for(f"{BASE}/response").json
        assert (reply["status"], reply["transaction"]) == ("completed", "t1")
        assert reply["result"]["heaters"].keys() == set(HEATERS)
        observer.publish(f"{BASE}/command/reset", "PRESS", retain=True)
        refusal = observer.wait_for(f"{BASE}/response", lambda message: message.json["command"] == "reset").json
        assert refusal["error"]["code"] == "retained_command"
