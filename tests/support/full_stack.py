"""A real broker, Home Assistant and OctoPrint with scripts."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import HEATERS, INSTANCE, plugin_settings
from tests.support.broker import Broker
from tests.support.broker_programs import Listener
from tests.support.home_assistant import Entity, HomeAssistant
from tests.support.home_assistant_server import CACHE, LocalHomeAssistant, environment_of_newest
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint
from tests.support.scripts import add_script
from tests.support.waiting import eventually

DEVICE = f"temp_eta_{INSTANCE}"
#: The topic that automations of the tests publish to.
SEEN = "test/seen"
#: The first Home Assistant with device discovery.
DEVICE_FORM = (2024, 12)
SCRIPTS = {
    "warm_up": ("Warm up", "self.script_status = 'warming'\nreturn True, {}"),
    "unlucky": ("Unlucky", "return {'success': False, 'failure_reason': 'the bed is bent'}"),
}


@dataclass
class FullStack:
    """A real broker, Home Assistant and OctoPrint."""

    listener: Listener
    broker: Broker | None
    ha: HomeAssistant
    octoprint: OctoPrint
    scripts: Path
    #: The setting `ha_discovery_mode` that this Home Assistant needs.
    mode: str

    def entities(self) -> dict[str, Entity]:
        return self.ha.entities(DEVICE)

    def id_of(self, key: str) -> str:
        return self.entities()[key].entity_id

    def wait(self, key: str, *states: str, timeout: float = 30.0) -> str:
        return self.ha.wait_for(self.id_of(key), *states, timeout=timeout)

    def await_keys(self, predicate: Callable[[set[str]], bool], what: str) -> None:
        eventually(lambda: predicate(set(self.entities())), what, 40, poll=0.5)

    def retained(self) -> set[str]:
        """Return the topics that the broker retains."""
        with Observer(self.listener) as late:
            late.publish("test/fence", "x")
            late.wait_for("test/fence")
            return {message.topic for message in late.messages if message.retain and message.payload}

    def save(self, **settings: Any) -> None:
        self.octoprint.save_plugin_settings("temp_eta", settings)

    def equip(self, *, tools: int) -> None:
        """Set the number of tools, and connect the printer again."""
        self.octoprint.disconnect()
        profile = {"profile": {"extruder": {"count": tools}}}
        status, reply = self.octoprint.request("PATCH", "/api/printerprofiles/_default", profile)
        assert status == HTTPStatus.OK, reply
        self.octoprint.save_plugin_settings("virtual_printer", {"numExtruders": tools})
        self.octoprint.connect()

    @property
    def local(self) -> LocalHomeAssistant:
        """The Home Assistant, if it was started here and can be restarted."""
        if not isinstance(self.ha, LocalHomeAssistant) or self.broker is None:
            pytest.skip("needs a Home Assistant that the tests start")
        return self.ha


@contextmanager
def open_full_stack(scripts: Path, speed: int = 10) -> Iterator[FullStack]:
    """Yield a full stack whose scripts lie in `scripts`, once its printer has appeared.

    With HA_URL, HA_TOKEN and HA_MQTT (the broker that it uses, as host:port) around a Home Assistant that runs already,
    with HA_ENVIRONMENT around one of an environment's own, whose program is bin/hass.
    Raises LookupError where there is none to be had.
    """
    for script_id, (title, body) in SCRIPTS.items():
        add_script(scripts, script_id, body, title=title)
    with ExitStack() as stack:
        broker: Broker | None = None
        if "HA_URL" in os.environ:
            ha = HomeAssistant(os.environ["HA_URL"], os.environ["HA_TOKEN"])
            host, port = os.environ["HA_MQTT"].split(":")
            listener = Listener(int(port), host)
            ha.call("system_log.clear")
        else:
            broker = stack.enter_context(Broker())
            listener = broker.listener
            named = os.environ.get("HA_ENVIRONMENT")
            with _one_at_a_time():
                environment = Path(named) if named else environment_of_newest()
                ha = stack.enter_context(LocalHomeAssistant(environment))
                ha.use_broker(listener.host, listener.port)
        mode = "device" if ha.version >= DEVICE_FORM else "per_entity"
        octoprint = stack.enter_context(printer(listener, scripts, mode, speed))
        full_stack = FullStack(listener, broker, ha, octoprint, scripts, mode)
        full_stack.await_keys(lambda keys: {"bed_state", "start_warm_up"} <= keys, "the printer to appear")
        yield full_stack
        if broker is None:
            octoprint.post("/api/plugin/temp_eta", {"command": "remove_from_home_assistant"})
            eventually(lambda: not ha.devices(DEVICE), "the printer to be gone", 30)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for other test processes: Home Assistant installs requirements when it starts."""
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with CACHE.with_name(f"{CACHE.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def printer(listener: Listener, scripts: Path, mode: str, speed: int = 10) -> OctoPrint:
    """Return an OctoPrint called Ender with heaters `speed` times as fast as real ones."""
    more = {"script_folder": str(scripts), "allow_target": True, "ha_discovery_mode": mode}
    return OctoPrint(
        plugins={"temp_eta": plugin_settings(listener.port, **more)},
        config={"appearance": {"name": "Ender"}, "serial": {"timeout": {"temperatureAutoreport": 1}}},
        plugin_files=[HEATERS],
        environment={"HEATERS_SPEED": str(speed)},
    )


def automation(trigger: dict[str, Any], text: str) -> dict[str, Any]:
    """Return an automation that publishes `text` to SEEN."""
    act = {"service": "mqtt.publish", "data": {"topic": SEEN, "payload": text, "qos": 1}}
    return {"trigger": [trigger], "action": [act], "mode": "queued"}
