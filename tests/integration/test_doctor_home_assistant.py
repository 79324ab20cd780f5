"""The connection test's steps about Home Assistant, and about others that publish for this printer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from octoprint_temp_eta.adapters.connection_test.doctor import Step
from tests.support.broker import Broker
from tests.support.connection_steps import shorten_timeouts, steps
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import OLD_LIBRARY

DISCOVERY: Mapping[str, Any] = {
    "discovery_prefix": "ha",
    "device_id": "temp_eta_printer",
    "device_name": "Ender 3",
}


@pytest.fixture(autouse=True)
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_timeouts(monkeypatch)


def home_assistant(broker: Broker, **more: Any) -> Step:
    return steps(broker.port, status_topic="ha/status", more={**DISCOVERY, **more})["Home Assistant"]


def test_home_assistant_that_was_born(broker: Broker):
    with Observer(broker.listener, filters=("ha/+/+/config", "ha/+/+/+/config")):
        step = home_assistant(broker, home_assistant_online=True)
    assert step == Step(step.broker, "Home Assistant", "ok", step.message)
    assert "its birth message was received on ha/status" in step.message


def test_a_retained_birth_message_is_seen(broker: Broker):
    with Observer(broker.listener, filters=("ha/+/+/+/config",)) as other:
        other.publish("ha/status", b"online", retain=True)
        try:
            step = home_assistant(broker)
        finally:
            other.publish("ha/status", b"", retain=True)
    assert "its birth message was received on ha/status" in step.message


@pytest.mark.skipif(OLD_LIBRARY, reason="paho-mqtt 1.6 does not report that nobody is subscribed")
def test_nobody_listens_to_discovery_messages(broker: Broker):
    step = home_assistant(broker, home_assistant_online=True)
    assert step.status == "failed"
    assert "No client is subscribed to discovery messages below 'ha'" in step.message
    assert "turn off Enable Home Assistant discovery" in step.message


@pytest.mark.skipif(OLD_LIBRARY, reason="paho-mqtt 1.6 does not report that nobody is subscribed")
def test_somebody_listens_to_discovery_messages(broker: Broker):
    with Observer(broker.listener, filters=("ha/+/+/+/config",)):
        step = home_assistant(broker)
    assert (step.status, step.message.split(".")[0]) == (
        "ok",
        "A client is subscribed to discovery messages below 'ha'",
    )


def test_with_a_client_that_reads_everything_it_is_not_known_who_listens(broker: Broker):
    with Observer(broker.listener):
        assert home_assistant(broker).status == "skipped"


@pytest.mark.parametrize(
    ("topic", "config", "status"),
    [
        ("ha/device/temp_eta_printer/config", {"device": {"name": "Ender 3"}}, "ok"),
        ("ha/sensor/x/y/config", {"dev": {"name": "Ender 3", "ids": ["temp_eta_printer"]}}, "ok"),
        ("ha/sensor/other/config", {"device": {"name": "Lamp"}}, "ok"),
        ("ha/sensor/other/config", ["device"], "ok"),
        ("ha/sensor/other/config", {"device": {"name": "ENDER 3", "model": "Discovery for OctoPrint"}}, "failed"),
        ("ha/sensor/other/x/config", {"dev": {"name": "Ender 3"}, "o": {"name": "elsewhere"}}, "failed"),
    ],
)
def test_another_device_with_the_printers_name(broker: Broker, topic: str, config: Any, status: str):
    with Observer(broker.listener, filters=("my/#",)) as other:
        other.publish(topic, json.dumps(config), retain=True)
        try:
            step = steps(broker.port, more=DISCOVERY)["Other publishers"]
        finally:
            other.publish(topic, b"", retain=True)
    assert step.status == status
    assert ("'Discovery for OctoPrint'" in step.message or "'elsewhere'" in step.message) is (status == "failed")


@pytest.mark.parametrize("topic", ["device/temp_eta_mk4/config", "sensor/temp_eta_mk4/bed_state/config"])
def test_another_printer_with_the_same_name(broker: Broker, topic: str):
    """Two machines have the same host name, and no name is set in OctoPrint."""
    with Observer(broker.listener, filters=("my/#",)) as other:
        other.publish(f"ha/{topic}", json.dumps({"device": {"name": "Ender 3"}}), retain=True)
        try:
            step = steps(broker.port, more=DISCOVERY)["Other publishers"]
        finally:
            other.publish(f"ha/{topic}", b"", retain=True)
    assert step.status == "failed"
    assert step.message.startswith("Another printer has the same name in Home Assistant, 'Ender 3': mk4. Give each")


def test_plugins_that_publish_for_the_printer_too(broker: Broker):
    step = steps(broker.port, more={"other_plugins": ("mqtt", "homeassistant")})["Other publishers"]
    assert step.status == "failed"
    assert "the plugin HomeAssistant Discovery" in step.message
    step = steps(broker.port, more={"other_plugins": ("mqtt",)})["Other publishers"]
    assert step.status == "ok"
    assert "The plugin MQTT publishes on topics of its own." in step.message
