"""A house with a real Home Assistant for the tests that need one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import BASE
from tests.support.house import House, open_house
from tests.support.mqtt_client import Observer


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ExitStack() as stack:
        try:
            house = stack.enter_context(open_house(tmp_path_factory.mktemp("scripts")))
        except LookupError as error:
            pytest.skip(str(error))
        yield house


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
