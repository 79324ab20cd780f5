"""A house with a real Home Assistant for the tests that need one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import BASE
from tests.support.broker import Broker
from tests.support.broker_programs import Listener
from tests.support.home_assistant import HomeAssistant
from tests.support.home_assistant_server import NO_PYTHON, LocalHomeAssistant, install, newest
from tests.support.house import DEVICE, SCRIPTS, House, add_script, printer
from tests.support.mqtt_client import Observer
from tests.support.waiting import eventually

#: The first Home Assistant that takes a device as a whole.
DEVICE_FORM = (2024, 12)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("scripts")
    for script_id, (title, body) in SCRIPTS.items():
        add_script(folder, script_id, title, body)
    with ExitStack() as stack:
        broker: Broker | None = None
        if "HA_URL" in os.environ:
            ha = HomeAssistant(os.environ["HA_URL"], os.environ["HA_TOKEN"])
            host, port = os.environ["HA_MQTT"].split(":")
            listener = Listener(int(port), host)
        else:
            found = newest()
            if found is None:
                pytest.skip(NO_PYTHON)
            broker = stack.enter_context(Broker())
            listener = broker.listener
            ha = stack.enter_context(LocalHomeAssistant(install(*found)))
            ha.use_broker(listener.host, listener.port)
        mode = "device" if ha.version >= DEVICE_FORM else "per_entity"
        octoprint = stack.enter_context(printer(listener, folder, mode))
        house = House(listener, broker, ha, octoprint, folder, mode)
        house.await_keys(lambda keys: {"bed_state", "start_warm_up"} <= keys, "the printer to appear")
        yield house
        if broker is None:
            octoprint.post("/api/plugin/temp_eta", {"command": "remove_from_home_assistant"})
            eventually(lambda: not ha.devices(DEVICE), "the printer to be gone", 30)


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
