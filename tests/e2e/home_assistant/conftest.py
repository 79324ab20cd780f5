"""Broker, OctoPrint and a real Home Assistant. Run by `make test-home-assistant`.

HA_URL, HA_TOKEN and HA_MQTT (its broker, as host:port) name a running Home Assistant to use instead. Tests that restart
Home Assistant are skipped then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import BASE
from tests.support.full_stack import FullStack, open_full_stack
from tests.support.mqtt_client import Observer

#: What Home Assistant logs when a device changes its form, which is harmless, and when its broker stops.
HARMLESS = (
    "No device components to cleanup",
    "Error returned from MQTT server: The connection was lost",
    "Disconnected from MQTT server",
    "paho.mqtt.client: failed to receive on socket",
    "Error talking to MQTT: The client is not currently connected",
)


@pytest.fixture(scope="session")
def full_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullStack]:
    with ExitStack() as stack:
        try:
            full_stack = stack.enter_context(open_full_stack(tmp_path_factory.mktemp("scripts")))
        except LookupError as error:
            pytest.skip(str(error))
        yield full_stack


@pytest.fixture(autouse=True)
def no_warnings(full_stack: FullStack) -> Iterator[None]:
    """Fail a test that leaves a warning or an error about our topics in Home Assistant's log."""
    yield
    warnings = [line for line in full_stack.ha.warnings() if not any(words in line for words in HARMLESS)]
    full_stack.ha.call("system_log.clear")
    assert not warnings, "\n".join(warnings)


@pytest.fixture
def watcher(full_stack: FullStack) -> Iterator[Observer]:
    """An observer of what automations publish. It checks the plugin's messages against the contract."""
    with Observer(full_stack.listener, base=BASE) as observer:
        yield observer


@pytest.fixture
def cold(full_stack: FullStack) -> FullStack:
    """The full stack with a connected printer whose heaters have no target."""
    if not full_stack.octoprint.alive:
        full_stack.octoprint.start()
    full_stack.octoprint.disconnect()
    full_stack.octoprint.connect()
    full_stack.wait("bed_state", "Off", "Cooled down")
    return full_stack
