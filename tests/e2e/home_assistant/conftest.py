"""A house with a real Home Assistant for the tests that need one. Run by `make test-home-assistant`.

With HA_URL, HA_TOKEN and HA_MQTT (the broker that it uses, as host:port) it is tried on a Home Assistant that runs
already; what would need to restart that one is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import BASE
from tests.support.house import House, open_house
from tests.support.mqtt_client import Observer

#: What Home Assistant says when a device changes its form, which means nothing, and when its broker goes.
HARMLESS = (
    "No device components to cleanup",
    "Error returned from MQTT server: The connection was lost",
    "Disconnected from MQTT server",
    "Error talking to MQTT: The client is not currently connected",
)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ExitStack() as stack:
        try:
            house = stack.enter_context(open_house(tmp_path_factory.mktemp("scripts")))
        except LookupError as error:
            pytest.skip(str(error))
        yield house


@pytest.fixture(autouse=True)
def no_complaints(house: House) -> Iterator[None]:
    """No test leaves a warning or an error about our topics in Home Assistant's log."""
    yield
    complaints = [line for line in house.ha.complaints() if not any(words in line for words in HARMLESS)]
    house.ha.call("system_log.clear")
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def watcher(house: House) -> Iterator[Observer]:
    """Someone who hears what automations publish; the messages of the plugin are held against the contract."""
    with Observer(house.listener, base=BASE) as observer:
        yield observer


@pytest.fixture
def cold(house: House) -> House:
    """The house, its printer connected and without a target."""
    if not house.octoprint.alive:
        house.octoprint.start()
    house.octoprint.disconnect()
    house.octoprint.connect()
    house.wait("bed_state", "off", "cooled_down")
    return house
