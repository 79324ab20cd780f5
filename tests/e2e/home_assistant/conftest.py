"""A full stack with a real Home Assistant for the tests that need one. Run by `make test-home-assistant`.

With HA_URL, HA_TOKEN and HA_MQTT (the broker that it uses, as host:port) it is tried on a Home Assistant that runs
already; what would need to restart that one is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import BASE
from tests.support.full_stack import FullStack, open_full_stack
from tests.support.mqtt_client import Observer

#: What Home Assistant says when a device changes its form, which means nothing, and when its broker goes.
HARMLESS = (
    "No device components to cleanup",
    "Error returned from MQTT server: The connection was lost",
    "Disconnected from MQTT server",
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
def no_complaints(full_stack: FullStack) -> Iterator[None]:
    """No test leaves a warning or an error about our topics in Home Assistant's log."""
    yield
    complaints = [line for line in full_stack.ha.complaints() if not any(words in line for words in HARMLESS)]
    full_stack.ha.call("system_log.clear")
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def watcher(full_stack: FullStack) -> Iterator[Observer]:
    """Someone who hears what automations publish; the messages of the plugin are held against the contract."""
    with Observer(full_stack.listener, base=BASE) as observer:
        yield observer


@pytest.fixture
def cold(full_stack: FullStack) -> FullStack:
    """The full stack, its printer connected and without a target."""
    if not full_stack.octoprint.alive:
        full_stack.octoprint.start()
    full_stack.octoprint.disconnect()
    full_stack.octoprint.connect()
    full_stack.wait("bed_state", "off", "cooled_down")
    return full_stack
