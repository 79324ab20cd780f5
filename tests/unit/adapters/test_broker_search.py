"""The search for brokers, on the loopback interface: the servers are announced as real ones are."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from octoprint_temp_eta.adapters.broker_search import BrokerSearch
from tests.support.waiting import eventually
from tests.support.zeroconf_services import LOOPBACK, announced, service


@pytest.fixture
def network() -> Iterator[None]:
    """A network with a broker, an encrypted one, and a Home Assistant."""
    broker = service("_mqtt._tcp.local.", "mosquitto", 18883)
    encrypted = service("_secure-mqtt._tcp.local.", "safe", 18884)
    with announced(broker, encrypted, service("_home-assistant._tcp.local.", "Home", 8123)):
        yield


@pytest.mark.usefixtures("network")
def test_brokers_and_home_assistant_are_found() -> None:
    reports: list[Mapping[str, Any]] = []
    search = BrokerSearch(reports.append, [LOOPBACK])
    search.start(60.0)
    eventually(lambda: reports and len(reports[-1]["data"]["found"]) == 3, "all three to be found")
    search.close(10.0)
    assert not [thread.name for thread in threading.enumerate() if "ServiceBrowser" in thread.name]
    assert [report["type"] for report in reports] == ["brokers_update"] * len(reports)
    last = reports[-1]["data"]
    assert last["searching"] is False
    assert last["found"] == [
        {"name": "mosquitto", "kind": "broker", "tls": False, "host": LOOPBACK, "port": 18883},
        {"name": "safe", "kind": "broker", "tls": True, "host": LOOPBACK, "port": 18884},
        {"name": "Home", "kind": "home_assistant", "tls": False, "host": LOOPBACK, "port": 1883},
    ]


def test_one_search_at_a_time() -> None:
    reports: list[Mapping[str, Any]] = []
    search = BrokerSearch(reports.append, [LOOPBACK])
    search.start(60.0)
    search.start(60.0)
    eventually(lambda: reports, "the search to start")
    search.close(10.0)
    assert [report["data"]["searching"] for report in reports] == [True, False]


def test_without_zeroconf_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    reports: list[Mapping[str, Any]] = []
    search = BrokerSearch(reports.append, [LOOPBACK])
    search.start()
    search.close(10.0)
    assert [report["data"] for report in reports] == [{"searching": False, "found": []}]
