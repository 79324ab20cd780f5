"""Many printers on one broker: the access rules of the guide, and a small farm that heats while the broker restarts."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.benchmarks.farm import measure
from tests.support.broker import Broker
from tests.support.contract import PROJECT
from tests.support.mqtt_client import Observer
from tests.support.running_bridge import RunningBridge

ONE, TWO = "hall-1-prusa-07", "hall-1-prusa-08"
ROOT = "octoprint/temp_eta"


def access_rules() -> str:
    guide = (PROJECT / "docs" / "guides" / "farm.md").read_text(encoding="utf-8")
    found = re.search(r"```text\n(# acl_file.*?)```", guide, re.DOTALL)
    assert found is not None
    return found[1]


def printer(broker: Broker, name: str) -> RunningBridge:
    return RunningBridge(broker.port, mqtt_custom_identifier=name, mqtt_username=name, mqtt_password="x")


def test_with_the_access_rules_of_the_guide_each_printer_works_and_none_reaches_another() -> None:
    # Without a password file, mosquitto believes the user name.
    with Broker(acl=access_rules()) as broker, printer(broker, ONE) as one, printer(broker, TWO) as two:
        home = replace(broker.listener, username="homeassistant", password="x")
        dashboard = replace(broker.listener, username="dashboard", password="x")
        other = replace(broker.listener, username=TWO, password="x")
        with Observer(home) as everything, Observer(dashboard) as watcher, Observer(other) as intruder:
            for name in (ONE, TWO):
                watcher.wait_for(f"{ROOT}/{name}/status", lambda message: message.text == "online", timeout=30)
                everything.wait_for(f"homeassistant/device/temp_eta_{name}/config", timeout=30)
            intruder.publish(f"{ROOT}/{ONE}/command/snapshot", "PRESS")
            intruder.publish(f"{ROOT}/{ONE}/status", "offline", retain=True)
            intruder.publish(f"homeassistant/device/temp_eta_{ONE}/config", "", retain=True)
            watcher.publish(f"{ROOT}/{ONE}/command/snapshot", '{"transaction": "from-the-dashboard"}')
            reply = watcher.wait_for(f"{ROOT}/{ONE}/response")
            assert reply.json["transaction"] == "from-the-dashboard"
            assert [message.text for message in watcher.on(f"{ROOT}/{ONE}/status")] == ["online"]
            assert all(message.payload for message in everything.on(f"homeassistant/device/temp_eta_{ONE}/config"))
            assert not [message for message in intruder.messages if f"/{ONE}/" in message.topic]
        for bridge in (one, two):
            assert bridge.worker.snapshot["mqtt"]["last_error"] is None


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_ten_printers_lose_nothing_and_are_back_after_a_restart_of_the_broker() -> None:
    found = measure(10, 40.0)
    assert (found.lost, found.missed) == (0, 0)
    assert found.back < 10
    assert found.attempts == 10
