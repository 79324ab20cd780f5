"""The real servers that tests share: one broker and one OctoPrint per run, started on first use."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.support.broker import Broker
from tests.support.debian import CACHE
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint

INSTANCE = "test-printer"
BASE = f"octoprint/temp_eta/{INSTANCE}"
HEATERS = Path(__file__).parent / "demo" / "realistic_heaters.py"

# `make test` puts missing programs here.
os.environ["PATH"] += f"{os.pathsep}{CACHE / 'bin'}"

# Deadlines would fail on a busy machine. `make test-all` uses the thorough profile.
hypothesis.settings.register_profile("quick", deadline=None, max_examples=40)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=300)
hypothesis.settings.load_profile("quick")


def plugin_settings(port: int, **more: Any) -> dict[str, Any]:
    """Return the plugin's settings for a broker on this machine."""
    return {
        "mqtt_enabled": True,
        "mqtt_broker_host": "127.0.0.1",
        "mqtt_broker_port": port,
        "mqtt_custom_identifier": INSTANCE,
        "mqtt_publish_interval": 0.5,
        **more,
    }


def make_octoprint(
    port: int, *, plugin_files: Sequence[Path] = (), environment: Mapping[str, str] | None = None, **settings: Any
) -> OctoPrint:
    """Return an OctoPrint that publishes to `port`: two hotends and a bed, ten times as fast as real ones."""
    return OctoPrint(
        plugins={
            "temp_eta": plugin_settings(port, **settings),
            "virtual_printer": {"numExtruders": 2},
        },
        config={"serial": {"timeout": {"temperatureAutoreport": 1}}},
        extruders=2,
        plugin_files=[HEATERS, *plugin_files],
        environment={"HEATERS_SPEED": "10", **(environment or {})},
    )


@pytest.fixture(scope="session")
def shared_broker() -> Iterator[Broker]:
    with Broker() as broker:
        yield broker


@pytest.fixture
def broker(shared_broker: Broker) -> Broker:
    """The shared broker, started again if the previous test stopped it."""
    if not shared_broker.running:
        shared_broker.start()
    return shared_broker


@pytest.fixture(scope="session")
def shared_octoprint(shared_broker: Broker) -> Iterator[OctoPrint]:
    with make_octoprint(shared_broker.port) as octoprint:
        yield octoprint


@pytest.fixture
def octoprint(broker: Broker, shared_octoprint: OctoPrint) -> OctoPrint:
    """The shared OctoPrint, connected to the broker and to a cold printer."""
    octoprint = shared_octoprint
    if not octoprint.alive:
        octoprint.start()
    octoprint.save_plugin_settings("temp_eta", {"mqtt_enabled": True, "ha_discovery_enabled": True})
    octoprint.disconnect()
    octoprint.connect()
    with Observer(broker.listener) as observer:
        observer.wait_for(f"{BASE}/status", lambda message: message.text == "online", timeout=40)
        # The plugin hears of it later than OctoPrint's web API reports it.
        observer.wait_for(f"{BASE}/printer", lambda message: message.json["state"] == "OPERATIONAL", timeout=40)
    return octoprint


@pytest.fixture
def observer(broker: Broker) -> Iterator[Observer]:
    """A client of the broker. The test fails if one of our messages violates its schema."""
    with Observer(broker.listener, base=BASE) as observer:
        yield observer
