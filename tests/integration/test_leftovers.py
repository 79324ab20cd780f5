"""The search for what other plugins have left, with a real broker."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any

from octoprint_temp_eta.adapters.leftovers import Leftovers
from octoprint_temp_eta.messages.leftovers import Former
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import spec
from tests.support.waiting import eventually, free_port

FORMER = Former(nodes=("388E8F",), prefixes=("homeassistant",), bases=("old", "old/My Printer"))
OURS = "homeassistant/device/temp_eta_x/config"
LEFT = {
    "homeassistant/sensor/388E8F_BED/config": {"name": "Bed", "device": {"ids": ["388E8F"]}},
    "homeassistant/switch/388E8F_STOP/config": {"name": "Stop", "device": {"ids": ["388E8F"]}},
    "old/My Printer/bed/state_change": {
        "heater": "bed",
        "state": "at_target",
        "previous_state": "heating",
        "timestamp": 1.0,
        "actual": 60.0,
        "target": 60.0,
    },
}
OTHERS = {
    OURS: {"device": {"ids": ["388E8F"]}},
    "homeassistant/sensor/AAAAAA_BED/config": {"name": "Bed", "device": {"ids": ["AAAAAA"]}},
    "old/bed/eta": {"heater": "bed"},
}


def search(port: int, *, remove: bool, **changed: Any) -> Mapping[str, Any]:
    """Return the last report of a search."""
    reports: list[Mapping[str, Any]] = []
    searching = Leftovers(reports.append)
    assert searching.start(spec(port, **changed), FORMER, remove=remove)
    eventually(lambda: reports and not reports[-1]["data"]["searching"], "the end of the search", 30)
    searching.close(10.0)
    assert [report["type"] for report in reports] == ["leftovers_update"] * 2
    assert reports[0]["data"] == {"searching": True, "found": [], "removed": 0, "problem": None}
    return dict(reports[-1]["data"])


def test_leftovers_are_found_then_removed_and_nothing_else(broker: Broker) -> None:
    with Observer(broker.listener) as observer:
        for topic, message in (LEFT | OTHERS).items():
            observer.publish(topic, json.dumps(message), retain=True)
        for topic in LEFT | OTHERS:
            observer.wait_for(topic)
        found = search(broker.port, remove=False)
        assert [each["topic"] for each in found["found"]] == sorted(LEFT)
        assert {each["plugin"] for each in found["found"]} == {"OctoPrint-HomeAssistant", "TempETA"}
        assert (found["removed"], found["problem"]) == (0, None)
        assert search(broker.port, remove=True)["removed"] == len(LEFT)
        assert search(broker.port, remove=False)["found"] == []
    with Observer(broker.listener) as late:
        late.publish("test/fence", "x")
        late.wait_for("test/fence")
        retained = set(late.retained())
        assert not retained & LEFT.keys()
        assert OTHERS.keys() <= retained
        for topic in OTHERS:
            late.publish(topic, "", retain=True)


def test_leftovers_are_found_among_thousands_of_retained_messages() -> None:
    others = [f"homeassistant/sensor/0x{number}/config" for number in range(5000)]
    with Broker() as broker, Observer(broker.listener, filters=("test/#",)) as observer:
        for topic in [*others, *LEFT]:
            observer.publish(topic, json.dumps(LEFT.get(topic, {"name": "x"})), retain=True)
        observer.publish("test/fence", "x")
        observer.wait_for("test/fence")
        found = search(broker.port, remove=False)["found"]
    assert [each["topic"] for each in found] == sorted(LEFT)


def test_without_a_broker_there_is_a_reason() -> None:
    shown = search(free_port(), remove=True)
    assert shown["found"] == []
    assert "127.0.0.1" in shown["problem"] or "localhost" in shown["problem"]


def test_one_search_at_a_time() -> None:
    reports: list[Mapping[str, Any]] = []
    searching = Leftovers(reports.append)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nowhere = spec(silent.getsockname()[1])
        assert searching.start(nowhere, FORMER, remove=False)
        assert not searching.start(nowhere, FORMER, remove=False)
    searching.close()
